"""Two ways to one server: redis-py for calm work, and one multiplexed connection for the script of a play.

On the multiplexed connection the calls of one turn of the event loop leave in one write, and replies are matched in
order. Nothing is ever sent twice by itself: a call whose reply did not come is unknown, and says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core.errors import Refusal
from inventory.scripts import Script, all_scripts

REPLY_SECONDS_MAX = 2.0
WATCHES = 4  # looks within that time, so that a lost server is given up soon after it
CONNECT_SECONDS_MAX = 2.0
CALLS_IN_FLIGHT_MAX = 5_000
CALM_CONNECTIONS_MAX = 16

Reply = list[Any]
Argument = str | bytes | int


class InventoryAway(Refusal, code="inventory-away"):
    """The counters cannot be reached, or their answer did not come: what was asked may or may not have happened."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class Connection:
    """One server. Open it with `open`, run scripts with `run`, anything calm through `calm`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calm: Redis = Redis(connection_pool=_calm_pool(url))
        self._wire: _Wire | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Connect and teach the server every script."""
        await self._connected()

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.close("closed")
        await self.calm.aclose(close_connection_pool=True)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Reply:
        """Run one script once. Raises InventoryAway when it is not known whether it ran."""
        wire = self._wire if self._wire is not None and not self._wire.is_lost else await self._connected()
        command = ("EVALSHA", script.sha, len(keys), *keys, *arguments)
        try:
            try:
                reply: Reply = await wire.call(command)
            except _UnknownScript:  # an error that promises the script did not run
                await wire.call(("SCRIPT", "LOAD", script.source))
                reply = await wire.call(command)
        except hiredis.HiredisError as error:
            raise InventoryAway(reason=str(error)) from error
        return reply

    async def run_together(
        self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]
    ) -> list[Reply]:
        """Run one script several times, each call once, with nothing between them. Raises InventoryAway as `run` does."""
        wire = self._wire if self._wire is not None and not self._wire.is_lost else await self._connected()
        commands = [("EVALSHA", script.sha, len(keys), *keys, *arguments) for keys, arguments in calls]
        try:
            replies = await wire.call_together(commands)
            if replies and all(_is_unknown(reply) for reply in replies):
                await wire.call(("SCRIPT", "LOAD", script.source))
                replies = await wire.call_together(commands)
        except hiredis.HiredisError as error:
            raise InventoryAway(reason=str(error)) from error
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                raise InventoryAway(reason=str(reply))
        return replies

    async def _connected(self) -> _Wire:
        async with self._opening:
            if self._wire is None or self._wire.is_lost:
                self._wire = await _open_wire(self.url)
            return self._wire


def _is_unknown(reply: Any) -> bool:
    return isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")


class _UnknownScript(Exception):
    """The server does not know the script's hash; it did not run."""


class _Wire(asyncio.Protocol):
    """The multiplexed connection: packed commands out, replies in the same order."""

    def __init__(self) -> None:
        self.is_lost = False
        self._reader = hiredis.Reader(encoding="utf-8", errors="surrogateescape")
        self._waiting: deque[tuple[asyncio.Future[Any], int]] = deque()
        """What was asked, and how many looks there had been then; oldest first."""
        self._looks = 0
        self._outgoing: list[bytes] = []
        self._transport: asyncio.WriteTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._watchdog: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's own is no subclass of asyncio's
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self.close(str(exc or "the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            waiting, _ = self._waiting.popleft()
            if waiting.done():  # its caller went away; the reply is read all the same
                continue
            if isinstance(reply, hiredis.ReplyError):
                waiting.set_exception(_UnknownScript() if _is_unknown(reply) else InventoryAway(reason=str(reply)))
            else:
                waiting.set_result(reply)

    def call(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.is_lost or len(self._waiting) >= CALLS_IN_FLIGHT_MAX:
            future.set_exception(InventoryAway(reason="lost" if self.is_lost else "too many calls in flight"))
            return future
        self._waiting.append((future, self._looks))
        self._outgoing.append(hiredis.pack_command(command))
        if len(self._outgoing) == 1:
            self._loop.call_soon(self._flush)
        return future

    async def call_together(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The replies to commands that the server runs as one. They leave in one piece: nothing here comes between them."""
        if len(self._waiting) + len(commands) + 2 > CALLS_IN_FLIGHT_MAX:  # a MULTI must not go without its EXEC
            raise InventoryAway(reason="too many calls in flight")
        waiting = [self.call(command) for command in (("MULTI",), *commands, ("EXEC",))]
        *_, replies = await asyncio.gather(*waiting)
        return cast("list[Any]", replies)

    def _flush(self) -> None:
        if self._transport is not None and not self.is_lost:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _watch(self) -> None:
        """Give the server up when the oldest call has waited too long.

        Looks are counted and not seconds: a process that stood still has not read what was answered meanwhile.
        """
        self._looks += 1
        if self._waiting and self._looks - self._waiting[0][1] > WATCHES:
            self.close("no answer in time")
        if not self.is_lost:
            self._watchdog = self._loop.call_later(REPLY_SECONDS_MAX / WATCHES, self._watch)

    def close(self, reason: str) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._transport is not None:
            self._transport.close()
        for waiting, _ in self._waiting:
            if not waiting.done():
                waiting.set_exception(InventoryAway(reason=reason))
        self._waiting.clear()


async def _open_wire(url: str) -> _Wire:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            _, wire = await _dial(loop, url)
            for command in _greeting(url):
                await wire.call(command)
            for known in all_scripts():
                await wire.call(("SCRIPT", "LOAD", known.source))
    except (OSError, TimeoutError) as error:
        raise InventoryAway(reason=f"{parts.scheme} server does not answer: {error or 'timed out'}") from error
    return wire


async def _dial(loop: asyncio.AbstractEventLoop, url: str) -> tuple[asyncio.BaseTransport, _Wire]:
    parts = urlsplit(url)
    factory: Callable[[], _Wire] = _Wire
    if parts.scheme == "unix":
        return await loop.create_unix_connection(factory, parts.path)
    return await loop.create_connection(
        factory, parts.hostname or "127.0.0.1", parts.port or 6379, ssl=True if parts.scheme == "rediss" else None
    )


def _greeting(url: str) -> list[tuple[Any, ...]]:
    """AUTH and SELECT as the address asks for them."""
    parts = urlsplit(url)
    commands: list[tuple[Any, ...]] = []
    if parts.password:
        user = [unquote(parts.username)] if parts.username else []
        commands.append(("AUTH", *user, unquote(parts.password)))
    query = parse_qs(parts.query)
    number = query["db"][0] if "db" in query else parts.path.lstrip("/") if parts.scheme != "unix" else ""
    if number:
        commands.append(("SELECT", number))
    return commands


def _calm_pool(url: str) -> BlockingConnectionPool:
    # redis-py's defaults resend by themselves and raise at 100 connections: neither is wanted.
    return BlockingConnectionPool.from_url(
        url,
        max_connections=CALM_CONNECTIONS_MAX,
        timeout=5,
        socket_timeout=5,
        socket_connect_timeout=CONNECT_SECONDS_MAX,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


__all__ = ["Connection", "InventoryAway", "RedisError", "Reply"]
