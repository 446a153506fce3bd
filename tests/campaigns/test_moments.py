"""Winning moments: every one in its stratum, won by the next play after it and by nobody before, known after any loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from campaigns.config import Config
from campaigns.goodness import chi_square_p
from campaigns.lifecycle import AgainstMembersFavour
from campaigns.models import Play
from campaigns.moments import Moment, Moments, Span, Window, WindowsOverlap, schedule_of, spans_of
from campaigns.room import CampaignsRoom
from core.clock import to_ms
from core.db import Database
from inventory.claims import read
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_invariants import findings
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock, change

__all__ = ["rooms"]

SEED = bytes(range(32))
DAY = timedelta(days=1)
OVER = {"starts_in": -100 * DAY, "lasts": 101 * DAY}
"""Nearly all moments lie in the past."""
HIDDEN = [("phone", "moment", 20, None, "PHONE-256"), ("thanks", "rest", None, None, None)]
MIXED = [
    ("phone", "moment", 10, None, "PHONE-256"),
    ("topup", "moment", 10, None, "TOPUP-10"),
    ("points", "50%", None, None, "POINTS-5"),
    ("thanks", "rest", None, None, None),
]
EVENING = {"windows": [{"begins": "20:00", "ends": "22:00"}]}


def spans(*windows: tuple[str, str], zone: str = "Asia/Shanghai", days: int = 2, **more: Any) -> list[tuple[str, str]]:
    """The spans of some days from 6 March 2026, noon in UTC, as ISO instants."""
    told = [Window(begins=begins, ends=ends, **more) for begins, ends in windows]
    starts_at = datetime(2026, 3, 6, 12, tzinfo=UTC)
    found = spans_of(Moments(windows=tuple(told)), zone=zone, starts_at=starts_at, ends_at=starts_at + days * DAY)
    return [(_iso(span.begins_ms), _iso(span.ends_ms)) for span in found]


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%d %H:%M")


def moments(counts: tuple[int, ...], *told: Span, seed: bytes = SEED) -> list[Moment]:
    (found,) = schedule_of(seed=seed, campaign="c", pool="main", spans=told, counts=counts, rolls_over=True)
    return list(found)


def test_a_window_comes_every_day_cut_to_the_campaign_s_hours() -> None:
    assert spans(("20:00", "22:00")) == [("06 12:00", "06 14:00"), ("07 12:00", "07 14:00")]
    assert spans(("18:00", "21:00")) == [("06 12:00", "06 13:00"), ("07 10:00", "07 13:00"), ("08 10:00", "08 12:00")]


def test_a_window_past_midnight_belongs_to_the_day_it_began_on() -> None:
    assert spans(("23:00", "01:00")) == [("06 15:00", "06 17:00"), ("07 15:00", "07 17:00")]
    friday = Window(begins="23:00", ends="01:00", days=(5,))
    starts_at = datetime(2026, 3, 6, 12, tzinfo=UTC)
    (one,) = spans_of(
        Moments(windows=(friday,)), zone="Asia/Shanghai", starts_at=starts_at, ends_at=starts_at + 7 * DAY
    )
    assert (_iso(one.begins_ms), _iso(one.ends_ms)) == ("06 15:00", "06 17:00")


def test_a_window_is_as_long_as_the_day_of_a_clock_change_makes_it() -> None:
    """On 8 March 2026 New York goes from 02:00 to 03:00: a window from 01:00 to 04:00 lasts two hours, and a day 23."""
    found = spans(("01:00", "04:00"), zone="America/New_York", days=3)
    assert found == [("07 06:00", "07 09:00"), ("08 06:00", "08 08:00"), ("09 05:00", "09 08:00")]
    whole = spans(("00:00", "00:00"), zone="America/New_York", days=3)
    assert ("08 05:00", "09 04:00") in whole


def test_where_windows_overlap_their_shares_add_up_or_they_are_refused() -> None:
    windows = (Window(begins="20:00", ends="23:00"), Window(begins="21:00", ends="22:00", share=4))
    starts_at = datetime(2026, 3, 6, 12, tzinfo=UTC)
    hours: dict[str, Any] = {"zone": "Asia/Shanghai", "starts_at": starts_at, "ends_at": starts_at + DAY}
    found = spans_of(Moments(windows=windows), **hours)
    assert [(_iso(span.begins_ms), _iso(span.ends_ms), span.share) for span in found] == [
        ("06 12:00", "06 13:00", 1),
        ("06 13:00", "06 14:00", 5),
        ("06 14:00", "06 15:00", 1),
    ]
    with pytest.raises(WindowsOverlap):
        spans_of(Moments(windows=windows, unclaimed="void"), **hours)


def test_each_stratum_holds_one_moment_and_no_hour_is_likelier_than_another() -> None:
    day_ms = 86_400_000
    offsets: Counter[int] = Counter()
    for number in range(200):
        found = moments((0, 24, 3), Span(0, day_ms, 1), seed=number.to_bytes(32, "big"))
        assert found == sorted(found)
        of_one = [moment.due_ms for moment in found if moment.line == 1]
        assert [due // 3_600_000 for due in of_one] == list(range(24))
        assert [moment.due_ms * 3 // day_ms for moment in found if moment.line == 2] == [0, 1, 2]
        offsets.update(due % 3_600_000 // 360_000 for due in of_one)
    assert chi_square_p([offsets[tenth] for tenth in range(10)], [1] * 10) > 0.001


def test_a_window_of_three_times_the_share_holds_three_times_as_many() -> None:
    hour = 3_600_000
    found = moments((400,), Span(0, hour, 1), Span(5 * hour, 6 * hour, 3))
    late = [moment for moment in found if moment.due_ms >= 5 * hour]
    assert (len(found), len(late)) == (400, 300)
    assert all(0 <= moment.due_ms < hour or 5 * hour <= moment.due_ms < 6 * hour for moment in found)


def test_moments_that_are_void_with_their_window_are_numbered_window_by_window() -> None:
    hour = 3_600_000
    told = (Span(0, hour, 1), Span(5 * hour, 6 * hour, 1))
    found = schedule_of(seed=SEED, campaign="c", pool="main", spans=told, counts=(7, 3), rolls_over=False)
    assert sorted(moment for span in found for moment in span) == moments((7, 3), *told)
    assert [{moment.due_ms // hour for moment in span} for span in found] == [{0}, {5}]


async def test_the_next_plays_win_what_is_due_and_no_more(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=MIXED, pool={"moments": {}}, **OVER)
    running = await room.versions.running(campaign)
    version, pool = running.version, running.version.config.pools[0]
    (schedule,) = version.schedules[pool.key]
    due = [pool.lines[moment.line].key for moment in schedule if moment.due_ms <= to_ms(WallClock().now())]
    assert len(due) >= 18
    answers = [await play(room, asked(campaign, member=str(uuid4()))) for _ in range(40)]
    assert [answer["awarded"] for answer in answers[: len(due)]] == due
    assert [answer["drawn"] for answer in answers[: len(due)]] == due
    assert {answer["awarded"] for answer in answers[len(due) :]} == {"points", "thanks"}
    await assert_everything_holds(database, connection, room, campaign)


async def test_250_at_once_win_each_moment_once(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=HIDDEN, pool={"moments": {}}, starts_in=-100 * DAY, lasts=100 * DAY + DAY / 2)
    told = await race(rooms, [ask(campaign) for _ in range(250)])
    assert not [each for each in told if isinstance(each, BaseException)]
    async with database.reading() as session:
        rows = (await session.execute(select(Play.awarded, Play.numbers).where(Play.campaign_id == campaign))).all()
    taken = [number.number for row in rows for number in read(row.numbers) if number.tally == "moments:main"]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert Counter(row.awarded for row in rows) == {"phone": len(taken), "thanks": 250 - len(taken)}
    assert 19 <= len(taken) <= 20
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_nobody_wins_before_the_hour(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=HIDDEN, pool={"moments": {}}, starts_in=-DAY / 24, lasts=200 * DAY)
    assert {(await play(room, asked(campaign)))["awarded"] for _ in range(30)} == {"thanks"}
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_moment_waits_for_somebody_who_may_win_it(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=HIDDEN, pool={"moments": {}}, of_lines={"phone": {"member_wins_max": 1}}, **OVER
    )
    first, second = str(uuid4()), str(uuid4())
    assert [(await play(room, asked(campaign, member=first)))["awarded"] for _ in range(3)] == [
        "phone",
        "thanks",
        "thanks",
    ]
    assert (await play(room, asked(campaign, member=second)))["awarded"] == "phone"
    await assert_everything_holds(database, connection, room, campaign)


async def test_what_was_won_is_known_after_all_counters_are_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=HIDDEN, pool={"moments": {}}, **OVER)
    for _ in range(7):
        await play(room, asked(campaign))
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays)
    answers = [(await play(room, asked(campaign)))["awarded"] for _ in range(16)]
    assert Counter(answers)["phone"] in {12, 13}
    await assert_everything_holds(database, connection, room, campaign)


async def test_moments_of_a_window_that_is_over_are_void(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    """Of 50 days' evenings only this one's moments are left, and none outside the hours; a window of its own is now."""
    now = WallClock().now()
    begins, ends = ((now + timedelta(minutes=minutes)).strftime("%H:%M") for minutes in (-120, 60))
    lines = [("phone", "moment", 500, None, "PHONE-256"), ("thanks", "rest", None, None, None)]
    window = {"begins": begins, "ends": ends}
    moments = {"windows": [window], "unclaimed": "void"}
    campaign = await publish_wheel(
        lines=lines, pool={"moments": moments}, starts_in=-50 * DAY, lasts=51 * DAY, zone="UTC"
    )
    answers = [(await play(room, asked(campaign)))["awarded"] for _ in range(20)]
    won = Counter(answers)["phone"]
    assert 4 <= won <= 9, "about two thirds of the ten of this evening"
    assert answers == ["phone"] * won + ["thanks"] * (20 - won)
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_moment_told_to_be_another_s_is_noticed(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=MIXED, pool={"moments": {}}, starts_in=-DAY / 24, lasts=700 * DAY)
    answers = [await play(room, asked(campaign)) for _ in range(3)]
    assert {answer["awarded"] for answer in answers} <= {"points", "thanks"}
    async with database.transaction() as session:
        row = await session.get_one(Play, answers[0]["id"])
        row.numbers = f"{row.numbers}moments:main=0:20;"
    (fault,) = (await findings(database, connection, room))["I11"].broken
    assert "took a moment that was due" in fault


async def test_moments_stay_as_they_were_published(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=HIDDEN, pool={"moments": EVENING}, **OVER)
    before = (await room.versions.look_again(campaign)).version.config.spans
    with pytest.raises(AgainstMembersFavour):
        await change(database, room, campaign, "add_stock", line="phone", units=5)
    await change(database, room, campaign, "extend", ends_at=WallClock().now() + 300 * DAY)
    after = (await room.versions.look_again(campaign)).version.config.spans
    assert before == after
    assert len(before["main"]) >= 101


@pytest.mark.parametrize(
    ("pool", "of_lines", "words"),
    [
        ({}, {}, "go together"),
        ({"moments": {}}, {"phone": {"odds": "1%"}}, "go together"),
        ({"moments": {}}, {"phone": {"stock": None}}, "needs a product and a stock"),
        ({"moments": {}}, {"phone": {"stock": 10_001}}, "10000 moments at most"),
        ({"moments": {}, "urn_plays": 10}, {}, "takes no urn"),
        ({"moments": {"unclaimed": "void"}}, {}, "need windows"),
        ({"moments": {"windows": [{"begins": "25:00", "ends": "01:00"}]}}, {}, "String should match"),
        ({"moments": {}, "fallback": "phone"}, {}, "may run out"),
    ],
)
def test_moments_that_cannot_be_are_refused(pool: dict[str, Any], of_lines: dict[str, Any], words: str) -> None:
    told = Shape(lines=HIDDEN, pool=pool, of_lines=of_lines).config(WallClock().now())
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(told)
