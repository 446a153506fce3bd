"""A campaigns room over the engines under test, and published campaigns of every shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from campaigns.room import CampaignsRoom, furnish
from core.db import Database
from core.ids import Ids, TimeOrderedIds
from core.sealing import Sealer
from inventory.connection import Connection
from tests.support.arguments import CountingEntropy
from tests.support.campaigns import Shape, WallClock, publish

Publish = Callable[..., Awaitable[str]]


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[Connection]:
    connection = Connection(redis_url)
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture
def room(database: Database, connection: Connection) -> CampaignsRoom:
    return open_room(database, connection)


def open_room(database: Database, connection: Connection, *, ids: Ids | None = None) -> CampaignsRoom:
    """A process of its own would see the same: nothing is shared but the engines and the key."""
    entropy = CountingEntropy()
    return furnish(
        database=database,
        connection=connection,
        sealer=Sealer(bytes(32), entropy),
        clock=WallClock(),
        ids=ids or TimeOrderedIds(),
        entropy=entropy,
    )


@pytest.fixture
def publish_wheel(database: Database, room: CampaignsRoom) -> Publish:
    async def make(**shape: Any) -> str:
        return await publish(database, room, Shape(**shape))

    return make
