"""The lines that a play may be given, in pools: prizes with their odds, stocks, caps, and how they are allotted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaigns.audience import EVERYBODY, Audience
from campaigns.game import Text
from campaigns.limits import Key, Plays
from campaigns.moments import MOMENTS_MAX, Moments
from campaigns.odds import LINES_MAX, TEXT_LENGTH_MAX, Odds, is_moment, parse_odds
from campaigns.release import Release
from core.errors import Refusal

UNITS_MAX = 1_000_000_000
GUARANTEE_MAX = 1000
URN_PLAYS_MAX = 10_000

Units = Annotated[int, Field(ge=1, le=UNITS_MAX)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Closed):
    """One prize in a pool. No product means "thanks"; no stock means unlimited.

    Odds of `moment` mean that each unit of the stock is bound to a secret hour, and goes to the next play after it.
    """

    key: Key
    product: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    odds: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]
    stock: Units | None = None
    release: Release = "at_once"
    hour_cap: Units | None = None
    day_cap: Units | None = None
    member_wins_max: Plays | None = None
    name: Text | None = None

    @property
    def is_by_moment(self) -> bool:
        return is_moment(self.odds)

    @model_validator(mode="after")
    def _what_is_let_out_is_there(self) -> Line:
        if self.release != "at_once" and self.stock is None:
            raise ValueError(f"line {self.key!r} has no stock to let out over time")
        if isinstance(self.release, tuple) and sum(stage.units for stage in self.release) > (self.stock or 0):
            raise ValueError(f"the stages of line {self.key!r} let out more units than its stock has")
        if self.is_by_moment and (self.stock is None or self.product is None or self.release != "at_once"):
            raise ValueError(f"line {self.key!r} is won at moments: it needs a product and a stock, and no release")
        return self

    @property
    def is_scarce(self) -> bool:
        """Whether the line alone, whatever the campaign limits, may be withheld from a play that drew it."""
        return not (self.stock is self.hour_cap is self.day_cap is self.member_wins_max is None)


class UrnDoesNotDivide(Refusal, code="urn-does-not-divide"):
    """The odds of a line come to no whole number of cards in an urn of so many plays."""

    def __init__(self, *, line: int, text: str, plays: int) -> None:
        super().__init__(line=line, text=text, plays=plays)


class Guarantee(_Closed):
    """Who has played `after` times without a win wins this line with the next play, unless it wins something anyway.

    The line is given under its own stock and caps; while it is gone, the wait goes on.
    """

    after: Annotated[int, Field(ge=1, le=GUARANTEE_MAX)]
    line: Key


class Pool(_Closed):
    """The lines of one tier, and what becomes of a play whose line is sold out, capped or won often enough.

    It falls to the fallback, or is drawn again among the other lines, renormalised, and falls to the fallback when all are
    gone. A pool of prizes that renormalises, with a fallback of odds 0, lets every play win until its stock ends.
    """

    key: Key = "main"
    tier: Key | None = None
    """The tier of the game whose plays it is for; its own key when nothing is said."""
    audience: Audience = EVERYBODY
    """Of a tier's pools, a play draws from the first whose audience the member is among."""
    fallback: Key
    sold_out: Literal["fallback", "renormalise"] = "fallback"
    urn_plays: Annotated[int, Field(ge=2, le=URN_PLAYS_MAX)] | None = None
    """In how many plays the odds come out exactly, in an order nobody knows, urn after urn; none draws each by itself."""
    guarantee: Guarantee | None = None
    moments: Moments | None = None
    """When the lines with odds `moment` may be won; the others are drawn by every play that finds none due."""
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=LINES_MAX)]

    @model_validator(mode="after")
    def _an_urn_guarantees_nothing_else(self) -> Pool:
        if self.urn_plays is not None and self.guarantee is not None:
            raise ValueError("an urn has a composition of its own: it takes no guarantee")
        return self

    @model_validator(mode="after")
    def _moments_are_of_lines(self) -> Pool:
        counts = self.moment_counts
        if (self.moments is not None) != any(counts):
            raise ValueError("moments and lines with odds `moment` go together: the one is of no use without the other")
        if sum(counts) > MOMENTS_MAX:
            raise ValueError(f"a pool has {MOMENTS_MAX} moments at most")
        if self.moments is not None and (self.urn_plays is not None or self.guarantee is not None):
            raise ValueError("a pool with moments takes no urn and no guarantee")
        return self

    @model_validator(mode="after")
    def _guarantee_is_a_prize(self) -> Pool:
        if self.guarantee is not None:
            line = next((line for line in self.lines if line.key == self.guarantee.line), None)
            if line is None or line.product is None:
                raise ValueError(f"the guarantee's {self.guarantee.line!r} is not a line of the pool with a prize")
        return self

    @model_validator(mode="after")
    def _fallback_never_runs_out(self) -> Pool:
        fallback = next((line for line in self.lines if line.key == self.fallback), None)
        if fallback is None:
            raise ValueError(f"the fallback {self.fallback!r} is not a line of the pool")
        if fallback.is_scarce or fallback.is_by_moment:
            raise ValueError(f"the fallback {self.fallback!r} has a stock or a cap, so it may run out")
        return self

    @cached_property
    def odds(self) -> Odds:
        place = [line.key for line in self.lines].index(self.fallback)
        return parse_odds([line.odds for line in self.lines], fallback=place)

    @property
    def of_tier(self) -> str:
        return self.tier or self.key

    def line(self, key: str) -> Line:
        return next(line for line in self.lines if line.key == key)

    @property
    def moment_counts(self) -> tuple[int, ...]:
        """How many moments each line has."""
        return tuple(line.stock or 0 if line.is_by_moment else 0 for line in self.lines)

    @cached_property
    def urn_counts(self) -> tuple[int, ...]:
        """How many cards of an urn each line has; empty without one. Raises UrnDoesNotDivide."""
        if self.urn_plays is None:
            return ()
        for number, (line, weight) in enumerate(zip(self.lines, self.odds.weights, strict=True), start=1):
            if weight * self.urn_plays % self.odds.total:
                raise UrnDoesNotDivide(line=number, text=line.odds, plays=self.urn_plays)
        return tuple(weight * self.urn_plays // self.odds.total for weight in self.odds.weights)


def pool_for(pools: Iterable[Pool], attributes: Mapping[str, Any], now: datetime, *, on_lists: Collection[str]) -> Pool:
    """Of a tier's pools, the first whose audience the member is among; the last is for everybody."""
    return next(pool for pool in pools if not pool.audience.unmet(attributes, now, on_lists=on_lists))
