"""Limits of every kind: kept exactly, by everybody at once, through the loss of every counter; and told beforehand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select

from campaigns.config import Config, zone_table
from campaigns.limits import Limits
from campaigns.models import Campaign, Play, PlayTally
from campaigns.refusals import AllPlaysTaken, CoolingDown, NoChanceLeft
from campaigns.room import CampaignsRoom
from campaigns.standing import standing_of
from campaigns.tallies import EPOCH, period_at, period_of_day, start_of
from core.clock import to_ms
from core.db import Database
from core.errors import Refusal
from inventory.claims import UNLIMITED, Claim, Rules, Take, Taken, candidate, claim, group, sent
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import ask, assert_everything_holds, race, rooms
from tests.support.campaigns import Shape, WallClock, author

__all__ = ["rooms"]

SURE = [("phone", "999999/1000000", None, None, "PHONE-256"), ("thanks", "rest", None, None, None)]
TWO = [
    ("phone", "1/2", None, None, "PHONE-256"),
    ("topup", "499999/1000000", None, None, "TOPUP-10"),
    ("thanks", "rest", None, None, None),
]
PERIODS = {"hour": timedelta(hours=1), "week": timedelta(days=7), "month": timedelta(days=31)}


async def won_by(room: CampaignsRoom, campaign: str, member: str, *, plays: int) -> list[str]:
    return [(await play(room, asked(campaign, member=member)))["awarded"] for _ in range(plays)]


async def stand(database: Database, room: CampaignsRoom, campaign: str, member: str) -> Any:
    running = await room.versions.running(campaign)
    async with database.reading() as session:
        return await standing_of(session, running, member=member, attributes={}, now=WallClock().now())


# Plays


@pytest.mark.parametrize("period", PERIODS)
async def test_plays_of_a_period_end_and_the_refusal_says_when_it_begins_anew(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish, period: str
) -> None:
    campaign = await publish_wheel(lines=SURE, limits={f"member_{period}_plays_max": 2}, lasts=timedelta(days=60))
    member = str(uuid4())
    answers = [await play(room, asked(campaign, member=member)) for _ in range(2)]
    assert [answer["chances_left"] for answer in answers] == [1, 0]
    with pytest.raises(NoChanceLeft) as refused:
        await play(room, asked(campaign, member=member))
    turn = refused.value.facts["next_chance_at"]
    assert timedelta() < turn - WallClock().now() <= PERIODS[period]
    assert answers[1]["next_chance_at"] == turn.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    standing = await stand(database, room, campaign, member)
    assert (standing.state, standing.chances_left, standing.next_chance_at) == ("no-chance-left", 0, turn)
    assert (await play(room, asked(campaign)))["ordinal"] == 1
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_member_cools_down_between_plays(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, limits={"cooldown_seconds": 3}, member_plays_max=5)
    member = str(uuid4())
    first = await play(room, asked(campaign, member=member))
    with pytest.raises(CoolingDown) as refused:
        await play(room, asked(campaign, member=member))
    until = refused.value.facts["next_chance_at"]
    assert first["next_chance_at"] == until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert first["chances_left"] == 4
    assert (await stand(database, room, campaign, member)).state == "cooling-down"
    await asyncio.sleep((until - WallClock().now()).total_seconds() + 0.05)
    assert (await stand(database, room, campaign, member)).state == "ready"
    assert (await play(room, asked(campaign, member=member)))["ordinal"] == 2
    await assert_everything_holds(database, connection, room, campaign)


async def test_of_250_members_exactly_a_hundred_play_where_there_are_a_hundred_plays(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, limits={"plays_max": 100})
    told = await race(rooms, [ask(campaign) for _ in range(250)])
    assert Counter(type(each) for each in told) == {bytes: 100, AllPlaysTaken: 150}
    assert (await stand(database, rooms[0], campaign, str(uuid4()))).state == "all-plays-taken"
    await assert_everything_holds(database, connection, rooms[0], campaign)


# Wins


async def test_who_has_won_enough_draws_as_before_and_falls_to_the_fallback(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, of_lines={"phone": {"member_wins_max": 2}})
    member = str(uuid4())
    answers = [await play(room, asked(campaign, member=member)) for _ in range(4)]
    assert [answer["drawn"] for answer in answers] == ["phone"] * 4
    assert [answer["awarded"] for answer in answers] == ["phone", "phone", "thanks", "thanks"]
    assert await won_by(room, campaign, str(uuid4()), plays=1) == ["phone"]
    await assert_everything_holds(database, connection, room, campaign)


@pytest.mark.parametrize(
    "limits",
    [
        {"groups": [{"key": "big", "lines": ["phone", "topup"], "member_wins_max": 2}]},
        {"member_wins_max": 2},
        {"member_day_wins_max": 2},
    ],
)
async def test_wins_are_counted_over_several_lines(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish, limits: dict[str, Any]
) -> None:
    campaign = await publish_wheel(lines=TWO, limits=limits)
    for _ in range(3):
        awarded = await won_by(room, campaign, str(uuid4()), plays=6)
        assert "thanks" not in awarded[:2]
        assert awarded[2:] == ["thanks"] * 4
    await assert_everything_holds(database, connection, room, campaign)


@pytest.mark.parametrize("cap", ["hour_cap", "day_cap"])
async def test_of_250_members_exactly_as_many_win_as_the_cap_lets(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish, cap: str
) -> None:
    campaign = await publish_wheel(lines=SURE, of_lines={"phone": {cap: 7}})
    told = await race(rooms, [ask(campaign) for _ in range(250)])
    assert not [each for each in told if isinstance(each, BaseException)]
    async with database.reading() as session:
        of_phone = select(func.count()).where(Play.campaign_id == campaign, Play.awarded == "phone")
        assert await session.scalar(of_phone) == 7
    await assert_everything_holds(database, connection, rooms[0], campaign)


# Faults


async def test_every_number_is_found_again_after_all_counters_are_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    limits = {"member_week_plays_max": 5, "plays_max": 9, "member_wins_max": 2}
    campaign = await publish_wheel(lines=SURE, limits=limits, of_lines={"phone": {"hour_cap": 4}})
    ann, bo = str(uuid4()), str(uuid4())
    assert await won_by(room, campaign, ann, plays=3) == ["phone", "phone", "thanks"]
    assert await won_by(room, campaign, bo, plays=1) == ["phone"]
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays, keys.member(ann), keys.member(bo))
    assert await won_by(room, campaign, bo, plays=2) == ["phone", "thanks"]  # the hour's fourth and last
    assert await won_by(room, campaign, ann, plays=2) == ["thanks", "thanks"]
    with pytest.raises(NoChanceLeft):
        await play(room, asked(campaign, member=ann))
    assert await won_by(room, campaign, bo, plays=1) == ["thanks"]
    with pytest.raises(AllPlaysTaken):
        await play(room, asked(campaign))
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_number_that_another_play_has_is_not_permitted(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    """Counters that went back alone, without what would betray them: the ledger refuses, and they are mended."""
    campaign = await publish_wheel(lines=SURE, of_lines={"phone": {"day_cap": 3}})
    for _ in range(2):
        await play(room, asked(campaign))
    counters = LaneKeys(campaign).counters
    day = (await connection.calm.hget(counters, "tally:day:phone")).split()[0]
    await connection.calm.hset(counters, "tally:day:phone", f"{day} 1 ")
    awarded = [(await play(room, asked(campaign)))["awarded"] for _ in range(3)]
    assert awarded == ["phone", "thanks", "thanks"]
    async with database.reading() as session:
        numbers = select(PlayTally.number).where(PlayTally.campaign_id == campaign).order_by(PlayTally.number)
        assert list(await session.scalars(numbers)) == [1, 2, 3]
    await assert_everything_holds(database, connection, room, campaign)


# Calendars

ZONES = ["Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"]


@given(
    zone=st.sampled_from(ZONES),
    starts_at=st.integers(1_577_836_800, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, tz=UTC)),
    into=st.timedeltas(timedelta(), timedelta(days=40)),
    period=st.sampled_from(["hour", "day", "week", "month"]),
)
def test_a_period_contains_its_instants_and_the_next_one_begins_where_it_ends(
    zone: str, starts_at: datetime, into: timedelta, period: Any
) -> None:
    told = Shape(zone=zone, lasts=timedelta(days=40), starts_in=timedelta()).config(starts_at)
    config = Config.model_validate(told)
    table = zone_table(zone, config.starts_at, config.ends_at)
    instant = starts_at + into
    number = period_at(period, table, to_ms(instant))
    begins, ends = (start_of(period, each, config=config, zone=table) for each in (number, number + 1))
    assert begins <= instant.replace(microsecond=instant.microsecond // 1000 * 1000) < ends


async def test_the_script_counts_weeks_and_months_as_the_calendar_does(connection: Connection) -> None:
    takes = [Take("w", "member", "week", UNLIMITED), Take("m", "member", "month", UNLIMITED)]
    now_ms = to_ms(WallClock().now())
    days = [day for year in (1971, 1999, 2000, 2023, 2024, 2100) for day in _days_of(year)]
    for place, day in enumerate(days):
        keys = LaneKeys(str(uuid4()))
        fields = {"epoch": 1, "version": 1, "state": "open", "seq": 0, "committed": 0, "day": 0}
        await connection.calm.hset(keys.counters, mapping=fields)
        rules = Rules(
            epoch=1,
            version=1,
            opens_ms=0,
            closes_ms=now_ms + 3_600_000,
            zone=f"0:{day * 86_400_000 + 43_200_000 - now_ms}",
            plays_max=UNLIMITED,
            day_plays_max=UNLIMITED,
            cooldown_ms=0,
            backlog_max=UNLIMITED,
            takes=sent(takes),
        )
        asking = Claim(
            str(uuid4()), "member", f"key-{place}", "same", 1, 1, [group("x", [candidate("x", [])])], None, False, "{}"
        )
        taken = await claim(connection, keys, rules.arguments(), asking)
        assert isinstance(taken, Taken), taken
        wanted = [("w", period_of_day("week", day), 1), ("m", period_of_day("month", day), 1)]
        assert list(taken.numbers) == wanted, EPOCH + timedelta(days=day)


def _days_of(year: int) -> list[int]:
    """Around every turn of a month, and a Sunday and a Monday."""
    firsts = [date(year, month, 1) - EPOCH for month in range(1, 13)]
    return [first.days + step for first in firsts for step in (-1, 0)] + [firsts[0].days + step for step in range(2, 9)]


# What an operator may write


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limits": {"member_hour_plays_max": 0}}, "greater than or equal to 1"),
        ({"limits": {"plays_max": 10**10}}, "less than or equal to 1000000000"),
        ({"limits": {"cooldown_seconds": 10**6}}, "less than or equal to 604800"),
        ({"limits": {"groups": [{"key": "a", "lines": ["bike"]}]}}, "lines that are not there: bike"),
        ({"limits": {"groups": [{"key": "a", "lines": ["phone"]}, {"key": "b", "lines": ["phone"]}]}}, "twice: phone"),
        ({"limits": {"groups": [{"key": "a", "lines": ["thanks"]}]}}, "falls under a limit of wins"),
        ({"of_lines": {"thanks": {"hour_cap": 1}}}, "may run out"),
        ({"of_lines": {"thanks": {"member_wins_max": 1}}}, "may run out"),
        ({"limits": {"member_wins_max": 1}, "of_lines": {"thanks": {"product": "POINTS-5"}}}, "may be withheld"),
    ],
)
def test_limits_that_cannot_hold_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(Shape(**changes).config(WallClock().now()))


@pytest.mark.parametrize(
    ("limit", "looser", "tighter"),
    [
        ("member_hour_plays_max", 4, 2),
        ("member_week_plays_max", None, 2),
        ("plays_max", 400, 2),
        ("member_wins_max", 4, 1),
        ("cooldown_seconds", 1, 9),
    ],
)
async def test_a_running_campaign_s_limits_only_loosen(
    room: CampaignsRoom, database: Database, publish_wheel: Publish, *, limit: str, looser: int | None, tighter: int
) -> None:
    campaign = await publish_wheel(limits={limit: 3})
    assert await _amended(room, database, campaign, limits={limit: looser})
    with pytest.raises(Refusal, match="against-members-favour"):
        await _amended(room, database, campaign, limits={limit: tighter})


async def _amended(room: CampaignsRoom, database: Database, campaign: str, *, limits: dict[str, Any]) -> int:
    async with database.transaction() as session:
        row = await session.get_one(Campaign, campaign)
        told = {**row.draft, "limits": {**Limits().model_dump(), **limits}}
        version = await room.lifecycle.amend(session, row, author(), told=told, seen_version=row.version)
        return version.version
