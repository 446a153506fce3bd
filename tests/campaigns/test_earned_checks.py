"""Codes and events that were changed behind our back are noticed, whatever was changed of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from campaigns.room import CampaignsRoom
from core.db import Database
from core.ids import TimeOrderedIds
from earning.event_checks import events_hold
from earning.redeeming import Redeeming
from inventory.connection import Connection
from tests.campaigns.conftest import Publish
from tests.campaigns.test_invariants import findings, tamper
from tests.campaigns.test_redeeming import HASHES, SPRING, Counter
from tests.earning.test_events import ANN, BEN, NOON, a_rule, change, granted, report

REDEMPTIONS, EVENTS = 5, 4


@pytest.fixture
async def counter(database: Database, publish_wheel: Publish) -> Counter:
    """Two batches, of which Ann redeemed three codes and Ben two; events of both, one of them cut."""
    redeeming = Redeeming(database=database, hashes=HASHES, ids=TimeOrderedIds())
    counter = Counter(database=database, campaign=await publish_wheel(more={"chances": {}}), others=[redeeming])
    await counter.opens(SPRING, "SPRING2027", member_uses=2)
    await counter.opens("AUTUMN2026", chances=5, lasts="days", days=3, closes_at=NOON + timedelta(days=9))
    for typed, member in ((SPRING, ANN), (SPRING, BEN), ("SPRING2027", ANN), ("AUTUMN2026", ANN), ("AUTUMN2026", BEN)):
        await counter.takes(typed, member=member)
    await a_rule(database, counter.campaign, member_period="day", member_period_max=6, member_max=50, all_max=99)
    for place, (asked, member) in enumerate(((4, ANN), (4, ANN), (3, BEN), (9, BEN)), start=1):
        await report(database, asked, member=member, event=f"order-{place}")
    return counter


async def test_all_hold_and_all_were_looked_at(
    room: CampaignsRoom, database: Database, connection: Connection, counter: Counter
) -> None:
    found = await findings(database, connection, room)
    assert {id_ for id_, finding in found.items() if not finding.holds} == set()
    assert found["I4"].checked == REDEMPTIONS + EVENTS


@pytest.mark.parametrize(
    ("named", "statements"),
    [
        ("redeemed with no code", ["DELETE FROM code_redemption WHERE code_number = 2"]),
        ("redeemed with no code", ["UPDATE chance_grant SET source = 'code' WHERE reference = 'order-1'"]),
        ("granted something else", ["UPDATE chance_grant SET amount = 9 WHERE source = 'code' AND amount = 5"]),
        ("granted something else", ["UPDATE chance_grant SET source = 'api' WHERE source = 'code' AND amount = 5"]),
        ("granted something else", ["UPDATE chance_grant SET reference = reference || 'x' WHERE source = 'code'"]),
        ("granted something else", ["UPDATE chance_grant SET expires_at = NULL WHERE source = 'code'"]),
        ("granted something else", ["DELETE FROM chance_grant WHERE source = 'code' AND amount = 5"]),
        ("granted something else", ["DELETE FROM code_batch WHERE chances = 5"]),
        ("outside its batch's hours", ["UPDATE code_batch SET closes_at = '2026-01-01 00:00:00.000000'"]),
        ("outside its batch's hours", ["UPDATE code_batch SET opens_at = '2099-01-01 00:00:00.000000'"]),
        ("the uses of code 1", ["UPDATE code_batch SET uses = 1"]),
        ("the uses of code 1", ["UPDATE code_redemption SET number = 3 WHERE number = 2"]),
        ("redeemed 1..2 of batch", ["UPDATE code_batch SET member_uses = 1"]),
        ("redeemed 2..2 of batch", ["DELETE FROM code_redemption WHERE code_number = 1 AND number = 1"]),
        ("holds 1 codes, numbered 2..2", ["DELETE FROM redeem_code WHERE number = 1"]),
        ("was worth", ["UPDATE code_batch SET chances = 3 WHERE chances = 2"]),
        ("reported by no event", ["DELETE FROM mall_event WHERE event_id = 'order-3'"]),
        ("reported by no event", ["UPDATE chance_grant SET source = 'event' WHERE source = 'code'"]),
        ("event order-1 was granted something else", ["UPDATE chance_grant SET amount = 5 WHERE reference = 'order-1'"]),
        ("event order-1 was granted something else", ["UPDATE mall_event SET grant_number = 99 WHERE event_id = 'order-1'"]),
        ("event order-1 was granted something else", ["UPDATE mall_event SET expires_at = received_at WHERE event_id = 'order-1'"]),
        ("event order-3 was cut otherwise", ["UPDATE mall_event SET asked = 4 WHERE event_id = 'order-3'"]),
        ("event order-4 was cut otherwise", ["UPDATE mall_event SET cuts = '[]' WHERE event_id = 'order-4'"]),
        ("a cap of order has counted 11", ["UPDATE rule_spent SET amount = amount - 1 WHERE member = ''"]),
        (f"a cap of order {ANN} has counted 7, and 6", [f"UPDATE rule_spent SET amount = 7 WHERE member = '{ANN}' AND period = ''"]),
        (f"a cap of order {BEN} 2026-11-22 has counted 5, and 6", [f"UPDATE rule_spent SET amount = 5 WHERE member = '{BEN}' AND period <> ''"]),
    ],
)  # fmt: skip
async def test_what_was_changed_is_named(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    counter: Counter,
    named: str,
    statements: list[str],
) -> None:
    await tamper(database, statements)
    finding = (await findings(database, connection, room))["I4"]
    assert any(named in each for each in finding.broken), finding.broken


async def test_what_a_cap_counts_is_what_was_granted_though_it_was_away_for_a_while(
    database: Database, counter: Counter
) -> None:
    await change(database, member_max=50)
    assert await granted(database, 40) == [40]
    await change(database, all_max=60)
    assert await granted(database, 9, member=BEN) == [8]
    async with database.reading() as session:
        rows = await session.execute(text("SELECT member, amount FROM rule_spent"))
        held = {row.member: row.amount for row in rows}
        assert held == {"": 60}
        assert await events_hold(session, campaign=counter.campaign) == (EVENTS + 2, [])


async def test_every_page_of_caps_is_looked_at(
    database: Database, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earning.event_checks.CHUNK_CAPS", 2)
    monkeypatch.setattr("earning.event_checks.CHUNK_EVENTS", 3)
    for member in (str(uuid4()) for _ in range(3)):
        await report(database, 1, member=member, now=NOON + timedelta(days=40))
    await tamper(
        database, ["UPDATE rule_spent SET amount = amount + 1, most = most + 1", "UPDATE mall_event SET asked = 50"]
    )
    async with database.reading() as session:
        _, broken = await events_hold(session, campaign=counter.campaign)
    assert sum("a cap of" in each for each in broken) == 1 + 2 * 5
    assert sum("was cut otherwise" in each for each in broken) == 5  # two of the seven had been cut to what was left
