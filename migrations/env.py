"""Runs migrations over the async engine, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from api.settings import load_settings
from api.tables import metadata
from core.db import Database, UtcDateTime


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Migrations name plain column types, so that they stay what they were when our own types change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_item=_render,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _online(url: str) -> None:
    database = Database(url)
    async with database.connection() as connection:
        await connection.run_sync(_run)
    await database.close()


asyncio.run(_online(context.config.get_main_option("sqlalchemy.url") or load_settings().database_url))
