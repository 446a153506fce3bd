"""What goes wrong with the counters is mended by itself, and nothing that SQL does not permit comes in meanwhile."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from sqlalchemy import select

from campaigns.ledger import BATCH_PLAYS_MAX, Row
from campaigns.models import Campaign, Play, VoidPlay
from campaigns.plays import Asked, Decided
from campaigns.refusals import Paused
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish, open_room
from tests.support.campaigns import author, change


def ask(campaign: str, *, member: str | None = None) -> Asked:
    return Asked(campaign=campaign, member=member or str(uuid4()), key=str(uuid4()), entry="{}")


async def decide(room: CampaignsRoom, asked: Asked) -> Decided:
    decided = await room.plays.decide(asked)
    assert decided is not None
    return decided


async def play(room: CampaignsRoom, campaign: str) -> int:
    """The ordinal of a new member's play, once it was shown."""
    return int(json.loads(await room.plays.play(ask(campaign)))["ordinal"])


async def test_an_older_copy_of_the_counters_is_mended_by_the_next_play_alone(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    await play(room, campaign)
    older = await connection.calm.hgetall(LaneKeys(campaign).counters)
    for _ in range(4):
        await play(room, campaign)
    await room.mending.tend(campaign)  # the stream is empty and the watermark past what is restored
    await connection.calm.delete(LaneKeys(campaign).counters, LaneKeys(campaign).plays)
    await connection.calm.hset(LaneKeys(campaign).counters, mapping=older)
    assert await play(open_room(database, connection), campaign) == 1
    async with database.reading() as session:
        numbers = select(Play.seq).where(Play.campaign_id == campaign).order_by(Play.seq)
        assert list(await session.scalars(numbers)) == [1, 2, 3, 4, 5, 6]


async def test_counters_behind_a_stream_that_was_cut_are_mended_by_the_next_play_alone(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    keys = LaneKeys(campaign)
    await play(room, campaign)
    older = await connection.calm.hgetall(keys.counters)
    await decide(room, ask(campaign))  # never committed by whoever decided it
    await connection.calm.xtrim(keys.plays, maxlen=0, approximate=False)  # it is empty, and still past the counters
    await connection.calm.delete(keys.counters)
    await connection.calm.hset(keys.counters, mapping=older)
    assert await play(room, campaign) == 1
    running = await room.versions.look_again(campaign)
    assert (running.epoch, running.is_settled) == (2, True)
    async with database.reading() as session:
        numbers = select(Play.seq).where(Play.campaign_id == campaign).order_by(Play.seq)
        assert list(await session.scalars(numbers)) == [1, 2]


async def test_more_wins_than_one_batch_holds_are_drained(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=[("points", "99%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)]
    )
    for _ in range(BATCH_PLAYS_MAX + 20):  # never committed by whoever decided them
        await decide(room, ask(campaign))
    await room.mending.tend(campaign)
    async with database.reading() as session:
        row = await session.get_one(Campaign, campaign)
    assert (row.committed, row.epoch) == (BATCH_PLAYS_MAX + 20, 1)


async def test_plays_that_the_lane_decided_after_the_pause_are_never_committed(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    before = await decide(room, ask(campaign))
    async with database.transaction() as session:  # the pause is in force; the lane has not heard of it yet
        await room.lifecycle.pause(session, await session.get_one(Campaign, campaign), author())
    asked = ask(campaign)
    after = await decide(room, asked)
    await room.recovery.settle(campaign)
    assert await room.plays.settle(before)
    assert not await room.plays.settle(after)
    with pytest.raises(Paused):
        await room.plays.play(asked)
    await change(database, room, campaign, "resume")
    assert json.loads(await room.plays.play(asked))["version"] == 3


async def test_the_worker_notices_plays_that_the_stream_lost(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=[("phone", "99%", 5, None, "PHONE-256"), ("thanks", "rest", None, None, None)])
    await play(room, campaign)
    for _ in range(3):
        await decide(room, ask(campaign))
    await connection.calm.delete(LaneKeys(campaign).plays)
    await room.mending.tend(campaign)
    running = await room.versions.look_again(campaign)
    assert running.epoch == 2
    assert running.is_settled
    counters = await connection.calm.hgetall(LaneKeys(campaign).counters)
    assert counters["seq"] == "1"
    assert counters["tally:unit:phone"] == "0 2 "


async def test_a_straggler_does_not_come_in_below_what_a_recovery_counted(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    lost, kept = [await decide(room, ask(campaign)) for _ in range(2)]
    assert await room.plays.settle(kept)
    await connection.calm.delete(LaneKeys(campaign).counters, LaneKeys(campaign).plays)
    recovered = await room.recovery.recover(campaign, seen_epoch=1, reason="a test")
    straggler = Row(lost.entry, lost.running.version, recovered.epoch)
    assert not await room.ledger.commit(straggler)
    async with database.reading() as session:
        assert list(await session.scalars(select(Play.seq).where(Play.campaign_id == campaign))) == [2]
        assert list(await session.scalars(select(VoidPlay.seq).where(VoidPlay.campaign_id == campaign))) == [1]
        assert await session.scalar(select(Campaign.committed).where(Campaign.id == campaign)) == 2


async def test_an_entry_that_nobody_can_read_is_voided_and_holds_nobody_back(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    keys = LaneKeys(campaign)
    await decide(room, ask(campaign))  # never committed by whoever decided it
    await connection.calm.delete(keys.plays)
    await connection.calm.xadd(keys.plays, {"play": "not|what|the|script|writes"}, id="1-1")
    assert await play(room, campaign) == 1
    await room.mending.tend(campaign)
    assert await play(room, campaign) == 1
    async with database.reading() as session:
        row = await session.get_one(Campaign, campaign)
        voided = list(await session.scalars(select(VoidPlay.seq).where(VoidPlay.campaign_id == campaign)))
    assert voided == [1]
    assert row.settled_epoch == row.epoch == 2
