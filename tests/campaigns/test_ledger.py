"""The ledger: whoever commits is written, whenever it comes; a play and its win are written together, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from campaigns.ledger import BATCH_PLAYS_MAX, Row
from campaigns.ledger_sql import Batch, insert_plays
from campaigns.models import Play
from campaigns.plays import Asked
from campaigns.room import CampaignsRoom
from core.db import Database
from prizes.awards_sql import WINS_MAX
from prizes.models import Award, Outbox
from tests.campaigns.conftest import Publish

SURE = [("phone", "99%", 100, None, "PHONE-256"), ("thanks", "rest", None, None, None)]


async def decided(room: CampaignsRoom, campaign: str, count: int) -> list[Row]:
    """Plays of so many members that Redis decided and nobody has committed."""
    rows = []
    for _ in range(count):
        asked = Asked(campaign=campaign, member=str(uuid4()), key=str(uuid4()), entry="{}")
        found = await room.plays.decide(asked)
        assert found is not None
        rows.append(Row(found.entry, found.running.version, found.running.epoch))
    return rows


async def counted(database: Database) -> Sequence[int]:
    """Plays, awards and outbox rows."""
    async with database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(noun)) or 0 for noun in (Play, Award, Outbox)]


async def test_a_play_that_comes_the_moment_a_batch_ends_is_written_too(
    room: CampaignsRoom, publish_wheel: Publish
) -> None:
    rows = await decided(room, await publish_wheel(), 20)
    async with asyncio.timeout(10):
        for row in rows:  # each begins in the very turn in which the one before is answered
            assert await room.ledger.commit(row)


async def test_a_batch_written_twice_is_written_once(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    rows = await decided(room, await publish_wheel(lines=SURE), 30)
    winners = sum(row.won() is not None for row in rows)
    assert winners
    for _ in range(2):
        assert await room.ledger.commit_all(rows) == {row.entry.play for row in rows}
        assert await counted(database) == [30, winners, winners]


async def test_an_award_that_moved_on_stays_where_it_is(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    rows = await decided(room, await publish_wheel(lines=SURE), 5)
    await room.ledger.commit_all(rows)
    async with database.transaction() as session:
        await session.execute(update(Award).values(state="claim_needed"))
    await room.ledger.commit_all(rows)
    async with database.reading() as session:
        assert set(await session.scalars(select(Award.state))) == {"claim_needed"}


async def test_a_play_that_is_not_permitted_wins_nothing(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    rows = await decided(room, await publish_wheel(lines=SURE), 5)
    late = [Row(row.entry, row.version, row.permit_epoch + 1) for row in rows]
    assert await room.ledger.commit_all(late) == set()
    assert await counted(database) == [0, 0, 0]


async def test_a_row_that_breaks_a_constraint_takes_nothing_with_it(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    rows = await decided(room, await publish_wheel(lines=SURE), 3)
    broken = {
        **rows[1].values(),
        "ordinal": 2,
        "previous_ordinal": 1,
        "previous_id": rows[0].entry.play,
    }  # another member's
    values = [rows[0].values(), broken, rows[2].values()]
    with pytest.raises(IntegrityError):
        await insert_plays(database, Batch(plays=values, won=[won for row in rows if (won := row.won())]))
    assert await counted(database) == [0, 0, 0]


def test_every_play_of_a_batch_may_win() -> None:
    assert WINS_MAX >= BATCH_PLAYS_MAX
