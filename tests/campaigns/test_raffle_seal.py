"""What is sealed stays all there is, though counters and streams go back or come back."""

from __future__ import annotations

import redis

from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.raffles import draw_of, enter, later_room, raffle, tend_all
from tests.campaigns.test_plays import asked
from tests.campaigns.test_races import assert_everything_holds


async def test_a_play_that_was_forgotten_is_not_committed_after_the_seal(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
    redis_url: str,
) -> None:
    campaign, later = await publish_wheel(**raffle()), later_room(database, connection)
    await enter(room, campaign, members=3)
    await room.mending.tend(campaign)
    keys = LaneKeys(campaign)
    with redis.Redis.from_url(redis_url) as master:
        before = {key: master.dump(key) for key in (keys.counters, keys.plays)}
        held = await room.plays.decide(asked(campaign))
        assert held is not None
        found_again = master.dump(keys.plays)
        for key, dump in before.items():
            master.restore(key, 0, dump, replace=True)
        await tend_all(later, campaign)
        assert not await room.plays.settle(held)
        master.restore(keys.plays, 0, found_again, replace=True)
    epoch = (await later.versions.glance(campaign)).epoch
    await later.recovery.recover(campaign, seen_epoch=epoch, reason="the stream came back")
    assert (await draw_of(database, campaign)).tickets == 3
    await assert_everything_holds(database, connection, later, campaign)
