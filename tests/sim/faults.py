"""Where a process may be hurt: before and after each script, around each use of SQL, and around each call to a wallet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from core.db import Database, Statement
from inventory.connection import Argument, Connection, InventoryAway, Reply
from inventory.scripts import Script
from tests.support.campaigns import WallClock

T = TypeVar("T")
DAY_MS = 86_400_000
WINDOW_ARGUMENTS = (2, 3)
ZONE_ARGUMENT = 4


class Died(Exception):
    """The process is gone, in the middle of whatever it did."""


class ReplyLost(OSError):
    """The ledger committed, or did not, and never said which."""


@dataclass
class Sky:
    """What all processes have in common: how many transactions are open, which day it is, and the hour.

    Time stands still at `stopped_at` for everybody, once it is set. The clocks of those who draw raffles are `fast` by so much; those
    who sell and give have the hour of `hand`, if there is one, for it must not depend on how long a seed takes.
    """

    open_transactions: int = 0
    days_shifted: int = 0
    stopped_at: datetime | None = None
    fast: timedelta = timedelta()
    hand: datetime | None = None

    @property
    def ahead_ms(self) -> int:
        """By how much the hour is later than it is."""
        return 0 if self.stopped_at is None else (self.stopped_at - WallClock().now()) // timedelta(milliseconds=1)


class SimClock(WallClock):
    """`is_own` is the clock of those who draw, sell and give."""

    def __init__(self, sky: Sky, *, is_own: bool = False) -> None:
        self._sky = sky
        self._is_own = is_own

    def now(self) -> datetime:
        now = self._sky.stopped_at or super().now()
        return (self._sky.hand or now + self._sky.fast) if self._is_own else now


class Point:
    """A place in the code where something may happen; `hit` may raise, or let others go first."""

    def __init__(self, hit: Callable[[str], Awaitable[None]], sky: Sky) -> None:
        self.hit = hit
        self.sky = sky


class SimDatabase(Database):
    """The database of one process, over an engine that all share."""

    def __init__(self, shared: Database, point: Point) -> None:
        self.engine = shared.engine
        self._sessions = shared._sessions
        self._writers = shared._writers
        self._turn = nullcontext()  # the world lets nobody else go on while a transaction is open
        self._point = point

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._writing(super().transaction()) as session:
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        async with self._writing(super().connection()) as connection:
            yield connection

    async def write(self, *statements: Statement) -> Sequence[Any]:
        async with self._writing(nullcontext()):
            return await super().write(*statements)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        await self._point.hit("before look")
        async with self._opened(super().reading()) as session:
            yield session

    @asynccontextmanager
    async def _writing(self, opened: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
        await self._point.hit("before sql")
        async with self._opened(opened) as found:
            yield found
        await self._point.hit("after sql")

    @asynccontextmanager
    async def _opened(self, opened: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
        self._point.sky.open_transactions += 1
        try:
            async with opened as found:
                yield found
        finally:
            self._point.sky.open_transactions -= 1


class SimConnection(Connection):
    """The way of one process to whichever of the two masters it believes in."""

    def __init__(self, masters: Sequence[Connection], point: Point) -> None:
        self._masters = masters
        self._point = point
        self.believe_in(0)

    def believe_in(self, master: int) -> None:
        self.master = master
        self.url = self._masters[master].url
        self.calm = self._masters[master].calm

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Reply:
        await self._point.hit(f"before {script.name}")
        reply = await self._masters[self.master].run(script, keys, self._as_of_today(script, arguments))
        await self._point.hit(f"after {script.name}")
        return reply

    async def run_together(
        self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]
    ) -> list[Reply]:
        await self._point.hit(f"before {script.name}")
        shifted = [(keys, self._as_of_today(script, arguments)) for keys, arguments in calls]
        replies = await self._masters[self.master].run_together(script, shifted)
        await self._point.hit(f"after {script.name}")
        return replies

    def _as_of_today(self, script: Script, arguments: Sequence[Argument]) -> Sequence[Argument]:
        if script.name != "play":
            return arguments
        told, ahead_ms = [*arguments], self._point.sky.ahead_ms
        for place in WINDOW_ARGUMENTS:
            told[place] = int(told[place]) - ahead_ms
        told[ZONE_ARGUMENT] = _shifted(str(told[ZONE_ARGUMENT]), self._point.sky.days_shifted)
        return told


def reply_lost(place: str) -> Exception:
    if place == "after sql":
        return ReplyLost("the connection was cut after the commit")
    return InventoryAway(reason="the reply was lost")


def _shifted(zone: str, days: int) -> str:
    rows = (row.split(":") for row in zone.split(";"))
    return ";".join(f"{start}:{int(offset) + days * DAY_MS}" for start, offset in rows)
