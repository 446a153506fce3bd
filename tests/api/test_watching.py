"""A house that is well passes its audit; one whose ledger was touched does not, and its campaign is paused."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from api.auth.models import AuditEntry
from api.house import House
from api.watching import Watch, audit_house, reconcile_house
from api.worker import Found, tend_campaigns
from campaigns.invariants import Finding
from campaigns.models import Campaign, CampaignVersion, Play, State
from campaigns.plays import Asked
from tests.api.test_operators import write
from tests.support.campaigns import Shape, WallClock, publish
from tests.support.people import a_mall, an_operator

PLAYS = 6


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def campaign(house: House) -> str:
    """A campaign with a few plays, all of them in the ledger and below the watermark."""
    campaign = await publish(house.database, house.campaigns, Shape(member_plays_max=PLAYS))
    for number in range(PLAYS):
        asked = Asked(campaign=campaign, member=house.ids.new(), key=f"key-{number:04}", entry="{}")
        await house.campaigns.plays.play(asked)
    await house.campaigns.mending.tend(campaign)
    return campaign


async def state_of(house: House, campaign: str) -> str:
    async with house.database.reading() as session:
        return (await session.get_one(Campaign, campaign)).state


async def tamper(house: House) -> None:
    """Move one play out of its campaign's hours."""
    async with house.database.transaction() as session:
        await session.execute(update(Play).where(Play.seq == 3).values(played_at_ms=0))


def broken(findings: list[Finding]) -> set[str]:
    return {finding.id for finding in findings if not finding.holds}


async def test_a_house_that_is_well_passes(house: House, campaign: str) -> None:
    await write(house, await an_operator(house, await a_mall(house)), 2)
    found = {finding.id: finding for finding in await audit_house(house, is_at_rest=True)}
    assert broken(list(found.values())) == set()
    assert found["I7"].checked == PLAYS
    assert found["I18"].checked == 2


async def test_a_touched_ledger_is_found(house: House, campaign: str) -> None:
    await tamper(house)
    assert "I16" in broken(await audit_house(house))


async def test_a_touched_audit_is_found(house: House) -> None:
    await write(house, await an_operator(house, await a_mall(house)), 2)
    async with house.database.transaction() as session:
        await session.execute(update(AuditEntry).where(AuditEntry.seq == 1).values(reason="nothing to see"))
    assert broken(await audit_house(house)) == {"I18"}


async def test_a_campaign_that_breaks_a_rule_is_paused(house: House, campaign: str) -> None:
    await tamper(house)
    await Watch(house).round()
    assert await state_of(house, campaign) == State.PAUSED
    async with house.database.reading() as session:
        newest = select(CampaignVersion).order_by(CampaignVersion.version.desc()).limit(1)
        version = (await session.scalars(newest)).one()
    assert (version.change, version.author) == ("pause", "windfall")
    assert "I16: " in version.reason  # and I9, for the counters remember the true hour


async def test_a_campaign_that_is_well_goes_on(house: House, campaign: str) -> None:
    watch = Watch(house)
    await watch.round()
    await watch.round()
    assert await state_of(house, campaign) == State.PUBLISHED


async def test_reconciling_begins_an_epoch_and_changes_nothing_else(house: House, campaign: str) -> None:
    [settled] = await reconcile_house(house)
    assert (settled.campaign, settled.epoch, settled.is_settled) == (campaign, 2, True)
    assert broken(await audit_house(house, is_at_rest=True)) == set()


async def test_the_worker_tends_what_may_have_plays_in_flight(house: House, campaign: str) -> None:
    assert await tend_campaigns(house) is Found.NOTHING
    await house.connection.calm.flushdb()
    assert await tend_campaigns(house) is Found.SOME
    async with house.database.reading() as session:
        row = await session.get_one(Campaign, campaign)
    assert (row.epoch, row.settled_epoch) == (2, 2)
