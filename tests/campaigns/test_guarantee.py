"""The guarantee: after so many plays without a win the next one wins, never sooner, never later, and the odds say so."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from campaigns.allocation import effective_odds
from campaigns.config import Config
from campaigns.odds import as_percent
from campaigns.room import CampaignsRoom
from campaigns.standing import standing_of
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock

__all__ = ["rooms"]

RARE = [
    ("phone", "1/1000000", None, None, "PHONE-256"),
    ("points", "1/1000000", None, None, "POINTS-5"),
    ("thanks", "rest", None, None, None),
]
EVEN = [
    ("phone", "20%", None, None, "PHONE-256"),
    ("points", "10%", None, None, "POINTS-5"),
    ("thanks", "40%", None, None, None),
    ("again", "rest", None, None, None),
]
AFTER_3 = {"after": 3, "line": "points"}


async def awarded_to(room: CampaignsRoom, campaign: str, member: str, *, plays: int) -> list[str]:
    return [(await play(room, asked(campaign, member=member)))["awarded"] for _ in range(plays)]


async def test_every_fourth_play_wins_after_three_that_did_not(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=RARE, guarantee=AFTER_3)
    for _ in range(2):
        assert await awarded_to(room, campaign, str(uuid4()), plays=9) == [*["thanks"] * 3, "points"] * 2 + ["thanks"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_members_are_told_when_they_win_at_the_latest(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=RARE, guarantee=AFTER_3)
    member, running = str(uuid4()), await room.versions.running(campaign)

    async def told() -> int | None:
        async with database.reading() as session:
            now = WallClock().now()
            return (await standing_of(session, running, member=member, attributes={}, now=now)).wins_within

    assert await told() == 4
    for within in [3, 2, 1, 4, 3]:
        assert (await play(room, asked(campaign, member=member)))["wins_within"] == within == await told()


async def test_a_win_of_one_s_own_begins_the_wait_anew(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=EVEN, guarantee=AFTER_3)
    answers = []
    for _ in range(12):
        member, dry = str(uuid4()), 0
        for _ in range(12):
            answer = await play(room, asked(campaign, member=member))
            answers.append(answer)
            is_natural = answer["drawn"] in {"phone", "points"}
            wanted = answer["drawn"] if is_natural or dry < 3 else "points"
            assert answer["awarded"] == wanted
            dry = 0 if wanted in {"phone", "points"} else dry + 1
    assert any(answer["drawn"] != answer["awarded"] for answer in answers)
    await assert_everything_holds(database, connection, room, campaign)


async def test_the_wait_is_known_after_all_counters_are_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=RARE, guarantee=AFTER_3)
    waiting, served = str(uuid4()), str(uuid4())
    await awarded_to(room, campaign, waiting, plays=2)
    await awarded_to(room, campaign, served, plays=4)
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays, keys.member(waiting), keys.member(served))
    assert await awarded_to(room, campaign, waiting, plays=2) == ["thanks", "points"]
    assert await awarded_to(room, campaign, served, plays=4) == ["thanks", "thanks", "thanks", "points"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_while_the_guaranteed_line_is_gone_the_wait_goes_on(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=RARE, guarantee=AFTER_3, of_lines={"points": {"stock": 1}})
    assert (await awarded_to(room, campaign, str(uuid4()), plays=4))[-1] == "points"
    assert await awarded_to(room, campaign, str(uuid4()), plays=6) == ["thanks"] * 6
    await assert_everything_holds(database, connection, room, campaign)


async def test_many_plays_of_one_member_at_once_are_still_counted_one_by_one(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=RARE, guarantee=AFTER_3)
    member = str(uuid4())
    told = await race(rooms, [ask(campaign, member=member) for _ in range(12)])
    assert not [each for each in told if isinstance(each, BaseException)]
    await awarded_to(rooms[0], campaign, member, plays=4)
    await assert_everything_holds(database, connection, rooms[0], campaign)


@pytest.mark.parametrize("after", [1, 3, 9])
def test_the_effective_odds_are_what_many_plays_come_to(after: int) -> None:
    shape = Shape(lines=EVEN, guarantee={"after": after, "line": "points"})
    pool = Config.model_validate(shape.config(WallClock().now())).pools[0]
    odds = effective_odds(pool)
    assert sum(odds) == 1
    rng, dry, plays = random.Random(after), 0, 200_000
    counts: Counter[str] = Counter()
    for _ in range(plays):
        line = pool.lines[pool.odds.pick(rng.randrange(pool.odds.total))]
        if line.product is None and dry >= after:
            line = pool.line("points")
        dry = dry + 1 if line.product is None else 0
        counts[line.key] += 1
    for line, share in zip(pool.lines, odds, strict=True):
        assert abs(counts[line.key] / plays - float(share)) < 0.005


def test_the_effective_odds_of_a_short_guarantee_are_exact() -> None:
    """A win with one half, and for sure after one loss: of runs W and LW, three plays in two runs have two wins."""
    lines = [("points", "1/2", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)]
    told = Shape(lines=lines, guarantee={"after": 1, "line": "points"}).config(WallClock().now())
    pool = Config.model_validate(told).pools[0]
    assert effective_odds(pool) == [Fraction(2, 3), Fraction(1, 3)]
    assert [as_percent(share) for share in effective_odds(pool)] == ["66.6667%", "33.3333%"]
    assert as_percent(Fraction(1, 8)) == "12.5%"


@pytest.mark.parametrize(
    ("guarantee", "words"),
    [
        ({"after": 0, "line": "points"}, "greater than or equal to 1"),
        ({"after": 3, "line": "thanks"}, "is not a line of the pool with a prize"),
        ({"after": 3, "line": "bike"}, "is not a line of the pool with a prize"),
    ],
)
def test_a_guarantee_of_nothing_is_refused(guarantee: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(Shape(lines=RARE, guarantee=guarantee).config(WallClock().now()))
