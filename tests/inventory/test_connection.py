"""The multiplexed connection: an idle while is no silence, and silence is not waited for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from inventory import connection as module
from inventory.connection import Connection, InventoryAway
from inventory.scripts import script

REPLY_SECONDS = 0.2
LEARNT, RAN = b"$1\r\nx\r\n", b"*1\r\n$6\r\nfenced\r\n"


@asynccontextmanager
async def connected(folder: Path, *, answer_after: float | None) -> AsyncIterator[Connection]:
    """To a server that learns scripts at once, and runs them so many seconds late or never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.read(65536):
            writer.write(LEARNT * command.count(b"\r\nLOAD\r\n"))
            if b"EVALSHA" in command and answer_after is not None:
                await asyncio.sleep(answer_after)
                writer.write(RAN)
        writer.close()

    server = await asyncio.start_unix_server(serve, folder / "s")
    connection = Connection(f"unix://{folder / 's'}")
    await connection.open()
    yield connection
    await connection.close()
    server.close()
    await server.wait_closed()


async def fence(connection: Connection) -> list[object]:
    return await connection.run(script("fence"), ["{c:0}:counters"], [1])


async def test_a_call_after_an_idle_while_is_not_taken_for_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPLY_SECONDS_MAX", REPLY_SECONDS)
    async with connected(tmp_path, answer_after=0.06) as connection:
        await asyncio.sleep(2 * REPLY_SECONDS - 0.03)  # under way when whole periods have passed without an answer
        assert await fence(connection) == ["fenced"]


async def test_a_server_that_falls_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLY_SECONDS_MAX", REPLY_SECONDS)
    async with connected(tmp_path, answer_after=None) as connection:
        begun = time.monotonic()
        with pytest.raises(InventoryAway, match="no answer in time"):
            await fence(connection)
        assert time.monotonic() - begun < 10 * REPLY_SECONDS
