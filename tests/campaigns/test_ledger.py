"""The ledger's writers: whoever commits is written, whenever it comes."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from campaigns.ledger import Row
from campaigns.plays import Asked
from campaigns.room import CampaignsRoom
from tests.campaigns.conftest import Publish


async def test_a_play_that_comes_the_moment_a_batch_ends_is_written_too(
    room: CampaignsRoom, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    rows = []
    for _ in range(20):
        asked = Asked(campaign=campaign, member=str(uuid4()), key=str(uuid4()), entry="{}")
        decided = await room.plays.decide(asked)
        assert decided is not None
        rows.append(Row(decided.entry, decided.running.version, decided.running.epoch))
    async with asyncio.timeout(10):
        for row in rows:  # each begins in the very turn in which the one before is answered
            assert await room.ledger.commit(row)
