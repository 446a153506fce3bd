"""Days, weeks and months of a zone, by their usual names: 2026-11-22, 2026-W47, 2026-11."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
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


def start_of_period(every: Every, at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the period that an instant falls in."""
    day = at.astimezone(zone).date()
    if every is Every.WEEK:
        day -= timedelta(days=day.weekday())
    elif every is Every.MONTH:
        day = day.replace(day=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the next day in the zone."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)
