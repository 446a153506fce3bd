"""Budgets: prizes are given up to the very edge, never one over, by everybody at once and through every loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from campaigns.config import Config
from campaigns.ledger import Row
from campaigns.models import Play, Spent
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import InvalidField
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock

__all__ = ["rooms"]

COST = 985  # what ten yuan of credit costs, in fen
SURE = [("topup", "999999/1000000", None, None, "TOPUP-10"), ("thanks", "rest", None, None, None)]
MIXED = [
    ("topup", "50%", None, None, "TOPUP-10"),
    ("points", "49%", None, None, "POINTS-5"),
    ("thanks", "rest", None, None, None),
]


async def given(database: Database, campaign: str) -> Counter[str]:
    async with database.reading() as session:
        return Counter(await session.scalars(select(Play.awarded).where(Play.campaign_id == campaign)))


async def spent(database: Database, campaign: str) -> dict[str, int]:
    async with database.reading() as session:
        rows = await session.execute(select(Spent.tally, Spent.amount).where(Spent.campaign_id == campaign))
        return {row.tally: row.amount for row in rows}


@pytest.mark.parametrize("kind", ["money_max", "money_day_max"])
@pytest.mark.parametrize("over", [0, COST - 1])
async def test_of_250_members_exactly_those_win_whom_the_budget_pays(
    rooms: Sequence[CampaignsRoom],
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
    *,
    kind: str,
    over: int,
) -> None:
    campaign = await publish_wheel(lines=SURE, more={"budget": {kind: COST * 7 + over}})
    told = await race(rooms, [ask(campaign) for _ in range(250)])
    assert not [each for each in told if isinstance(each, BaseException)]
    assert await given(database, campaign) == {"topup": 7, "thanks": 243}
    assert list((await spent(database, campaign)).values()) == [COST * 7]
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_money_and_points_have_budgets_of_their_own(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    """Five points cost fifty fen and five of the points: whichever ends first ends the line."""
    budget = {"money_max": COST * 2 + 50 * 3, "points_max": 5 * 2 + 4}
    campaign = await publish_wheel(lines=MIXED, more={"budget": budget})
    for _ in range(40):
        await play(room, asked(campaign))
    counts = await given(database, campaign)
    assert (counts["topup"], counts["points"]) == (2, 2)
    assert await spent(database, campaign) == {"money": COST * 2 + 50 * 2, "points": 10}
    await assert_everything_holds(database, connection, room, campaign)


async def test_what_a_budget_has_paid_is_known_after_all_counters_are_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, more={"budget": {"money_max": COST * 3, "money_day_max": COST * 5}})
    for _ in range(2):
        await play(room, asked(campaign))
    await connection.calm.delete(LaneKeys(campaign).counters, LaneKeys(campaign).plays)
    assert [(await play(room, asked(campaign)))["awarded"] for _ in range(3)] == ["topup", "thanks", "thanks"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_counters_that_forgot_what_was_paid_cannot_pay_it_again(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, more={"budget": {"money_max": COST * 3}})
    for _ in range(3):
        await play(room, asked(campaign))
    await connection.calm.hset(LaneKeys(campaign).counters, "tally:money", "0 1 ")
    assert (await play(room, asked(campaign)))["awarded"] == "thanks"
    assert await spent(database, campaign) == {"money": COST * 3}
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_batch_written_twice_is_paid_once(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, more={"budget": {"money_max": COST * 9}})
    rows = []
    for _ in range(4):
        found = await room.plays.decide(asked(campaign))
        assert found is not None
        rows.append(Row(found.entry, found.running.version, found.running.epoch))
    for part in (rows[:2], rows, rows):
        await room.ledger.commit_all(part)
    assert await spent(database, campaign) == {"money": COST * 4}
    await assert_everything_holds(database, connection, room, campaign)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"budget": {"money_max": 0}}, "greater than or equal to 1"),
        ({"budget": {"money_max": 10**13}}, "less than or equal to 1000000000000"),
        ({"budget": {"currency": "yuan"}}, "string_pattern_mismatch|match pattern"),
        ({"budget": {"money_max": 1.5}}, "valid integer"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(Shape(more=more).config(WallClock().now()))


def test_a_fallback_that_costs_something_is_refused_with_a_budget() -> None:
    lines = [("phone", "1%", 5, None, "PHONE-256"), ("points", "rest", None, None, "POINTS-5")]
    with pytest.raises(ValidationError, match="is a prize and there is a budget"):
        Config.model_validate(Shape(lines=lines, more={"budget": {"points_max": 10}}).config(WallClock().now()))


async def test_a_budget_is_in_the_currency_of_its_products(publish_wheel: Publish) -> None:
    with pytest.raises(InvalidField, match="currency"):
        await publish_wheel(more={"budget": {"currency": "EUR", "money_max": 100}})
