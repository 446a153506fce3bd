"""Days, weeks and months of a zone, by their usual names: 2026-11-22, 2026-W47, 2026-11."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Every(StrEnum):
    """How often something begins anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def period_name(every: Every, at: datetime, zone: ZoneInfo) -> str:
    """The period that an instant falls in; weeks begin on Monday, as ISO 8601 counts them."""
    local = at.astimezone(zone)
    if every is Every.WEEK:
        year, week, _ = local.isocalendar()
        return f"{year:04}-W{week:02}"
    return local.date().isoformat() if every is Every.DAY else f"{local.year:04}-{local.month:02}"


def bounds_of_period(every: Every, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the period that an instant falls in, and the first of the next."""
    day = at.astimezone(zone).date()
    if every is Every.DAY:
        first, after = day, day + timedelta(days=1)
    elif every is Every.WEEK:
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return _midnight(first, zone), _midnight(after, zone)


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the next day in the zone."""
    return bounds_of_period(Every.DAY, at, zone)[1]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
