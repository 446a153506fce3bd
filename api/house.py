"""The house: everything a request or a worker needs, built once and handed down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from api.auth.sessions import Sessions
from api.settings import Settings
from core.clock import Clock, SystemClock
from core.db import Database
from core.ids import Entropy, Ids, SystemEntropy, TimeOrderedIds
from core.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    settings: Settings
    clock: Clock
    ids: Ids
    entropy: Entropy
    sealer: Sealer
    database: Database
    sessions: Sessions


@asynccontextmanager
async def open_house(
    settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None, entropy: Entropy | None = None
) -> AsyncIterator[House]:
    """Everything connected and ready; closed again when the block ends."""
    clock, ids, entropy = clock or SystemClock(), ids or TimeOrderedIds(), entropy or SystemEntropy()
    sealer = Sealer(settings.key(), entropy)
    database = Database(settings.database_url)
    try:
        yield House(
            settings=settings,
            clock=clock,
            ids=ids,
            entropy=entropy,
            sealer=sealer,
            database=database,
            sessions=Sessions(
                database=database,
                clock=clock,
                ids=ids,
                entropy=entropy,
                sealer=sealer,
                audience=settings.base_url,
            ),
        )
    finally:
        await database.close()


def house_of(request: Request) -> House:
    return cast("House", request.app.state.house)
