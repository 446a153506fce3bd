"""SQL under every room: one base for the models, one way to open a database and a transaction."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import DateTime, MetaData, TypeDecorator, Uuid, event, make_url, text
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

POOL_CONNECTIONS_MAX = 16
POOL_WAIT_SECONDS = 10
TURN_WAIT_SECONDS = 20
SQLITE_BUSY_MS = 20_000
READ_ONLY = "windfall_read_only"
CONSTRAINT_CLASS = "23"  # of SQLSTATE


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def id_type() -> Uuid[str]:
    """The column type of every id: UUID text in Python, the engine's own uuid where it has one."""
    return Uuid(as_uuid=False)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused, for they name no instant; what comes back is aware and in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the same)
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """An engine and the ways to use it: `transaction` commits at the end, `reading` never writes, `write` is for many rows.

    SQLite has one writer, which it chooses by luck: a process that writes much at once would starve some of its own. So those
    of one process take turns, in the order in which they came; only processes are left to luck.
    """

    def __init__(self, url: str) -> None:
        self._over(_create_engine(url))

    def _over(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)
        self._writers: list[_Writer] = []
        self._turn: AbstractAsyncContextManager[None] = _Turns() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends well and rolls back when it does not."""
        async with self._turn, self._sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session on one snapshot; SQLite takes no write lock for it."""
        async with self._sessions() as session:
            await session.connection(execution_options={READ_ONLY: True})
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A bare connection inside a committing transaction, for tables rather than rows."""
        async with self._turn, self.engine.begin() as connection:
            yield connection

    async def write(self, *statements: Statement) -> Sequence[Any]:
        """Run these as one transaction with one wait, in the driver's own form; the rows of the first come back.

        For the hot path alone: every wait costs a turn of a busy loop. PostgreSQL takes one statement, which commits by
        itself. Raises sqlalchemy's IntegrityError where a constraint is broken, and OperationalError for any other failure.
        """
        async with self._turn:
            writer = self._writers.pop() if self._writers else await self._new_writer()
            try:
                rows = await (_write_sqlite if self.is_sqlite else _write_postgresql)(writer.driver, statements)
            except IntegrityError:
                self._writers.append(writer)
                raise
            except BaseException:
                await writer.connection.invalidate()  # nobody knows what the connection is in the middle of
                await writer.connection.close()
                raise
            self._writers.append(writer)
            return rows

    async def _new_writer(self) -> _Writer:
        connection = await self.engine.connect()
        return _Writer(connection, (await connection.get_raw_connection()).driver_connection)

    async def close(self) -> None:
        while self._writers:
            await self._writers.pop().connection.close()
        await self.engine.dispose()


async def hold(session: AsyncSession, name: str) -> None:
    """Make whatever else holds this name wait until the transaction ends. SQLite's transactions wait from their first statement."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


class _Turns:
    """One at a time, first come first served; who waits for longer than for a connection is refused as one who does."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(TURN_WAIT_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            raise PoolTimeout(f"no turn to write in {TURN_WAIT_SECONDS} s") from None

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class _Writer(NamedTuple):
    """A connection kept out of the pool between writes, so that none waits for its turn there."""

    connection: AsyncConnection
    driver: Any


class Statement(NamedTuple):
    """SQL as the driver takes it: parameters are positional, `$1` on PostgreSQL and `?1` on SQLite."""

    sql: str
    parameters: tuple[Any, ...]


def rows_of_json(dialect: str, columns: Mapping[str, str], *, parameter: int = 1) -> str:
    """A FROM item `r` with these columns (name -> PostgreSQL type), read from a parameter of the statement.

    The parameter is a JSON array of rows, each an array in the columns' order: one value to send for a whole batch.
    """
    if dialect == "sqlite":
        taken = (f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(columns))
        return f"(SELECT {', '.join(taken)} FROM json_each(?{parameter})) AS r"  # noqa: S608 (names of our own columns)
    taken = (f"(value ->> {place})::{kind} AS {name}" for place, (name, kind) in enumerate(columns.items()))
    return f"(SELECT {', '.join(taken)} FROM jsonb_array_elements(${parameter}::jsonb)) AS r"  # noqa: S608 (the same)


async def _write_postgresql(driver: Any, statements: Sequence[Statement]) -> Sequence[Any]:
    (statement,) = statements
    try:
        rows: Sequence[Any] = await driver.fetch(statement.sql, *statement.parameters)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        sqlstate = getattr(error, "sqlstate", None) or ""
        kind = IntegrityError if sqlstate.startswith(CONSTRAINT_CLASS) else OperationalError
        raise kind(statement.sql, None, error) from error
    return rows


async def _write_sqlite(driver: Any, statements: Sequence[Statement]) -> Sequence[Any]:
    def run(connection: sqlite3.Connection) -> Sequence[Any]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            rows, *_ = [connection.execute(*statement).fetchall() for statement in statements]
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return rows

    try:
        # The driver has no public way to do several things in one visit to its thread.
        rows: Sequence[Any] = await driver._execute(run, driver._conn)  # noqa: SLF001
    except sqlite3.Error as error:
        kind = IntegrityError if isinstance(error, sqlite3.IntegrityError) else OperationalError
        raise kind(statements[0].sql, None, error) from error
    return rows


def _create_engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            parsed, pool_size=POOL_CONNECTIONS_MAX, max_overflow=0, pool_timeout=POOL_WAIT_SECONDS
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        parsed,
        pool_size=POOL_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin by ourselves: pysqlite begins late, and deferred
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another wrote meanwhile; an immediate one waits.
    reads_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads_only else "BEGIN IMMEDIATE")
