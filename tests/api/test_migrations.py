"""The migrations and the models say the same, on the engine under test."""

from __future__ import annotations

import asyncio

from alembic import command
from sqlalchemy import inspect

from api.migrating import alembic_config, migrate
from api.tables import metadata
from core.db import Database


async def test_the_migrations_make_what_the_models_say(bare_url: str) -> None:
    await asyncio.to_thread(migrate, bare_url)
    await asyncio.to_thread(command.check, alembic_config(bare_url))
    database = Database(bare_url)
    async with database.connection() as connection:
        tables = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    await database.close()
    assert tables == {*metadata.tables, "alembic_version"}


async def test_migrating_twice_changes_nothing(bare_url: str) -> None:
    await asyncio.to_thread(migrate, bare_url)
    await asyncio.to_thread(migrate, bare_url)


async def test_every_migration_can_be_taken_back(bare_url: str) -> None:
    await asyncio.to_thread(migrate, bare_url)
    await asyncio.to_thread(command.downgrade, alembic_config(bare_url), "base")
    database = Database(bare_url)
    async with database.connection() as connection:
        tables = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    await database.close()
    assert tables == {"alembic_version"}
