"""What becomes of a play whose line is gone: said beforehand, drawn from the seed, and the audit recomputes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import select

from campaigns.config import Config
from campaigns.models import Play
from campaigns.odds import OddsUnreadable, parse_odds
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock

__all__ = ["rooms"]

ALL_WIN = [
    ("phone", "10%", 2, None, "PHONE-256"),
    ("topup", "30%", 3, None, "TOPUP-10"),
    ("points", "rest", 20, None, "POINTS-5"),
    ("thanks", "0", None, None, None),
]


async def test_every_play_wins_until_the_stock_ends(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALL_WIN, sold_out="renormalise")
    told = await race(rooms, [ask(campaign) for _ in range(60)])
    assert not [each for each in told if isinstance(each, BaseException)]
    answers = [await play(rooms[0], asked(campaign)) for _ in range(3)]
    assert {answer["awarded"] for answer in answers} == {"thanks"}
    assert "thanks" not in {answer["drawn"] for answer in answers}
    async with database.reading() as session:
        given = Counter(
            line for (line,) in await session.execute(select(Play.awarded).where(Play.campaign_id == campaign))
        )
    assert given == {"phone": 2, "topup": 3, "points": 20, "thanks": 38}
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_a_line_that_never_ends_takes_its_share_of_what_another_leaves(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    lines = [
        ("phone", "98%", 1, None, "PHONE-256"),
        ("points", "1%", None, None, "POINTS-5"),
        ("thanks", "rest", None, None, None),
    ]
    campaign = await publish_wheel(lines=lines, sold_out="renormalise")
    answers = [await play(room, asked(campaign)) for _ in range(40)]
    redrawn = Counter(answer["awarded"] for answer in answers if answer["drawn"] == "phone")
    assert redrawn["phone"] == 1
    assert min(redrawn["points"], redrawn["thanks"]) >= 5  # one in two each: fewer of 38 is one in 3 million
    await assert_everything_holds(database, connection, room, campaign)


async def test_more_lines_than_a_first_try_brings_are_all_given(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    lines = [(f"line-{number}", "1/20", 1, None, "POINTS-5") for number in range(20)]
    campaign = await publish_wheel(lines=[*lines, ("thanks", "0", None, None, None)], sold_out="renormalise")
    awarded = [(await play(room, asked(campaign)))["awarded"] for _ in range(21)]
    assert sorted(awarded[:20]) == sorted(key for key, *_ in lines)
    assert awarded[20] == "thanks"
    await assert_everything_holds(database, connection, room, campaign)


async def test_the_audit_names_an_award_that_was_not_next_in_order(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    """The counters were told of other candidates than the seed says: what is drawn no longer leads to what is given."""
    campaign = await publish_wheel(lines=ALL_WIN)
    running = await room.versions.running(campaign)
    swapped = dict.fromkeys(running.candidates, running.candidates["points", False])
    object.__setattr__(running, "candidates", swapped)
    object.__setattr__(running, "groups", {})
    answers = [await play(room, asked(campaign)) for _ in range(20)]
    assert {answer["awarded"] for answer in answers} == {"points"}
    assert {answer["drawn"] for answer in answers} != {"points"}
    with pytest.raises(AssertionError, match="I11"):
        await assert_everything_holds(database, connection, room, campaign)


async def test_what_is_gone_for_one_member_is_drawn_again_for_them_alone(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=ALL_WIN,
        sold_out="renormalise",
        of_lines={"points": {"member_wins_max": 1}, "topup": {"member_wins_max": 1}},
    )
    member = str(uuid4())
    awarded = Counter([(await play(room, asked(campaign, member=member)))["awarded"] for _ in range(6)])
    assert awarded == {"points": 1, "topup": 1, "phone": 2, "thanks": 2}
    await connection.calm.delete(LaneKeys(campaign).counters)
    assert (await play(room, asked(campaign)))["awarded"] in {"topup", "points"}
    await assert_everything_holds(database, connection, room, campaign)


def test_only_a_fallback_may_have_no_odds() -> None:
    assert parse_odds(["50%", "rest", "0"], fallback=2).weights == (1, 1, 0)
    assert parse_odds(["100%", "０"], fallback=1).weights == (1, 0)
    for fallback in (None, 0):
        with pytest.raises(OddsUnreadable):
            parse_odds(["50%", "rest", "0"], fallback=fallback)
    config = Config.model_validate(Shape(lines=ALL_WIN).config(WallClock().now()))
    assert config.pools[0].odds.weights == (1, 3, 6, 0)
