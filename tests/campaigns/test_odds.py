"""Odds as people write them are exact: enumerated, not sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.odds import (
    Odds,
    OddsDoNotAddUp,
    OddsOutOfRange,
    OddsTooFine,
    OddsUnreadable,
    TwoRests,
    parse_odds,
)
from core.errors import Refusal

REFERENCE = ("1/100000", "90%", "rest")


def enumerated(odds: Odds) -> list[int]:
    """How many of all values each line owns."""
    owned = Counter(odds.pick(number) for number in range(odds.total))
    return [owned[line] for line in range(len(odds.weights))]


def test_the_reference_campaign_is_exactly_1_90000_and_9999_of_100000() -> None:
    odds = parse_odds(REFERENCE)
    assert odds.total == 100_000
    assert enumerated(odds) == [1, 90_000, 9_999]


@pytest.mark.parametrize(
    ("texts", "weights"),
    [
        (("30%", "30%", "40%"), [3, 3, 4]),
        (("40%", "35%", "25%"), [8, 7, 5]),
        (("1/3", "1/3", "1/3"), [1, 1, 1]),
        (("1/3", "1/3", "rest"), [1, 1, 1]),
        (("0.5%", "rest"), [1, 199]),
        (("1/100000", "rest"), [1, 99_999]),
        (("33.3333333%", "rest"), [333_333_333, 666_666_667]),
        (("1/7", "1/11", "1/13", "rest"), [143, 91, 77, 690]),
        (("2/4", "50%"), [1, 1]),
        (("100%",), [1]),
        (("rest",), [1]),
        (("１０％", "其余"), [1, 9]),
        ((" 1 / 4 ", "余下"), [1, 3]),
        (("0.5%",) * 200, [1] * 200),
    ],
)
def test_what_is_written_is_what_is_drawn(texts: Sequence[str], weights: list[int]) -> None:
    odds = parse_odds(texts)
    assert list(odds.weights) == weights
    if odds.total <= 100_000:
        assert enumerated(odds) == weights


@pytest.mark.parametrize(
    ("texts", "refusal", "facts"),
    [
        (("30%", "30%", "30%"), OddsDoNotAddUp, {"line": 3, "sum": "9/10"}),
        (("60%", "60%"), OddsDoNotAddUp, {"line": 2, "sum": "6/5"}),
        (("60%", "40%", "rest"), OddsDoNotAddUp, {"line": 3, "sum": "1/1"}),
        (("rest", "10%", "rest"), TwoRests, {"lines": [1, 3]}),
        (("50%", "0%", "rest"), OddsOutOfRange, {"line": 2, "text": "0%"}),
        (("50%", "-10%", "rest"), OddsOutOfRange, {"line": 2, "text": "-10%"}),
        (("0/5", "rest"), OddsOutOfRange, {"line": 1, "text": "0/5"}),
        (("1/0", "rest"), OddsOutOfRange, {"line": 1, "text": "1/0"}),
        (("3/2", "rest"), OddsOutOfRange, {"line": 1, "text": "3/2"}),
        (("1/999999937", "1/2", "rest"), OddsTooFine, {"line": 2, "total": "1999999874"}),
        (("a few", "rest"), OddsUnreadable, {"line": 1, "text": "a few"}),
        (("1e-5", "rest"), OddsUnreadable, {"line": 1, "text": "1e-5"}),
        (("", "rest"), OddsUnreadable, {"line": 1, "text": ""}),
    ],
)
def test_a_refusal_names_the_line_and_the_sum(
    texts: Sequence[str], refusal: type[Refusal], facts: dict[str, object]
) -> None:
    with pytest.raises(refusal) as refused:
        parse_odds(texts)
    assert {name: refused.value.facts[name] for name in facts} == facts


@given(
    st.lists(
        st.fractions(min_value=Fraction(1, 900), max_value=Fraction(1, 9), max_denominator=900), min_size=1, max_size=8
    )
)
def test_every_share_times_the_total_is_an_integer_and_they_add_up(shares: list[Fraction]) -> None:
    if lcm(*(share.denominator for share in shares)) > 10**9 or sum(shares) >= 1:
        with pytest.raises((OddsTooFine, OddsDoNotAddUp)):
            parse_odds([*(f"{share.numerator}/{share.denominator}" for share in shares), "rest"])
        return
    odds = parse_odds([*(f"{share.numerator}/{share.denominator}" for share in shares), "rest"])
    assert sum(odds.weights) == odds.total
    assert [Fraction(weight, odds.total) for weight in odds.weights[:-1]] == shares


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_a_line_owns_exactly_its_weight(weights: list[int]) -> None:
    total = sum(weights)
    odds = parse_odds([f"{weight}/{total}" for weight in weights])
    assert enumerated(odds) == [weight * odds.total // total for weight in weights]
