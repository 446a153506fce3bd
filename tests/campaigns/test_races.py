"""Two hundred and fifty at once, on two processes: what is scarce is given exactly as often as there is of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from campaigns.invariants import audit
from campaigns.models import CampaignVersion, Play
from campaigns.plays import Asked
from campaigns.refusals import NoChanceLeft, Paused
from campaigns.room import CampaignsRoom
from core.clock import to_ms
from core.db import Database
from core.errors import Refusal
from inventory.connection import Connection
from tests.campaigns.conftest import Publish, open_room
from tests.support.campaigns import WallClock, change

RACERS = 250
SURE_PHONE = [("phone", "999999/1000000", 5, None, "PHONE-256"), ("thanks", "rest", None, None, None)]


@pytest.fixture
def rooms(room: CampaignsRoom, database: Database, connection: Connection) -> Sequence[CampaignsRoom]:
    return room, open_room(database, connection)


def ask(campaign: str, *, member: str | None = None, key: str | None = None) -> Asked:
    return Asked(campaign=campaign, member=member or str(uuid4()), key=key or str(uuid4()), entry="{}")


async def race(rooms: Sequence[CampaignsRoom], requests: Sequence[Asked]) -> list[bytes | BaseException]:
    """Every request at once, turn by turn on either process."""
    plays = (rooms[turn % len(rooms)].plays.play(asked) for turn, asked in enumerate(requests))
    return await asyncio.gather(*plays, return_exceptions=True)


async def assert_everything_holds(
    database: Database, connection: Connection, room: CampaignsRoom, campaign: str
) -> None:
    await room.mending.tend(campaign)
    found = await audit(
        database=database,
        connection=connection,
        versions=room.versions,
        now=WallClock().now(),
        campaign=campaign,
        is_at_rest=True,
    )
    broken = [finding for finding in found if not finding.holds]
    assert [finding for finding in broken if finding.id != "I12"] == []  # a sound draw looks unlikely once in a while


async def test_of_250_members_exactly_five_win_the_last_five_units(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE_PHONE)
    answers = await race(rooms, [ask(campaign) for _ in range(RACERS)])
    shown = [json.loads(answer) for answer in answers if isinstance(answer, bytes)]
    assert len(shown) == RACERS
    assert sum(one["awarded"] == "phone" for one in shown) == 5
    assert sorted(one["award"] is not None for one in shown).count(True) == 5
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_of_250_requests_exactly_one_takes_the_last_chance_of_the_day(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(member_day_plays_max=3)
    member = str(uuid4())
    for _ in range(2):
        await rooms[0].plays.play(ask(campaign, member=member))
    answers = await race(rooms, [ask(campaign, member=member) for _ in range(RACERS)])
    assert sum(isinstance(answer, bytes) for answer in answers) == 1
    assert sum(isinstance(answer, NoChanceLeft) for answer in answers) == RACERS - 1
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_250_requests_with_one_key_are_one_play_and_one_answer(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    answers = await race(rooms, [ask(campaign, member=str(uuid4()), key="the-one-key")] * RACERS)
    assert len(set(answers)) == 1
    assert isinstance(answers[0], bytes)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Play).where(Play.campaign_id == campaign)) == 1
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_nothing_is_played_after_the_instant_of_a_pause(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()

    async def crowd() -> list[bytes | BaseException]:
        waves = [await race(rooms, [ask(campaign) for _ in range(RACERS // 5)]) for _ in range(5)]
        return [answer for wave in waves for answer in wave]

    playing = asyncio.create_task(crowd())
    await asyncio.sleep(0.1)
    await change(database, rooms[1], campaign, "pause")
    answers = await playing
    assert any(isinstance(answer, bytes) for answer in answers)
    assert any(isinstance(answer, Paused) for answer in answers)
    assert all(isinstance(answer, bytes | Refusal) for answer in answers)
    async with database.reading() as session:
        paused_at = (await session.get_one(CampaignVersion, (campaign, 2))).created_at
        last = await session.scalar(select(func.max(Play.played_at_ms)).where(Play.version == 1))
    assert last is not None
    assert last <= to_ms(paused_at) + 500  # the API's clock says when; plays under way were decided before
    await assert_everything_holds(database, connection, rooms[0], campaign)
    with pytest.raises(Paused):
        await rooms[0].plays.play(ask(campaign))
