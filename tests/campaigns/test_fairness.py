"""Draws are what was promised: fixed vectors, no bias, and a check that rejects draws which are not."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import fairness
from campaigns.fairness import (
    WORDS_MAX,
    Drawn,
    accepted_below,
    commitment,
    config_hash,
    draw,
    draw_again,
    spread_of,
    word_of,
)
from campaigns.goodness import binomial_p, chi_square_p, doubtful, p_values_of, upper_gamma
from campaigns.odds import Odds, odds_of_weights, parse_odds

SEED = bytes(range(32))
CAMPAIGN = "00000000-0000-7000-8000-0000000000c1"
MEMBER = "00000000-0000-7000-8000-0000000000a1"
REFERENCE = parse_odds(("1/100000", "90%", "rest"))
LEVEL = 0.01


def test_words_are_the_published_algorithm_s_and_never_change() -> None:
    assert [word_of(SEED, CAMPAIGN, MEMBER, 1, counter) for counter in (0, 1)] == [38804629068665, 36445415715115]
    assert spread_of(SEED, CAMPAIGN, MEMBER, 1) == 142202120479039
    drawn = [
        draw(seed=SEED, campaign=CAMPAIGN, member=MEMBER, ordinal=number, odds=REFERENCE) for number in (1, 2, 1000)
    ]
    assert drawn == [Drawn(38804629068665, 1), Drawn(104244330239681, 1), Drawn(165366122872017, 1)]
    assert commitment(SEED) == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    assert (
        config_hash({"b": [1, "喜"], "a": None}) == "08868c62091c727a06be5faf97188b239e6a4e7b7c450f32e48097838735d273"
    )


def test_anybody_can_recompute_a_word_from_the_description() -> None:
    message = f"windfall-1|{CAMPAIGN}|{MEMBER}|7|0".encode()
    digest = hmac.new(SEED, message, hashlib.sha256).digest()
    assert word_of(SEED, CAMPAIGN, MEMBER, 7, 0) == int.from_bytes(digest[:6], "big")


@given(st.integers(1, 10**9))
def test_accepted_words_are_whole_multiples_and_few_are_rejected(total: int) -> None:
    limit = accepted_below(total)
    assert limit % total == 0
    assert 0 <= (1 << 48) - limit < total  # below 3.6e-6 of all words for the greatest total


def test_a_redraw_takes_words_of_its_own_and_never_changes() -> None:
    odds = odds_of_weights([5, 3, 2, 0])
    orders = [
        list(draw_again(seed=SEED, campaign=CAMPAIGN, member=MEMBER, ordinal=ordinal, odds=odds, first=0))
        for ordinal in range(1, 7)
    ]
    message = f"windfall-1|{CAMPAIGN}|{MEMBER}|1|redraw-1-0".encode()
    word = int.from_bytes(hmac.new(SEED, message, hashlib.sha256).digest()[:6], "big")
    assert orders[0][0] == (1 if word % 5 < 3 else 2)
    assert orders == [[1, 2], [2, 1], [1, 2], [2, 1], [1, 2], [1, 2]]


@pytest.mark.parametrize("gone", [{0}, {1}, {0, 1}, {0, 2}, {1, 2, 3}])
def test_of_what_is_left_each_line_keeps_its_share(gone: set[int]) -> None:
    """Whatever lines are gone, the first of the order that is not has its odds over the sum of those left."""
    odds = odds_of_weights([40, 30, 20, 7, 3])
    hits = [0] * len(odds.weights)
    for ordinal in range(1, 20_001):
        whose: dict[str, Any] = {"seed": SEED, "campaign": CAMPAIGN, "member": MEMBER, "ordinal": ordinal, "odds": odds}
        first = draw(**whose).line
        order = [first, *draw_again(**whose, first=first)]
        assert sorted(order) == [0, 1, 2, 3, 4]
        hits[next(place for place in order if place not in gone)] += 1
    left = [place for place in range(len(hits)) if place not in gone]
    assert sum(hits[place] for place in left) == 20_000
    assert chi_square_p([hits[place] for place in left], [odds.weights[place] for place in left]) > LEVEL
    uniform = [1] * len(left)
    assert chi_square_p([hits[place] for place in left], uniform) < LEVEL


def test_a_rejected_word_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    words = iter([(1 << 48) - 1, 299_999_999])
    monkeypatch.setattr(fairness, "word_of", lambda *_: next(words))
    odds = odds_of_weights([1, 10**9 - 1])
    assert draw(seed=SEED, campaign=CAMPAIGN, member=MEMBER, ordinal=1, odds=odds) == Drawn(299_999_999, 1)
    monkeypatch.setattr(fairness, "word_of", lambda *_: (1 << 48) - 1)
    with pytest.raises(AssertionError, match=f"{['zero', 'one', 'two', 'three', 'four'][WORDS_MAX]} words"):
        draw(seed=SEED, campaign=CAMPAIGN, member=MEMBER, ordinal=1, odds=odds)


@given(
    st.binary(min_size=32, max_size=32), st.integers(1, 10**6), st.lists(st.integers(1, 1000), min_size=1, max_size=20)
)
def test_a_draw_depends_on_its_arguments_alone(seed: bytes, ordinal: int, weights: list[int]) -> None:
    odds = odds_of_weights(weights)
    first = draw(seed=seed, campaign=CAMPAIGN, member=MEMBER, ordinal=ordinal, odds=odds)
    assert draw(seed=seed, campaign=CAMPAIGN, member=MEMBER, ordinal=ordinal, odds=odds) == first
    assert odds.pick(first.word % odds.total) == first.line


def test_another_seed_member_or_ordinal_changes_half_of_the_bits() -> None:
    def distance(left: int, right: int) -> int:
        return (left ^ right).bit_count()

    plain = [word_of(SEED, CAMPAIGN, MEMBER, number, 0) for number in range(1000)]
    others = {
        "seed": [word_of(bytes([1, *SEED[1:]]), CAMPAIGN, MEMBER, number, 0) for number in range(1000)],
        "member": [word_of(SEED, CAMPAIGN, MEMBER[:-1] + "2", number, 0) for number in range(1000)],
        "ordinal": plain[1:] + plain[:1],
    }
    for changed, words in others.items():
        bits = sum(map(distance, plain, words)) / 1000
        assert 23.4 < bits < 24.6, changed  # 24 expected, with a standard error of 0.11


def counts_of(picks: Sequence[int], lines: int) -> list[int]:
    return [picks.count(line) for line in range(lines)]


def fits(counts: Sequence[int], weights: Sequence[int]) -> bool:
    return not doubtful(list(p_values_of(counts, weights).values()), level=LEVEL)


def test_draws_fit_their_weights() -> None:
    odds = odds_of_weights([1, 3, 6, 90, 900])
    picks = [
        draw(seed=SEED, campaign=CAMPAIGN, member=f"{member:08d}", ordinal=ordinal, odds=odds).line
        for member in range(2_000)
        for ordinal in range(1, 11)
    ]
    assert fits(counts_of(picks, 5), odds.weights)


THREE = odds_of_weights([10_000_000] * 3)
RARE = parse_odds(("0.1%", "rest"))


def of_24_bits(rng: random.Random) -> int:
    return THREE.pick(rng.getrandbits(24) * 2 % THREE.total)


def of_float_weights(rng: random.Random) -> int:
    """Shares rounded to a percent, as careless people keep them."""
    bounds = [round(bound / RARE.total, 2) for bound in RARE.bounds]
    return next(line for line, bound in enumerate(bounds) if rng.random() < bound or line == len(bounds) - 1)


def of_one_too_many(rng: random.Random) -> int:
    number = rng.randrange(RARE.total)
    return 0 if number <= RARE.bounds[0] else 1


@pytest.mark.parametrize(
    ("pick", "odds"),
    [(of_24_bits, THREE), (of_float_weights, RARE), (of_one_too_many, RARE)],
    ids=["modulo of 24 bits", "float weights", "off by one"],
)
def test_wrong_draws_are_rejected_by_the_same_check(pick: Callable[[random.Random], int], odds: Odds) -> None:
    sound, unsound, lines = random.Random(5), random.Random(5), len(odds.weights)
    wrong = counts_of([pick(unsound) for _ in range(60_000)], lines)
    right = counts_of([odds.pick(sound.randrange(odds.total)) for _ in range(60_000)], lines)
    assert fits(right, odds.weights)
    assert not fits(wrong, odds.weights)


def test_enumerating_finds_an_off_by_one_that_no_sample_would() -> None:
    wrong = [0, 0, 0]
    for number in range(REFERENCE.total):
        wrong[next(line for line, bound in enumerate(REFERENCE.bounds) if number <= bound)] += 1
    assert wrong != list(REFERENCE.weights)


@pytest.mark.parametrize(
    ("shape", "x", "wanted"), [(0.5, 1.9207, 0.05), (1, 2.9957, 0.05), (2.5, 7.5435, 0.01), (5, 1.0, 0.99634)]
)
def test_the_chi_square_tail_is_the_tables(shape: float, x: float, wanted: float) -> None:
    assert upper_gamma(shape, x) == pytest.approx(wanted, rel=1e-3)


def test_the_exact_binomial_is_exact() -> None:
    assert binomial_p(0, 10, 0.5) == pytest.approx(2 / 1024)
    assert binomial_p(5, 10, 0.5) == 1.0
    assert binomial_p(1, 100_000, 1e-5) == 1.0
    assert binomial_p(12, 100_000, 1e-5) < 1e-8
    assert chi_square_p([50, 50], [1, 1]) == 1.0


def test_holm_rejects_step_by_step() -> None:
    assert doubtful([0.004, 0.5, 0.001], level=0.01) == [2, 0]
    assert doubtful([0.006, 0.006, 0.006], level=0.01) == []
