"""Chances: free ones and granted ones, the soonest to expire first, each used once, all known after any loss."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from campaigns.models import Play
from campaigns.refusals import NoChanceLeft
from campaigns.room import CampaignsRoom
from campaigns.standing import standing_of
from core.db import Database
from earning.grants import AMOUNT_MAX, GrantDiffers, Source, give
from earning.models import ChanceUse
from inventory.claims import read
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_invariants import findings, tamper
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import WallClock

__all__ = ["rooms"]

PAID: dict[str, Any] = {"more": {"chances": {"free": {"count": 1, "period": "day"}}}}
GRANTED_ONLY: dict[str, Any] = {"more": {"chances": {}}}


async def grant(
    database: Database,
    campaign: str,
    member: str,
    amount: int = 1,
    *,
    expires_at: datetime | None = None,
    reference: str = "",
) -> int:
    """Give chances as the API does, and nothing more: the counters hear of them when they must."""
    async with database.transaction() as session:
        row = await give(
            session,
            campaign=campaign,
            member=member,
            amount=amount,
            expires_at=expires_at,
            source=Source.API,
            reference=reference or str(uuid4()),
            now=WallClock().now(),
        )
        return row.number


async def left(database: Database, room: CampaignsRoom, campaign: str, member: str) -> tuple[str, int | None]:
    running = await room.versions.running(campaign)
    async with database.reading() as session:
        standing = await standing_of(session, running, member=member, attributes={}, now=WallClock().now())
    return standing.state, standing.chances_left


async def paid_by(database: Database, campaign: str, member: str) -> list[str]:
    """What each play of a member took its chance from, as tally:number."""
    query = select(Play.numbers).where(Play.campaign_id == campaign, Play.member_id == member).order_by(Play.ordinal)
    async with database.reading() as session:
        told = [read(numbers) for numbers in await session.scalars(query)]
    return [
        f"{taken.tally}:{taken.number}"
        for numbers in told
        for taken in numbers
        if taken.tally.startswith(("free", "grant"))
    ]


async def test_a_free_chance_a_day_and_then_what_was_given(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**PAID), str(uuid4())
    assert await left(database, room, campaign, member) == ("ready", 1)
    assert (await play(room, asked(campaign, member=member)))["chances_left"] == 0
    with pytest.raises(NoChanceLeft) as refused:
        await play(room, asked(campaign, member=member))
    assert refused.value.facts["next_chance_at"] > WallClock().now()
    assert await left(database, room, campaign, member) == ("no-chance-left", 0)
    assert await grant(database, campaign, member, 2) == 1
    assert await left(database, room, campaign, member) == ("ready", 2)
    assert [(await play(room, asked(campaign, member=member)))["chances_left"] for _ in range(2)] == [1, 0]
    with pytest.raises(NoChanceLeft):
        await play(room, asked(campaign, member=member))
    assert await paid_by(database, campaign, member) == ["free:1", "grant:1:1", "grant:1:2"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_the_soonest_to_expire_is_spent_first(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**PAID), str(uuid4())
    now = WallClock().now()
    for expires_at in (None, now + timedelta(days=9), now + timedelta(minutes=1), now - timedelta(seconds=1)):
        await grant(database, campaign, member, expires_at=expires_at)
    await play(room, asked(campaign, member=member))
    for _ in range(3):
        await play(room, asked(campaign, member=member))
    paid = await paid_by(database, campaign, member)
    assert sorted(paid) == ["free:1", "grant:1:1", "grant:2:1", "grant:3:1"]
    assert paid.index("grant:3:1") < paid.index("grant:2:1") < paid.index("grant:1:1")
    with pytest.raises(NoChanceLeft):
        await play(room, asked(campaign, member=member))
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_reference_gives_once(database: Database, publish_wheel: Publish) -> None:
    campaign, member = await publish_wheel(**GRANTED_ONLY), str(uuid4())
    assert [await grant(database, campaign, member, 3, reference="order-1") for _ in range(2)] == [1, 1]
    assert await grant(database, campaign, member, 3, reference="order-2") == 2
    with pytest.raises(GrantDiffers):
        await grant(database, campaign, member, 4, reference="order-1")
    with pytest.raises(GrantDiffers):
        await grant(database, campaign, str(uuid4()), 3, reference="order-1")


async def test_without_a_grant_nobody_plays_where_none_is_free(room: CampaignsRoom, publish_wheel: Publish) -> None:
    campaign = await publish_wheel(**GRANTED_ONLY)
    with pytest.raises(NoChanceLeft) as refused:
        await play(room, asked(campaign))
    assert refused.value.facts["next_chance_at"] is None


async def test_250_at_once_use_each_granted_chance_once(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**GRANTED_ONLY), str(uuid4())
    await grant(database, campaign, member, 7)
    await grant(database, campaign, member, 5)
    told = await race(rooms, [ask(campaign, member=member) for _ in range(60)])
    assert sum(isinstance(each, bytes) for each in told) == 12
    assert sum(isinstance(each, NoChanceLeft) for each in told) == 48
    assert len(set(await paid_by(database, campaign, member))) == 12
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_what_is_left_is_known_after_all_counters_are_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**GRANTED_ONLY), str(uuid4())
    await grant(database, campaign, member, AMOUNT_MAX)
    for _ in range(3):
        await play(room, asked(campaign, member=member))
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays, keys.member(member))
    await grant(database, campaign, member, 1, expires_at=WallClock().now() + timedelta(hours=1))
    assert (await play(room, asked(campaign, member=member)))["chances_left"] == AMOUNT_MAX - 3
    assert await paid_by(database, campaign, member) == ["grant:1:1", "grant:1:2", "grant:1:3", "grant:2:1"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_chance_that_a_play_says_it_used_and_did_not_is_noticed(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**GRANTED_ONLY), str(uuid4())
    await grant(database, campaign, member, 2)
    await play(room, asked(campaign, member=member))
    await tamper(database, ["DELETE FROM chance_use"])
    assert not (await findings(database, connection, room))["I4"].holds
    async with database.reading() as session:
        assert not (await session.scalars(select(ChanceUse))).all()
