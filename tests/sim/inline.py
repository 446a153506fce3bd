"""SQLite on the event loop's own thread: the same engine without a hop to another thread for every call.

Everything in a simulation happens one step at a time, so nothing waits for a lock that another step holds.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from core.db import Database, _begin_sqlite, _prepare_sqlite

CONNECTIONS_MAX = 8


class _AtOnce:
    """Where the driver queues calls for its thread: here they are made as they come."""

    def put_nowait(self, queued: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, call = queued
        try:
            result = call()
        except Exception as error:
            if future is None:
                raise
            future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


class InlineConnection(aiosqlite.Connection):
    def __init__(self, file: Path) -> None:
        super().__init__(lambda: sqlite3.connect(file), iter_chunk_size=64)
        self._tx = _AtOnce()  # type: ignore[assignment]

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


class InlineDatabase(Database):
    def __init__(self, file: Path) -> None:
        async def connect(*_args: Any, **_kwargs: Any) -> aiosqlite.Connection:
            return await InlineConnection(file)

        engine = create_async_engine(
            f"sqlite+aiosqlite:///{file}",
            async_creator=connect,
            pool_size=CONNECTIONS_MAX,
            max_overflow=0,
            pool_timeout=1,
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        self._over(engine)
