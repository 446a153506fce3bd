"""What a config may say, and the days of its zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.config import zone_table
from campaigns.lifecycle import check
from campaigns.tallies import start_of_day
from core.clock import to_ms
from core.errors import InvalidField
from tests.support.campaigns import Shape

HOUR_MS = 3_600_000
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def offset_at(table: tuple[tuple[int, int], ...], instant: datetime) -> int:
    """As the script finds it: the last row that begins before the instant."""
    return [offset for start, offset in table if to_ms(instant) >= start][-1]


def local_day(zone: str, instant: datetime) -> int:
    return (instant.astimezone(ZoneInfo(zone)).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def test_a_zone_without_summer_time_has_one_offset() -> None:
    assert zone_table("Asia/Shanghai", NOW, NOW + timedelta(days=365)) == ((0, 8 * HOUR_MS),)


def test_a_summer_time_zone_turns_at_the_second_it_turns() -> None:
    table = zone_table("Europe/Berlin", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    spring, autumn = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert table == ((0, HOUR_MS), (to_ms(spring), 2 * HOUR_MS), (to_ms(autumn), HOUR_MS))


def test_half_hours_quarter_hours_and_a_day_that_was_skipped() -> None:
    assert zone_table("Asia/Kathmandu", NOW, NOW + timedelta(days=1)) == ((0, 5 * HOUR_MS + HOUR_MS * 3 // 4),)
    turn = zone_table("Australia/Lord_Howe", datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
    assert [offset for _, offset in turn] == [11 * HOUR_MS, 10 * HOUR_MS + HOUR_MS // 2]
    samoa = zone_table("Pacific/Apia", datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 5, tzinfo=UTC))
    assert [offset for _, offset in samoa] == [-10 * HOUR_MS, 14 * HOUR_MS]


@given(
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Sao_Paulo"]
    ),
    starts_at=st.integers(0, 1460 * 24 * 60).map(
        lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    days=st.integers(1, 400),
    where=st.floats(0, 1),
)
def test_the_script_s_day_is_the_calendar_s(zone: str, starts_at: datetime, days: int, where: float) -> None:
    table = zone_table(zone, starts_at, starts_at + timedelta(days=days))
    instant = starts_at + where * timedelta(days=days)
    day = (to_ms(instant) + offset_at(table, instant)) // (24 * HOUR_MS)
    assert day == local_day(zone, instant)
    assert local_day(zone, start_of_day(zone, day + 1)) == day + 1
    assert start_of_day(zone, day) <= instant < start_of_day(zone, day + 1)


def config(**more: Any) -> dict[str, Any]:
    return Shape().config(NOW) | more


def line(**more: Any) -> dict[str, Any]:
    return {"key": "phone", "odds": "10%", "stock": 5, "product": "PHONE-256", **more}


def pool(*lines: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"key": "main", "fallback": "thanks", "lines": [*lines, {"key": "thanks", "odds": "rest"}], **more}]


@pytest.mark.parametrize(
    ("told", "field", "reason"),
    [
        ({"zone": "Asia/Peking"}, "zone", "no such time zone"),
        ({"ends_at": NOW - timedelta(days=9)}, "config", "ends_at is not after starts_at"),
        ({"ends_at": NOW + timedelta(days=900)}, "config", "800 days at most"),
        ({"starts_at": "2026-11-21T09:00:00"}, "starts_at", "timezone"),
        ({"skin": "pink"}, "skin", "'warm', 'cool' or 'night'"),
        ({"colour": "red"}, "colour", "Extra inputs are not permitted"),
        ({"limits": {"member_day_plays_max": 0}}, "limits.member_day_plays_max", "greater than or equal to 1"),
        ({"claim_days": 400}, "claim_days", "less than or equal to 365"),
        ({"pools": pool(fallback="nothing")}, "pools.0", "is not a line of the pool"),
        ({"pools": pool(line(), fallback="phone")}, "pools.0", "so it may run out"),
        ({"pools": pool(line(), line())}, "config", "line key used twice: phone"),
        ({"pools": pool(line(key="Phone!"))}, "pools.0.lines.0.key", "match pattern"),
        ({"pools": pool(line(stock=0))}, "pools.0.lines.0.stock", "greater than or equal to 1"),
        ({"pools": pool(line(odds="1" * 33))}, "pools.0.lines.0.odds", "at most 32 characters"),
        ({"pools": []}, "pools", "at least 1 item"),
        ({"game": {"face": "wheel", "sectors": ["phone", "gold"]}}, "game.sectors.1", "which the pool does not have"),
        ({"game": {"face": "wheel", "sectors": ["phone"]}}, "game.sectors", "at least 2 items"),
    ],
)
def test_a_fault_is_named_with_its_field_and_the_reason(told: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidField) as refused:
        check("wheel", config(**told))
    faults = [(fault["field"], fault["reason"]) for fault in refused.value.facts["errors"]]
    assert any(at == field and reason in why for at, why in faults), faults


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidField) as refused:
        check("wheel", config(skin="pink", claim_days=0, zone="Nowhere"))
    assert {fault["field"] for fault in refused.value.facts["errors"]} == {"skin", "claim_days", "zone"}
