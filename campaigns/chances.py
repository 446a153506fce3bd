"""How many chances a member has left, and when the next one comes: from their latest play and the version alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from campaigns.pools import Pool
from campaigns.tallies import DRY, day_at, period_at, start_of, take_of_free, takes_of_play
from campaigns.versions import Version
from core.clock import from_ms, to_ms
from inventory.claims import Period, Take, taken_of
from inventory.stream import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a member has used up by their latest play: plays, those of `day`, and (period, number) of each tally."""

    plays: int = 0
    day: int = 0
    day_plays: int = 0
    at_ms: int = 0
    numbers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sources_left: int = 0
    """Where plays cost chances: how many they have, free and granted."""


class Left(NamedTuple):
    """`chances` is None where nothing limits them. `next_at` is when the member may play again, if they must wait.

    A member who must wait and for whom no such hour comes has no chance left for good.
    """

    chances: int | None
    next_at: datetime | None


def used_by(entry: Entry) -> Used:
    return Used(
        plays=entry.ordinal,
        day=entry.day,
        day_plays=entry.day_ordinal,
        at_ms=entry.played_at_ms,
        sources_left=entry.sources_left or 0,
        numbers={tally: (period, number) for tally, period, number in entry.numbers},
    )


def wins_within(version: Version, pool: Pool, last: Entry | None) -> int | None:
    """In how many plays at the latest the guaranteed line is won while it is to be had; None where none is guaranteed.

    `last` is the member's latest play; None too when that was from another pool, which says nothing of this one.
    """
    if pool.guarantee is None:
        return None
    if last is None:
        return pool.guarantee.after + 1
    taken = taken_of(f"{DRY}{pool.key}", last.numbers)
    if taken is None:
        return None
    dry = taken.number if version.lines[last.awarded].prize is None else 0
    return max(pool.guarantee.after - dry, 0) + 1


def chances_after(version: Version, used: Used, *, now_ms: int) -> Left:
    """What is left at an hour that is not before the member's latest play."""
    limits = [*_limits(version, used, now_ms), *_sources(version, used, now_ms)]
    chances = max(min((most - count for most, count, _ in limits), default=0), 0) if limits else None
    if chances == 0:
        return Left(0, _inside(version, _after_all([turn for most, count, turn in limits if count >= most])))
    return Left(chances, _inside(version, _cooled(version, used, now_ms)))


def _limits(version: Version, used: Used, now_ms: int) -> Iterator[tuple[int, int, datetime | None]]:
    """(most, used, when it begins anew) of every limit on the member's plays."""
    limits = version.config.limits
    if limits.member_plays_max is not None:
        yield limits.member_plays_max, used.plays, None
    if limits.member_day_plays_max is not None:
        day = max(day_at(version.zone, now_ms), used.day)
        count = used.day_plays if used.day == day else 0
        yield limits.member_day_plays_max, count, _start(version, "day", day + 1)
    for take in takes_of_play(version.config):
        if take.of == "member":
            last_period, number = used.numbers.get(take.name, (0, 0))
            period = max(period_at(take.period, version.zone, now_ms), last_period)
            yield take.last, number if last_period == period else 0, _start(version, take.period, period + 1)


def _sources(version: Version, used: Used, now_ms: int) -> Iterator[tuple[int, int, datetime | None]]:
    """The chances that plays cost, as one limit: free ones and granted ones together."""
    if version.config.chances is None:
        return
    free = take_of_free(version.config)
    until_ms = free_until(version, free, now_ms=now_ms) if free is not None else None
    yield used.sources_left, 0, from_ms(until_ms) if until_ms is not None else None


def free_until(version: Version, free: Take, *, now_ms: int) -> int | None:
    """When the free chances of now are gone, in ms; None where they last as long as the campaign."""
    if free.period == "all":
        return None
    return to_ms(_start(version, free.period, period_at(free.period, version.zone, now_ms) + 1))


def day_ends_at(version: Version, *, now_ms: int) -> datetime:
    """When the campaign's day of now is over."""
    return _start(version, "day", day_at(version.zone, now_ms) + 1)


def _start(version: Version, period: Period, number: int) -> datetime:
    return start_of(period, number, config=version.config, zone=version.zone)


def _after_all(turns: list[datetime | None]) -> datetime | None:
    known = [turn for turn in turns if turn is not None]
    return max(known) if len(known) == len(turns) else None


def _cooled(version: Version, used: Used, now_ms: int) -> datetime | None:
    until_ms = used.at_ms + (version.config.limits.cooldown_seconds or 0) * 1000
    return from_ms(until_ms) if used.plays and until_ms > now_ms else None


def _inside(version: Version, instant: datetime | None) -> datetime | None:
    return instant if instant is not None and instant < version.config.ends_at else None
