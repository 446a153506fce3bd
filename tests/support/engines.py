"""The engines under test: SQLite and the packaged Valkey, or whatever two environment variables name.

`WINDFALL_DATABASE_URL` names a PostgreSQL whose user may create databases, `WINDFALL_REDIS_URL` a server with as many
logical databases as there are test processes. Each test process has its own database in both; each test finds it empty.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from api.settings import Settings
from api.tables import metadata
from core.db import Database
from inventory.embedded import EmbeddedServer, find_server, socket_for

POSTGRESQL = os.environ.get("WINDFALL_DATABASE_URL", "")
REDIS = os.environ.get("WINDFALL_REDIS_URL", "")


@dataclass(frozen=True)
class Engines:
    """Where this test process keeps its data. `sqlite_template` is a database with empty tables, to be copied."""

    postgresql_url: str
    sqlite_template: Path
    redis_url: str


@pytest.fixture(scope="session")
def worker_number(worker_id: str) -> int:
    return int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0


@pytest.fixture(scope="session")
def engines(worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    template = tmp_path_factory.mktemp("sqlite") / "template.db"
    postgresql_url = asyncio.run(_fresh_postgresql(worker_number)) if POSTGRESQL else ""
    if not postgresql_url:
        asyncio.run(_create_tables(f"sqlite+aiosqlite:///{template}"))
    if REDIS:
        yield Engines(postgresql_url, template, _numbered(REDIS, worker_number))
        return
    with tempfile.TemporaryDirectory(prefix="windfall-test-") as folder:
        server = EmbeddedServer(find_server(), Path(folder), socket_for(Path(folder)))
        server.start()
        yield Engines(postgresql_url, template, server.url)
        server.stop()


@pytest.fixture
async def database_url(engines: Engines, tmp_path: Path) -> str:
    """The address of a database with all tables and no rows."""
    if engines.postgresql_url:
        await _truncate(engines.postgresql_url)
        return engines.postgresql_url
    shutil.copyfile(engines.sqlite_template, tmp_path / "windfall.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'windfall.db'}"


@pytest.fixture
async def bare_url(engines: Engines, tmp_path: Path) -> str:
    """The address of a database without a single table."""
    if not engines.postgresql_url:
        return f"sqlite+aiosqlite:///{tmp_path / 'bare.db'}"
    return await empty_database(f"{make_url(engines.postgresql_url).database}_bare")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def redis_url(engines: Engines) -> str:
    """The address of an empty Redis-compatible database."""
    client = redis.Redis.from_url(engines.redis_url)
    client.flushdb()
    client.close()
    return engines.redis_url


@pytest.fixture
def own_redis() -> Iterator[Callable[[], EmbeddedServer]]:
    """Makes servers of the test's own, started and ready to be killed; of the second engine when that is under test."""
    servers: list[EmbeddedServer] = []
    with tempfile.TemporaryDirectory(prefix="windfall-test-") as folder:

        def make() -> EmbeddedServer:
            binary = Path(shutil.which("redis-server") or "redis-server") if REDIS else find_server()
            data = Path(folder) / str(len(servers))
            server = EmbeddedServer(binary, data, socket_for(data))
            server.start()
            servers.append(server)
            return server

        yield make
        for server in servers:
            server.stop()


async def empty_database(name: str) -> str:
    """The address of a new PostgreSQL database without a single table."""
    url = make_url(Settings(database_url=POSTGRESQL).database_url)
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


async def _fresh_postgresql(worker_number: int) -> str:
    address = await empty_database(f"windfall_test_{worker_number}")
    await _create_tables(address)
    return address


async def _create_tables(address: str) -> None:
    database = Database(address)
    async with database.connection() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()


async def _truncate(address: str) -> None:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    engine = create_async_engine(address)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    await engine.dispose()


def _numbered(address: str, number: int) -> str:
    separator = "&" if "?" in address else "?"
    return f"{address}{separator}db={number}"
