"""What the campaigns of these stories hold: lines whose odds leave nothing to chance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.journeys.people import Line

NEARLY_SURE = "999999/1000000"
THANKS: Line = ("thanks", "rest", None, None, None)
TOPUP: tuple[Line, ...] = (("topup", NEARLY_SURE, None, None, "TOPUP-10"), THANKS)
UMBRELLA: tuple[Line, ...] = (("umbrella", NEARLY_SURE, None, None, "UMBRELLA"), THANKS)
LAST_UMBRELLA: tuple[Line, ...] = (("umbrella", NEARLY_SURE, 1, None, "UMBRELLA"), THANKS)
POINTS: tuple[Line, ...] = (("points", NEARLY_SURE, None, None, "POINTS-66"), THANKS)
COUPON: tuple[Line, ...] = (("coupon", NEARLY_SURE, None, None, "COUPON-5"), THANKS)
NOTHING: tuple[Line, ...] = (("points", "1/1000000", None, None, "POINTS-66"), THANKS)
LIVELY: tuple[Line, ...] = (
    ("topup", "20%", None, None, "TOPUP-10"),
    ("umbrella", "20%", None, None, "UMBRELLA"),
    ("points", "20%", None, None, "POINTS-66"),
    THANKS,
)
LIVELY_WHEEL = {"face": "wheel", "sectors": ["umbrella", "thanks", "topup", "points", "thanks", "topup", "points"]}


def limits(*, day: int | None = None, total: int | None = None) -> dict[str, Any]:
    return {"limits": {"member_day_plays_max": day, "member_plays_max": total}}


def zone_far_from_midnight() -> str:
    """A zone whose day does not turn while a test looks at today's last chance."""
    hour = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).hour
    return "Asia/Shanghai" if hour != 23 else "UTC"
