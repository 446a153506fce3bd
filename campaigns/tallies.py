"""What a play is counted by: the tallies of a campaign, and the periods in which they begin anew.

A tally gives numbers 1, 2, 3 … up to its last, of the whole campaign or of each member. Plays in all and of the day have
columns of their own in the ledger, and so do units; every other number is a row there, which no two plays share. A budget is
a tally whose numbers are a running sum, and the ledger keeps what it has come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.config import Config
from campaigns.pools import Line, Pool
from inventory.claims import UNLIMITED, Of, Period, Take

ALL_PLAYS = "plays"
DRY = "dry:"
CARDS = "cards:"
MOMENTS = "moments:"
FREE = "free"
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)

Zone = tuple[tuple[int, int], ...]
"""`config.zone_table`: (from, offset) in milliseconds."""


Rows = tuple[tuple[str, Of, Period, int | None], ...]


def takes_of_play(config: Config) -> tuple[Take, ...]:
    """What every play takes, whatever it draws."""
    limits = config.limits
    rows: Rows = (
        ("plays-hour", "member", "hour", limits.member_hour_plays_max),
        ("plays-week", "member", "week", limits.member_week_plays_max),
        ("plays-month", "member", "month", limits.member_month_plays_max),
        (ALL_PLAYS, "campaign", "all", limits.plays_max),
    )
    return _limited(rows)


def takes_of_line(config: Config, line: Line) -> tuple[Take, ...]:
    """What a play takes that is given this line, beside its unit."""
    limits, wins = config.limits, line.product is not None
    group = next((group for group in limits.groups if line.key in group.lines), None)
    rows: Rows = (
        (f"hour:{line.key}", "campaign", "hour", line.hour_cap),
        (f"day:{line.key}", "campaign", "day", line.day_cap),
        (f"wins:{line.key}", "member", "all", line.member_wins_max),
        (f"group:{group.key if group else ''}", "member", "all", group.member_wins_max if group else None),
        ("wins-day", "member", "day", limits.member_day_wins_max if wins else None),
        ("wins", "member", "all", limits.member_wins_max if wins else None),
    )
    return _limited(rows) + _spends(config, line) + _run(config, line)


def takes_of_pool(pool: Pool) -> tuple[Take, ...]:
    """What a play takes that draws from this pool, whatever it draws: a card of its urn, or a moment if one is due."""
    if pool.urn_plays is not None:
        return (Take(f"{CARDS}{pool.key}", "campaign", "all", UNLIMITED),)
    if pool.moments is not None:
        return (Take(f"{MOMENTS}{pool.key}", "campaign", "span", sum(pool.moment_counts)),)
    return ()


def take_of_free(config: Config) -> Take | None:
    """What a play takes that is paid by a free chance."""
    free = config.chances.free if config.chances is not None else None
    return Take(FREE, "member", free.period, free.count) if free is not None else None


def takes_of_guarantee(config: Config, pool: Pool) -> tuple[Take, ...]:
    """What a play takes that is given the guaranteed line, because it waited long enough."""
    if pool.guarantee is None:
        raise AssertionError(f"pool {pool.key} guarantees nothing")
    takes = takes_of_line(config, pool.line(pool.guarantee.line))
    after = pool.guarantee.after
    return tuple(
        take._replace(period="long_run_end", last=after) if take.name.startswith(DRY) else take for take in takes
    )


def _run(config: Config, line: Line) -> tuple[Take, ...]:
    """The run of plays without a win, which a win ends, in a pool that guarantees one."""
    pool = next(pool for pool in config.pools if line in pool.lines)
    if pool.guarantee is None:
        return ()
    return (Take(f"{DRY}{pool.key}", "member", "run" if line.product is None else "run_end", UNLIMITED),)


def _spends(config: Config, line: Line) -> tuple[Take, ...]:
    """What a prize of the line takes of the campaign's budgets."""
    budget, cost = config.budget, config.cost_of(line)
    rows: tuple[tuple[str, Period, int | None, int], ...] = (
        ("money", "all", budget.money_max, cost.money),
        ("money-day", "day", budget.money_day_max, cost.money),
        ("points", "all", budget.points_max, cost.points),
        ("points-day", "day", budget.points_day_max, cost.points),
    )
    return tuple(
        Take(name, "campaign", period, last, amount, is_sum=True)
        for name, period, last, amount in rows
        if last is not None and amount > 0
    )


def _limited(rows: Rows) -> tuple[Take, ...]:
    return tuple(Take(name, of, period, last) for name, of, period, last in rows if last is not None)


def takes_of(config: Config) -> Mapping[str, Take]:
    """Every take there is in a campaign, by its tally. Of a sum, one of those that lines take."""
    pools = (take for pool in config.pools for take in takes_of_pool(pool))
    lines = (take for line in config.lines for take in takes_of_line(config, line))
    return {take.name: take for take in (*takes_of_play(config), *pools, *lines)}


def takes_when(config: Config, pool: Pool, line: Line) -> Mapping[str, Take]:
    """What a play takes that draws from a pool and is given this line, by tally; its unit comes beside it.

    A free chance and a moment are among them, which it may also do without.
    """
    free = take_of_free(config)
    of_play = takes_of_play(config) if free is None else (*takes_of_play(config), free)
    return {take.name: take for take in (*of_play, *takes_of_pool(pool), *takes_of_line(config, line))}


def day_at(zone: Zone, instant_ms: int) -> int:
    """Days since 1970 in the campaign's zone."""
    return (instant_ms + _offset_ms(zone, instant_ms)) // DAY_MS


def period_at(period: Period, zone: Zone, instant_ms: int) -> int:
    """The number of the period an instant falls in, as the script counts it.

    Hours are counted from 1970 and turn with the zone's clocks, so that the hour that comes twice in autumn is two.
    """
    if period == "all":
        return 0
    if period == "hour":
        return (instant_ms + _offset_ms(zone, instant_ms) % HOUR_MS) // HOUR_MS
    return period_of_day(period, day_at(zone, instant_ms))


def period_of_day(period: Period, day: int) -> int:
    """The number of the day, week or month that a day falls in."""
    if period == "week":
        return (day + 3) // 7  # 1970 began on a Thursday
    if period == "month":
        local = EPOCH + timedelta(days=day)
        return local.year * 12 + local.month - 1
    return day


def start_of(period: Period, number: int, *, config: Config, zone: Zone) -> datetime:
    """The instant at which a period begins, in UTC."""
    if period == "hour":
        offset_ms = _offset_ms(zone, number * HOUR_MS) % HOUR_MS
        return datetime.fromtimestamp((number * HOUR_MS - offset_ms) / 1000, tz=UTC)
    if period == "week":
        return start_of_day(config.zone, number * 7 - 3)
    if period == "month":
        return start_of_day(config.zone, (date(number // 12, number % 12 + 1, 1) - EPOCH).days)
    return start_of_day(config.zone, number)


def start_of_day(zone: str, day: int) -> datetime:
    """The instant at which a day (counted from 1970 in the zone) begins there, in UTC."""
    local = EPOCH + timedelta(days=day)
    return datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _offset_ms(zone: Zone, instant_ms: int) -> int:
    offset_ms = 0
    for start, offset in zone:
        if instant_ms >= start:
            offset_ms = offset
    return offset_ms
