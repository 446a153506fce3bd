"""One play on real engines: what a member is shown is in the ledger, once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from campaigns.models import Play
from campaigns.plays import Asked
from campaigns.refusals import KeyReused, NoChanceLeft, NotOpenYet, Over, Paused
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish, open_room
from tests.support.campaigns import change


def asked(campaign: str, *, member: str | None = None, key: str | None = None, entry: str = "{}") -> Asked:
    return Asked(campaign=campaign, member=member or str(uuid4()), key=key or str(uuid4()), entry=entry)


async def play(room: CampaignsRoom, request: Asked) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(await room.plays.play(request))
    return shown


async def count(database: Database, campaign: str, **where: Any) -> int:
    async with database.reading() as session:
        query = select(func.count()).select_from(Play).filter_by(campaign_id=campaign, **where)
        return await session.scalar(query) or 0


async def test_a_play_is_in_the_ledger_before_it_is_shown(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(member_day_plays_max=3)
    shown = await play(room, asked(campaign))
    assert await count(database, campaign, id=shown["id"], awarded=shown["awarded"]) == 1
    assert shown["ordinal"] == 1
    assert shown["chances_left"] == 2


async def test_the_same_key_gives_the_same_bytes_for_ever(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(member_plays_max=50)
    request = asked(campaign)
    first = await room.plays.play(request)
    for _ in range(40):  # more plays than the counters remember keys
        await room.plays.play(asked(campaign, member=request.member))
    assert await room.plays.play(request) == first
    await connection.calm.delete(LaneKeys(campaign).counters, LaneKeys(campaign).plays)
    assert await open_room(database, connection).plays.play(request) == first
    assert await count(database, campaign) == 41


async def test_another_body_with_the_same_key_is_refused(room: CampaignsRoom, publish_wheel: Publish) -> None:
    campaign = await publish_wheel()
    request = asked(campaign)
    await room.plays.play(request)
    with pytest.raises(KeyReused):
        await room.plays.play(asked(campaign, member=request.member, key=request.key, entry="{ }"))


async def test_limits_hold_and_say_when_the_next_chance_comes(room: CampaignsRoom, publish_wheel: Publish) -> None:
    campaign = await publish_wheel(member_day_plays_max=2)
    request = asked(campaign)
    assert [(await play(room, asked(campaign, member=request.member)))["chances_left"] for _ in range(2)] == [1, 0]
    with pytest.raises(NoChanceLeft) as refused:
        await room.plays.play(request)
    assert refused.value.facts["next_chance_at"] is not None


async def test_before_after_and_paused_each_say_so(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    early = await publish_wheel(starts_in=timedelta(hours=1))
    late = await publish_wheel(starts_in=timedelta(seconds=-1), lasts=timedelta(seconds=1.5))
    held = await publish_wheel()
    await change(database, room, held, "pause")
    with pytest.raises(NotOpenYet):
        await room.plays.play(asked(early))
    with pytest.raises(Paused):
        await room.plays.play(asked(held))
    await change(database, room, held, "resume")
    await room.plays.play(asked(held))
    await asyncio.sleep(0.6)
    with pytest.raises(Over):
        await room.plays.play(asked(late))


async def test_a_sold_out_line_falls_to_thanks_and_says_what_was_drawn(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    lines = [("phone", "50%", 3, None, "PHONE-256"), ("thanks", "rest", None, None, None)]
    campaign = await publish_wheel(lines=lines)
    shown = [await play(room, asked(campaign)) for _ in range(30)]
    assert sum(one["awarded"] == "phone" for one in shown) == 3
    assert any(one["drawn"] == "phone" and one["awarded"] == "thanks" for one in shown)
    await change(database, room, campaign, "add_stock", line="phone", units=2)
    more = [await play(room, asked(campaign)) for _ in range(30)]
    assert sum(one["awarded"] == "phone" for one in more) == 2
    assert {one["version"] for one in more} == {2}


async def test_all_counters_lost_under_way_cost_nobody_anything(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(member_plays_max=4)
    member = str(uuid4())
    shown = [await play(room, asked(campaign, member=member)) for _ in range(2)]
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays, keys.member(member))
    shown += [await play(room, asked(campaign, member=member)) for _ in range(2)]
    assert [one["ordinal"] for one in shown] == [1, 2, 3, 4]
    with pytest.raises(NoChanceLeft):
        await room.plays.play(asked(campaign, member=member))


async def test_one_lost_member_is_noticed_before_anything_is_shown(
    room: CampaignsRoom, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(member_plays_max=2)
    member = str(uuid4())
    await play(room, asked(campaign, member=member))
    await connection.calm.delete(LaneKeys(campaign).member(member))
    assert (await play(room, asked(campaign, member=member)))["ordinal"] == 2
    with pytest.raises(NoChanceLeft):
        await room.plays.play(asked(campaign, member=member))
