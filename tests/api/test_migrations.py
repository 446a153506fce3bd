"""The migrations and the models say the same, on the engine under test."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from api.migrating import alembic_config, migrate
from api.tables import metadata
from core.db import Database

NOW = "2026-11-21 04:00:00+00:00"


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


async def an_award(database: Database, one: str) -> None:
    """An award as it was before anything was added to it."""
    facts: dict[str, Any] = dict.fromkeys(("id", "mall_id", "campaign_id", "member_id", "play_id", "product_id"), one)
    facts |= {"line": "a", "prize": "{}", "type": "link", "state": "ready", "attempt": 0, "failures": 0}
    facts |= dict.fromkeys(("won_at", "claim_before", "changed_at"), NOW)
    columns = ", ".join(facts)
    values = ", ".join(f"'{value}'" for value in facts.values())
    async with database.connection() as connection:
        await connection.execute(text(f"INSERT INTO award ({columns}) VALUES ({values})"))


async def test_an_award_from_before_reviews_is_not_held_and_cannot_become_so(bare_url: str) -> None:
    config = alembic_config(bare_url)
    await asyncio.to_thread(command.upgrade, config, "0006")
    database = Database(bare_url)
    await an_award(database, str(uuid4()))
    await asyncio.to_thread(command.upgrade, config, "0007")
    for change in ("state = 'held'", "held_for = 'many-a-minute'", f"released_at = '{NOW}'"):
        with pytest.raises(IntegrityError):
            async with database.connection() as connection:
                await connection.execute(text(f"UPDATE award SET {change}"))
    await asyncio.to_thread(command.downgrade, config, "0007-1")
    async with database.connection() as connection:
        assert (await connection.execute(text("SELECT state FROM award"))).scalars().all() == ["ready"]
    await database.close()


async def test_awards_and_what_points_at_them_outlive_the_raffles_migration(bare_url: str) -> None:
    config = alembic_config(bare_url)
    await asyncio.to_thread(command.upgrade, config, "0005")
    await asyncio.to_thread(command.downgrade, config, "0005-1")
    database = Database(bare_url)
    one, now = str(uuid4()), NOW
    await an_award(database, one)
    async with database.connection() as connection:
        await connection.execute(
            text(f"INSERT INTO award_claim (award_id, kind, given_at) VALUES ('{one}', 'phone', '{now}')")
        )
    await asyncio.to_thread(command.upgrade, config, "0005")
    kept = text("SELECT won_by FROM award JOIN award_claim ON award_claim.award_id = award.id")
    async with database.connection() as connection:
        assert (await connection.execute(kept)).scalars().all() == ["play"]
    with pytest.raises(IntegrityError):
        async with database.connection() as connection:
            await connection.execute(text("DELETE FROM award"))
    await asyncio.to_thread(command.downgrade, config, "0005-1")
    async with database.connection() as connection:
        assert (await connection.execute(text("SELECT COUNT(*) FROM award_claim"))).scalar_one() == 1
    await database.close()
