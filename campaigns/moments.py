"""Winning moments: hours that nobody knows, each with a prize for the next play.

The windows in which they lie are pinned as instants when a campaign is published, so that no later change of a zone's rules
moves them. The moments of a line are spread evenly: its share of the windows is cut into as many equal strata as it has
moments, and each stratum holds one, drawn from the seed. A window of twice the share holds twice as many in the same time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaigns.fairness import below, words_of
from core.clock import to_ms

WINDOWS_MAX = 24
MOMENTS_MAX = 10_000
SHARE_MAX = 1000
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["20:00"])]


class Window(BaseModel):
    """Hours of the day in the campaign's zone, on some days of the week (1 is Monday).

    One that ends at its beginning or before it goes on past midnight, and belongs to the day it began on. `share` is how
    dense its moments lie beside those of other windows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: Clock
    ends: Clock
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)] = EVERY_DAY
    share: Annotated[int, Field(ge=1, le=SHARE_MAX)] = 1


class Moments(BaseModel):
    """When the prizes of the pool's lines with odds `moment` may be won. Without windows, at any time.

    A moment that nobody took rolls over, so that the next play still wins it, or is void when its window ends.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"windows": [{"begins": "20:00", "ends": "22:00"}], "unclaimed": "void"}]},
    )

    windows: Annotated[tuple[Window, ...], Field(max_length=WINDOWS_MAX)] = ()
    unclaimed: Literal["rolls_over", "void"] = "rolls_over"

    @model_validator(mode="after")
    def _void_needs_a_window(self) -> Moments:
        if self.unclaimed == "void" and not self.windows:
            raise ValueError("moments that are void when their window ends need windows")
        return self


class Span(NamedTuple):
    """One window on one day, in milliseconds since 1970, with its share."""

    begins_ms: int
    ends_ms: int
    share: int


class Moment(NamedTuple):
    """The hour from which the next play wins the line at this place of the pool."""

    due_ms: int
    line: int


Schedule = tuple[tuple[Moment, ...], ...]
"""The moments in order, span by span where they are void at its end, otherwise all in one."""


class WindowsOverlap(ValueError):
    """Two windows overlap, so that there is no telling in which a moment lies."""


def spans_of(moments: Moments, *, zone: str, starts_at: datetime, ends_at: datetime) -> tuple[Span, ...]:
    """Every window on every day of a campaign, in order, cut to the campaign's hours. Where windows overlap, shares add up.

    A clock that the zone leaves out or has twice means what `zoneinfo` says with fold 0. Raises WindowsOverlap for those whose
    moments are void at their end.
    """
    opens, closes = to_ms(starts_at), to_ms(ends_at)
    if not moments.windows:
        return (Span(opens, closes, 1),)
    place = ZoneInfo(zone)
    first = starts_at.astimezone(place).date() - timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((ends_at.astimezone(place).date() - first).days + 1)]
    whole = [_span(window, day, place) for day in days for window in moments.windows if day.isoweekday() in window.days]
    cut = [Span(max(each.begins_ms, opens), min(each.ends_ms, closes), each.share) for each in whole]
    found = sorted(each for each in cut if each.begins_ms < each.ends_ms)
    if moments.unclaimed == "void" and any(one.ends_ms > other.begins_ms for one, other in pairwise(found)):
        raise WindowsOverlap
    return tuple(_added_up(found))


def _added_up(spans: Sequence[Span]) -> Iterator[Span]:
    """Spans that do not overlap, as dense everywhere as those together."""
    changes: Counter[int] = Counter()
    for span in spans:
        changes[span.begins_ms] += span.share
        changes[span.ends_ms] -= span.share
    share = 0
    for begins_ms, ends_ms in pairwise(sorted(changes)):
        share += changes[begins_ms]
        if share:
            yield Span(begins_ms, ends_ms, share)


def _span(window: Window, day: date, place: ZoneInfo) -> Span:
    begins, ends = time.fromisoformat(window.begins), time.fromisoformat(window.ends)
    last_day = day + timedelta(days=ends <= begins)
    hours = [datetime.combine(on, at, tzinfo=place) for on, at in ((day, begins), (last_day, ends))]
    return Span(to_ms(hours[0]), to_ms(hours[1]), window.share)


def schedule_of(
    *, seed: bytes, campaign: str, pool: str, spans: Sequence[Span], counts: Sequence[int], rolls_over: bool
) -> Schedule:
    """When every moment is due; `counts` says how many each line of the pool has.

    The words of a line are those of `fairness.words_of` for "moments-<place of the line>".
    """
    ends = list(accumulate((span.ends_ms - span.begins_ms) * span.share for span in spans))
    found = sorted(
        Moment(due_ms, line)
        for line, count in enumerate(counts)
        for due_ms in _instants(words_of(seed, campaign, pool, f"moments-{line}"), spans, ends, count)
    )
    if rolls_over:
        return (tuple(found),)
    by_span: list[list[Moment]] = [[] for _ in spans]
    starts = [span.begins_ms for span in spans]
    for moment in found:
        by_span[bisect_right(starts, moment.due_ms) - 1].append(moment)
    return tuple(map(tuple, by_span))


def _instants(words: Iterator[int], spans: Sequence[Span], ends: Sequence[int], count: int) -> Iterator[int]:
    """One instant in each of `count` strata; `ends` is where each span ends on the scale of time by share."""
    for number in range(count):
        low, high = number * ends[-1] // count, (number + 1) * ends[-1] // count
        at = low + below(high - low, words)
        place = bisect_right(ends, at)
        yield spans[place].begins_ms + (at - (ends[place - 1] if place else 0)) // spans[place].share
