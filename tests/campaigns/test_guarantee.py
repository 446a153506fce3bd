"""The guarantee: what it does to the odds, and that nobody is promised it yet."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from campaigns.allocation import effective_odds
from campaigns.config import Config
from campaigns.odds import as_percent
from core.errors import InvalidField
from tests.campaigns.conftest import Publish
from tests.support.campaigns import Shape, WallClock

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


async def test_a_guarantee_is_not_promised_before_it_is_sure_to_be_kept(publish_wheel: Publish) -> None:
    with pytest.raises(InvalidField, match="cannot be promised yet"):
        await publish_wheel(lines=RARE, guarantee=AFTER_3)


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
