"""The ground that seeds run on in a test process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import Table

from tests.sim.ground import Ground, ground
from tests.support.engines import REDIS, Engines, _numbered

SECOND_MASTER = 8  # a server has sixteen logical databases; test processes are fewer than eight

Make = Callable[[Callable[[Table], None] | None], AbstractAsyncContextManager[Ground]]


@pytest.fixture(scope="session")
def redis_urls(engines: Engines, worker_number: int) -> list[str]:
    second = _numbered(REDIS, SECOND_MASTER + worker_number) if REDIS else _numbered(engines.redis_url, SECOND_MASTER)
    return [engines.redis_url, second]


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: the ledger is copied for every seed."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def sound_ground(engines: Engines, redis_urls: list[str], memory: Path) -> AsyncIterator[Ground]:
    async with ground(redis_urls=redis_urls, folder=memory, postgresql_url=engines.postgresql_url) as made:
        yield made


@pytest.fixture
def weak_ground(redis_urls: list[str], memory: Path) -> Make:
    """Makes a ledger without some of its constraints; SQLite, whatever the engine under test."""
    return lambda weaken: ground(redis_urls=redis_urls, folder=Path(tempfile.mkdtemp(dir=memory)), weaken=weaken)
