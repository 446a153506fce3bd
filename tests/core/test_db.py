"""Writers take turns where there is one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import db
from core.db import Database


@pytest.fixture
async def one_writer(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite, whichever engine is under test: PostgreSQL has as many writers as there are connections."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'turns.db'}")
    yield database
    await database.close()


async def test_the_writers_of_a_process_take_turns_in_the_order_they_came(one_writer: Database) -> None:
    done: list[int] = []

    async def write(number: int) -> None:
        async with one_writer.transaction():
            await asyncio.sleep(0.001)
            done.append(number)

    await asyncio.gather(*(write(number) for number in range(3 * db.POOL_CONNECTIONS_MAX)))
    assert done == list(range(3 * db.POOL_CONNECTIONS_MAX))


async def test_a_turn_that_does_not_come_is_refused_and_costs_nobody_theirs(
    one_writer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TURN_WAIT_SECONDS", 0.05)
    async with one_writer.transaction():
        with pytest.raises(PoolTimeout):
            async with one_writer.connection():
                raise AssertionError("two writers at once")
    async with one_writer.transaction() as session:
        assert session.is_active
