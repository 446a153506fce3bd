"""How long chances last that a member was given, whether by an event, a code or for points."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class Lasts(StrEnum):
    """Until the day ends, for so many days, or as long as the campaign."""

    TODAY = "today"
    DAYS = "days"
    CAMPAIGN = "campaign"


def are_days_told(lasts: Lasts, days: int | None) -> bool:
    """Whether it is said how many days where chances last for days, and nowhere else."""
    return (lasts is Lasts.DAYS) == (days is not None)


def expiry(lasts: Lasts, days: int | None, *, now: datetime, day_ends_at: datetime) -> datetime | None:
    """When chances given now expire; None when they last as long as the campaign."""
    if days is not None:
        return now + timedelta(days=days)
    return day_ends_at if lasts is Lasts.TODAY else None
