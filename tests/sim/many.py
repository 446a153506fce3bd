"""Seeds one after another, on servers and files of this process's own."""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import uvloop

from inventory.embedded import EmbeddedServer, find_server, socket_for
from tests.sim.ground import Ground, ground
from tests.sim.run import Outcome, run_seed
from tests.support.engines import POSTGRESQL, REDIS, _fresh_postgresql, _numbered

DATABASE_NUMBER = 90
MEMORY = Path("/dev/shm")  # the ledger is copied for every seed
IS_IN_MEMORY = MEMORY.is_dir()


@asynccontextmanager
async def own_ground() -> AsyncIterator[Ground]:
    """Servers and files of this process's own: the engines the environment names, else Valkey and SQLite in memory."""
    url = REDIS
    postgresql_url = await _fresh_postgresql(DATABASE_NUMBER) if POSTGRESQL else ""
    with tempfile.TemporaryDirectory(dir=MEMORY if IS_IN_MEMORY else None) as name:
        folder = Path(name)
        server = None if url else EmbeddedServer(find_server(), folder / "server", socket_for(folder / "server"))
        if server is not None:
            server.start()
            url = server.url
        try:
            urls = [_numbered(url, number) for number in (0, 1)]
            async with ground(redis_urls=urls, folder=folder, postgresql_url=postgresql_url) as made:
                yield made
        finally:
            if server is not None:
                server.stop()


def run_seeds(seeds: Sequence[int]) -> list[Outcome]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.freeze()

    async def run() -> list[Outcome]:
        async with own_ground() as made:
            return [await run_seed(seed, made) for seed in seeds]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())
