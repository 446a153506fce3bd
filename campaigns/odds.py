"""Odds as people write them, as exact integers.

`1/100000`, `90%`, `0.5%` and one `rest` become integer weights over one total, their least common denominator. There
is no float and no rounding anywhere: what is published is what is drawn, to the last integer. A pool's fallback may have
odds of `0`: nobody draws it, and it is given when nothing else is to be had. A line of odds `moment` is won by the hour
and not by lot, so it has no weight.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm
from unicodedata import normalize

from core.errors import Refusal

REST = "rest"
NONE = "0"
MOMENT = "moment"
TOTAL_MAX = 10**9
LINES_MAX = 200
TEXT_LENGTH_MAX = 32

_FRACTION = re.compile(r"(-?\d{1,10})/(\d{1,10})")
_PERCENT = re.compile(r"(-?\d{1,3})(?:\.(\d{1,7}))?%")
_REST_WORDS = frozenset({REST, "其余", "余下"})
_MOMENT_WORDS = frozenset({MOMENT, "时刻"})


class OddsUnreadable(Refusal, code="odds-unreadable"):
    """The odds of a line are not a fraction, a percentage or the rest."""

    def __init__(self, *, line: int, text: str) -> None:
        super().__init__(line=line, text=text)


class OddsOutOfRange(Refusal, code="odds-out-of-range"):
    """The odds of a line are zero, negative or above one."""

    def __init__(self, *, line: int, text: str) -> None:
        super().__init__(line=line, text=text)


class OddsTooFine(Refusal, code="odds-too-fine"):
    """The common denominator of a pool's odds passes the limit."""

    def __init__(self, *, line: int, text: str, total: int) -> None:
        super().__init__(line=line, text=text, total=str(total), total_max=TOTAL_MAX)


class TwoRests(Refusal, code="two-rests"):
    """Only one line of a pool may take the rest."""

    def __init__(self, *, lines: list[int]) -> None:
        super().__init__(lines=lines)


class OddsDoNotAddUp(Refusal, code="odds-do-not-add-up"):
    """The odds of a pool's lines do not add up to exactly one."""

    def __init__(self, *, line: int, total: Fraction) -> None:
        super().__init__(line=line, sum=f"{total.numerator}/{total.denominator}")


@dataclass(frozen=True, slots=True)
class Odds:
    """The integer weights of a pool's lines, in the lines' order."""

    weights: tuple[int, ...]
    bounds: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.bounds[-1]

    def pick(self, number: int) -> int:
        """The index of the line that owns `number`, an integer in [0, total)."""
        if not 0 <= number < self.total:
            raise AssertionError(f"{number} is outside [0, {self.total})")
        return bisect_right(self.bounds, number)


def odds_of_weights(weights: Sequence[int]) -> Odds:
    return Odds(tuple(weights), tuple(accumulate(weights)))


def parse_odds(texts: Sequence[str], *, fallback: int | None = None) -> Odds:
    """The weights of a pool whose lines' odds are written so; lines are numbered from 1 in refusals.

    `fallback` is the index of the line that may have none.
    """
    shares = [
        Fraction(0) if number - 1 == fallback and _plain(text) == NONE else _share(number, text)
        for number, text in enumerate(texts, start=1)
    ]
    rests = [number for number, share in enumerate(shares, start=1) if share is None]
    if len(rests) > 1:
        raise TwoRests(lines=rests)
    total = _common_denominator(texts, shares)
    weights = [0 if share is None else int(share * total) for share in shares]
    left = total - sum(weights)
    if rests:
        if left <= 0:
            raise OddsDoNotAddUp(line=rests[0], total=Fraction(sum(weights), total))
        weights[rests[0] - 1] = left
    elif left != 0:
        raise OddsDoNotAddUp(line=len(texts), total=Fraction(sum(weights), total))
    return odds_of_weights(weights)


def is_moment(text: str) -> bool:
    """Whether the odds say that the line is won at moments."""
    return _plain(text) in _MOMENT_WORDS


def _share(line: int, text: str) -> Fraction | None:
    """What one line's text says: a share of one, or None for the rest."""
    plain = _plain(text)
    if plain in _MOMENT_WORDS:
        return Fraction(0)
    if plain in _REST_WORDS:
        return None
    if fraction := _FRACTION.fullmatch(plain):
        numerator, denominator = int(fraction[1]), int(fraction[2])
        share = Fraction(numerator, denominator) if denominator else Fraction(0)
    elif percent := _PERCENT.fullmatch(plain):
        decimals = percent[2] or ""
        share = Fraction(int(percent[1] + decimals), 100 * 10 ** len(decimals))
    else:
        raise OddsUnreadable(line=line, text=text[:TEXT_LENGTH_MAX])
    if not 0 < share <= 1:
        raise OddsOutOfRange(line=line, text=text)
    return share


def _plain(text: str) -> str:
    return normalize("NFKC", text[: TEXT_LENGTH_MAX + 1]).replace(" ", "").lower()


def _common_denominator(texts: Sequence[str], shares: Sequence[Fraction | None]) -> int:
    total = 1
    for line, (text, share) in enumerate(zip(texts, shares, strict=True), start=1):
        total = lcm(total, share.denominator if share is not None else 1)
        if total > TOTAL_MAX:
            raise OddsTooFine(line=line, text=text, total=total)
    return total


def as_percent(share: Fraction) -> str:
    """A share in percent to four decimals, rounded half to even: for people to read, never to draw by."""
    hundredths = round(share * 1_000_000)
    whole, rest = divmod(hundredths, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
