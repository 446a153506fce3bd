"""Runs migrations over the async engine, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy.engine import Connection

from api.settings import load_settings
from api.tables import metadata
from core.db import Database


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()


async def _online(url: str) -> None:
    database = Database(url)
    async with database.connection() as connection:
        await connection.run_sync(_run)
    await database.close()


asyncio.run(_online(context.config.get_main_option("sqlalchemy.url") or load_settings().database_url))
