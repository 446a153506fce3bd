"""Urns: every so many plays the odds come out exactly, in an order nobody knows and everybody can recompute."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from math import factorial
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from campaigns.allocation import Source, stretch
from campaigns.config import Config
from campaigns.fairness import urn_order
from campaigns.goodness import chi_square_p
from campaigns.models import Play, PlayTally
from campaigns.pools import UrnDoesNotDivide
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.claims import GROUPS_MAX
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock

__all__ = ["rooms"]

SEED = bytes(range(32))
TEN = [
    ("phone", "1/10", None, None, "PHONE-256"),
    ("points", "30%", None, None, "POINTS-5"),
    ("thanks", "rest", None, None, None),
]
MANY = [
    *((f"line-{number}", "1/100", None, None, "POINTS-5") for number in range(99)),
    ("thanks", "rest", None, None, None),
]


async def by_urn(database: Database, campaign: str, *, plays: int) -> list[Counter[str]]:
    """What was drawn from each urn, by the cards that were taken."""
    taken = select(PlayTally.number, Play.drawn).join(Play, Play.id == PlayTally.play_id)
    async with database.reading() as session:
        rows = (await session.execute(taken.where(Play.campaign_id == campaign).order_by(PlayTally.number))).all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    drawn = [row.drawn for row in rows]
    return [Counter(drawn[start : start + plays]) for start in range(0, len(drawn), plays)]


async def test_250_at_once_empty_urn_after_urn_exactly(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=TEN, urn_plays=50)
    told = await race(rooms, [ask(campaign) for _ in range(250)])
    assert not [each for each in told if isinstance(each, BaseException)]
    assert await by_urn(database, campaign, plays=50) == [{"phone": 5, "points": 15, "thanks": 30}] * 5
    await assert_everything_holds(database, connection, rooms[0], campaign)


def test_a_claim_brings_no_more_cards_than_it_can_tell_apart() -> None:
    pool = Config.model_validate(Shape(lines=MANY, urn_plays=100).config(WallClock().now())).pools[0]
    source, brought = Source(SEED, "c", "m", 1), []
    while len(brought) < 300:
        lines = stretch(pool, source, len(brought) + 1)
        assert 1 <= len(set(lines)) <= GROUPS_MAX
        brought += lines
    assert [Counter(brought[start : start + 100]) for start in (0, 100, 200)] == [dict.fromkeys(range(100), 1)] * 3


async def test_no_card_is_lost_with_the_counters(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=TEN, urn_plays=10)
    for round_number in range(20):
        await play(room, asked(campaign))
        if round_number % 4 == 3:
            await connection.calm.delete(LaneKeys(campaign).counters, LaneKeys(campaign).plays)
    assert await by_urn(database, campaign, plays=10) == [{"phone": 1, "points": 3, "thanks": 6}] * 2
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_card_whose_prize_is_gone_falls_to_what_the_pool_says(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=TEN, urn_plays=10, of_lines={"points": {"stock": 4}})
    answers = [await play(room, asked(campaign)) for _ in range(20)]
    assert Counter(answer["drawn"] for answer in answers) == {"phone": 2, "points": 6, "thanks": 12}
    assert Counter(answer["awarded"] for answer in answers) == {"phone": 2, "points": 4, "thanks": 14}
    await assert_everything_holds(database, connection, room, campaign)


async def test_the_audit_names_a_play_that_says_another_card(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=TEN, urn_plays=10)
    shown = [await play(room, asked(campaign)) for _ in range(10)]
    phone = next(answer for answer in shown if answer["drawn"] == "phone")
    async with database.transaction() as session:
        row = await session.get_one(Play, phone["id"])
        row.drawn = "thanks"
    with pytest.raises(AssertionError, match="the seed says phone"):
        await assert_everything_holds(database, connection, room, campaign)


# The order


def test_anybody_can_recompute_the_order_from_the_description() -> None:
    def words() -> Iterator[int]:
        for block in range(99):
            found = hmac.new(SEED, f"windfall-1|c|main|urn-3|{block}".encode(), hashlib.sha256).digest()
            yield from (int.from_bytes(found[6 * piece : 6 * piece + 6], "big") for piece in range(5))

    cards, told = [0] * 3 + [1] * 4, words()
    for last in range(6, 0, -1):
        chosen = next(word for word in told if word < 2**48 - 2**48 % (last + 1)) % (last + 1)
        cards[last], cards[chosen] = cards[chosen], cards[last]
    assert list(urn_order(seed=SEED, campaign="c", pool="main", urn=3, counts=(3, 4))) == cards


@pytest.mark.parametrize("is_sound", [True, False])
def test_every_order_is_as_likely_as_any_other(is_sound: bool) -> None:
    """All 24 orders of four cards, over 24,000 urns; a shuffle that swaps with any card, the usual mistake, is caught."""
    orders: Counter[bytes] = Counter()
    for urn in range(24_000):
        if is_sound:
            orders[urn_order(seed=SEED, campaign="c", pool="main", urn=urn, counts=(1, 1, 1, 1))] += 1
        else:
            cards = bytearray(range(4))
            for place in range(4):
                chosen = hashlib.sha256(f"{urn} {place}".encode()).digest()[0] % 4
                cards[place], cards[chosen] = cards[chosen], cards[place]
            orders[bytes(cards)] += 1
    assert len(orders) == factorial(4)
    p_value = chi_square_p(list(orders.values()), [1] * 24)
    assert p_value > 0.01 if is_sound else p_value < 1e-6


# What an operator may write


def test_an_urn_divides_into_whole_cards_or_is_refused() -> None:
    def counts(plays: int) -> tuple[int, ...]:
        return Config.model_validate(Shape(lines=TEN, urn_plays=plays).config(WallClock().now())).pools[0].urn_counts

    assert counts(10) == (1, 3, 6)
    assert counts(1000) == (100, 300, 600)
    with pytest.raises(UrnDoesNotDivide):
        counts(15)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"urn_plays": 1}, "greater than or equal to 2"),
        ({"urn_plays": 10**6}, "less than or equal to 10000"),
        ({"urn_plays": 10, "guarantee": {"after": 3, "line": "points"}}, "takes no guarantee"),
    ],
)
def test_an_urn_that_cannot_be_is_refused(shape: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(Shape(lines=TEN, **shape).config(WallClock().now()))
