"""The last gate: caps hold whatever is reported, by however many at once, and an event counts once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from core.db import Database
from core.errors import NotFound
from core.ids import TimeOrderedIds
from earning import rules
from earning.events import ASKED_MAX, EventDiffers, Received, Reported, RuleStopped, receive
from earning.grants import held_by
from earning.periods import Every, bounds_of_period, period_name
from tests.campaigns.conftest import Publish, connection, publish_wheel, room
from tests.support.campaigns import MALL

__all__ = ["connection", "publish_wheel", "room"]

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # Sunday, in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")
ANN, BEN = "0190a000-0000-7000-8000-0000000000a1", "0190a000-0000-7000-8000-0000000000b1"


@pytest.fixture
async def campaign(publish_wheel: Publish) -> str:
    return await publish_wheel(more={"chances": {}})


async def a_rule(database: Database, campaign: str, *, key: str = "order", **caps: Any) -> None:
    rule = rules.Rule.model_validate(
        {
            "key": key,
            "name": {"zh": "完成订单", "en": "An order"},
            "zone": "Asia/Shanghai",
            "caps": {"event_max": 99, **caps},
        }
    )
    async with database.transaction() as session:
        await rules.create(session, mall=MALL, campaign=campaign, rule=rule, ids=TimeOrderedIds(), now=NOON)


async def change(database: Database, *, is_active: bool = True, key: str = "order", **caps: Any) -> None:
    async with database.transaction() as session:
        row = await rules.find(session, mall=MALL, key=key, to_change=True)
        told = rules.Caps.model_validate({"event_max": 99, **caps})
        await rules.change(session, row, caps=told, is_active=is_active, now=NOON)


async def report(
    database: Database,
    asked: int = 1,
    *,
    member: str = ANN,
    event: str = "",
    rule: str = "order",
    now: datetime = NOON,
    mall: str = MALL,
) -> Received:
    reported = Reported(event or str(uuid4()), rule, member, asked)
    return await receive(database, mall=mall, reported=reported, now=now)


async def granted(database: Database, *asked: int, **more: Any) -> list[int]:
    return [(await report(database, each, **more)).event.granted for each in asked]


async def has(database: Database, campaign: str, member: str = ANN, *, now: datetime = NOON) -> int:
    async with database.reading() as session:
        held = await held_by(session, campaign=campaign, member=member, now=now)
    return sum(grant.amount for grant in held.open)


async def test_9999_is_99_and_both_are_kept(database: Database, campaign: str) -> None:
    await a_rule(database, campaign)
    received = await report(database, 9999)
    assert (received.event.asked, received.event.granted) == (9999, 99)
    assert received.event.cuts == [{"cap": "event", "most": 99, "left": 99}]
    assert await has(database, campaign) == 99
    assert (await report(database, 98)).event.cuts == []
    assert await granted(database, ASKED_MAX) == [99]


async def test_a_known_event_is_answered_and_not_granted_again(database: Database, campaign: str) -> None:
    await a_rule(database, campaign)
    first = await report(database, 3, event="order-1")
    again = await report(database, 3, event="order-1", now=NOON + timedelta(days=400))
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.event.granted, again.event.received_at) == (3, NOON)
    assert await has(database, campaign) == 3
    for other in ({"asked": 4}, {"asked": 3, "member": BEN}):
        with pytest.raises(EventDiffers):
            await report(database, event="order-1", **other)


async def test_a_member_has_so_many_a_day_so_many_in_all_and_everybody_together(
    database: Database, campaign: str
) -> None:
    await a_rule(database, campaign, member_period="day", member_period_max=5, member_max=8, all_max=10)
    assert await granted(database, 3, 3, 3) == [3, 2, 0]
    almost, midnight = NOON.replace(hour=15, minute=59), NOON.replace(hour=16)
    assert await granted(database, 1, now=almost) == [0]
    last = await report(database, 4, now=midnight)
    assert (last.event.granted, [cut["cap"] for cut in last.event.cuts]) == (3, ["member"])
    cut = await report(database, 9, member=BEN, now=midnight)
    assert cut.event.granted == 2
    assert {each["cap"]: each["left"] for each in cut.event.cuts} == {"all": 2, "member": 8, "member-day": 5}
    assert (await report(database, 1, member=BEN, now=midnight + timedelta(days=9))).event.grant_number is None
    assert (await has(database, campaign), await has(database, campaign, BEN)) == (8, 2)


async def test_caps_set_later_count_what_was_granted_before(database: Database, campaign: str) -> None:
    await a_rule(database, campaign)
    assert await granted(database, 60, 60) == [60, 60]
    await change(database, member_max=130, member_period="month", member_period_max=125)
    assert await granted(database, 60) == [5]
    await change(database, member_max=100)
    assert await granted(database, 60) == [0]
    await change(database, member_max=131)
    assert await granted(database, 60) == [6]
    assert await granted(database, 60, member=BEN) == [60]


async def test_a_stopped_rule_grants_nothing_and_keeps_nothing(database: Database, campaign: str) -> None:
    await a_rule(database, campaign)
    await change(database, is_active=False)
    with pytest.raises(RuleStopped):
        await report(database, event="order-1")
    await change(database, is_active=True)
    assert (await report(database, event="order-1")).is_new


async def test_a_rule_is_its_malls_own(database: Database, campaign: str) -> None:
    await a_rule(database, campaign)
    with pytest.raises(NotFound):
        await report(database, mall=str(uuid4()))
    with pytest.raises(NotFound):
        await report(database, rule="refund")
    with pytest.raises(rules.RuleExists):
        await a_rule(database, campaign)


@pytest.mark.parametrize(
    ("caps", "expires_at"),
    [
        ({}, None),
        ({"chances_last": "today"}, NOON.replace(hour=16)),
        ({"chances_last": "days", "chances_days": 3}, NOON + timedelta(days=3)),
    ],
)
async def test_chances_last_as_the_rule_says(
    database: Database, campaign: str, caps: dict[str, Any], expires_at: datetime | None
) -> None:
    await a_rule(database, campaign, **caps)
    assert (await report(database, 2)).event.expires_at == expires_at
    if expires_at is not None:
        assert await has(database, campaign, now=expires_at - timedelta(seconds=1)) == 2
        assert await has(database, campaign, now=expires_at) == 0


@pytest.mark.parametrize(
    "caps",
    [
        {"event_max": 0},
        {"event_max": 1001},
        {"event_max": True},
        {"member_period": "day"},
        {"member_period_max": 3},
        {"member_period": "hour", "member_period_max": 3},
        {"chances_days": 3},
        {"chances_last": "days"},
        {"members_max": 3},
    ],
)
def test_caps_that_say_nothing_are_refused(caps: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules.Caps.model_validate({"event_max": 1, **caps}, strict="event_max" in caps)


async def test_250_at_once_never_pass_a_cap(database: Database, campaign: str) -> None:
    await a_rule(database, campaign, member_period="day", member_period_max=40, all_max=70)
    told = await asyncio.gather(*(report(database, 3, member=(ANN, BEN)[number % 2]) for number in range(250)))
    assert sum(each.event.granted for each in told) == 70
    assert max(await has(database, campaign), await has(database, campaign, BEN)) <= 40
    assert await has(database, campaign) + await has(database, campaign, BEN) == 70


async def test_one_event_250_times_at_once_is_granted_once(database: Database, campaign: str) -> None:
    await a_rule(database, campaign, member_max=1000)
    told = await asyncio.gather(*(report(database, 7, event="order-1") for _ in range(250)))
    assert sum(each.is_new for each in told) == 1
    assert {each.event.granted for each in told} == {7}
    assert await has(database, campaign) == 7


async def test_the_ledger_itself_refuses_what_passes_a_cap(database: Database, campaign: str) -> None:
    await a_rule(database, campaign, member_max=5)
    await report(database, 5)
    with pytest.raises(Exception, match="ck_rule_spent_within_most"):
        async with database.transaction() as session:
            await session.execute(text("UPDATE rule_spent SET amount = amount + 1"))


async def test_what_a_faster_clock_granted_tomorrow_is_not_of_today(database: Database, campaign: str) -> None:
    daily = {"member_period": "day", "member_period_max": 5}
    await a_rule(database, campaign, **daily)
    almost, midnight = NOON.replace(hour=15, minute=59), NOON.replace(hour=16)
    assert await granted(database, 4, now=midnight) == [4]
    await change(database, **daily)  # what was counted is counted anew
    assert await granted(database, 3, 3, now=almost) == [3, 2]
    assert await granted(database, 3, now=midnight) == [1]


@pytest.mark.parametrize(
    ("every", "at", "name", "days"),
    [
        (Every.DAY, NOON, "2026-11-22", ("2026-11-22", "2026-11-23")),
        (Every.WEEK, NOON, "2026-W47", ("2026-11-16", "2026-11-23")),
        (Every.WEEK, NOON.replace(hour=16), "2026-W48", ("2026-11-23", "2026-11-30")),
        (Every.WEEK, datetime(2027, 1, 1, tzinfo=UTC), "2026-W53", ("2026-12-28", "2027-01-04")),
        (Every.MONTH, NOON, "2026-11", ("2026-11-01", "2026-12-01")),
        (Every.MONTH, datetime(2027, 2, 3, tzinfo=UTC), "2027-02", ("2027-02-01", "2027-03-01")),
    ],
)
def test_periods_are_those_of_the_zone(every: Every, at: datetime, name: str, days: tuple[str, str]) -> None:
    assert period_name(every, at, SHANGHAI) == name
    bounds = tuple(datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) for day in days)
    assert bounds_of_period(every, at, SHANGHAI) == bounds


def test_a_day_may_have_25_hours() -> None:
    since, until = bounds_of_period(Every.DAY, datetime(2026, 10, 25, 11, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert until - since == timedelta(hours=25)
