"""What happens to the processes: a deck with every fault once, shuffled again whenever it is used up."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path

from tests.chaos.estate import APIS, WORKERS, Estate
from tests.chaos.points import ANYBODY

ORDER_SECONDS_MAX = 6
DOWN_SECONDS_MAX = 0.6
FROZEN_SECONDS = 1.5


class Faults:
    """Does one fault at a time and brings everything back up; the choice follows from the seed."""

    def __init__(self, estate: Estate, chance: random.Random, only: Sequence[str] = ()) -> None:
        self._estate = estate
        self._chance = chance
        self._backup = estate.work / "backup"
        self._deck = self._shuffled() if not only else cycle(only)

    def next(self) -> str:
        return next(self._deck)

    async def do(self, name: str) -> list[str]:
        """Do it, and start again what died; what died by itself comes back as sentences."""
        await KINDS[name](self)
        dead = [process for process in self._estate.processes.values() if not process.alive]
        by_itself = [
            f"{process.name} ended with {process.ended}" for process in dead if process.ended != -signal.SIGKILL
        ]
        for process in dead:
            process.start()
        for left in self._estate.orders.iterdir():
            left.unlink(missing_ok=True)
        self._keep_backup()
        return by_itself

    def _shuffled(self) -> Iterator[str]:
        while True:
            names = list(KINDS)
            self._chance.shuffle(names)
            yield from names

    async def _down(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, DOWN_SECONDS_MAX))

    async def kill(self, *names: str) -> None:
        self._estate.processes[self._chance.choice(names)].kill()
        await self._down()

    async def order(self, who: str, point: str) -> None:
        """Leave an order to die at a point; whoever does not pass there in time is killed where it stands."""
        (self._estate.orders / f"{who}.{point}").touch()
        deadline = time.monotonic() + ORDER_SECONDS_MAX
        while all(process.alive for process in self._estate.processes.values()):
            if time.monotonic() > deadline:
                self._estate.processes[APIS[0] if who == ANYBODY else who].kill()
            await asyncio.sleep(0.02)
        await self._down()

    async def freeze(self) -> None:
        """An API stands still while the server loses its newest writes, and wakes up in a world that went on."""
        frozen = self._estate.processes[self._chance.choice(APIS)]
        frozen.signal(signal.SIGSTOP)
        await self.restart_redis(self._cut_tail)
        await asyncio.sleep(FROZEN_SECONDS)
        frozen.signal(signal.SIGCONT)

    async def restart_redis(self, meanwhile: Callable[[], None]) -> None:
        await asyncio.to_thread(self._estate.redis.kill)
        meanwhile()
        await self._down()
        await asyncio.to_thread(self._estate.redis.start)

    def _cut_tail(self) -> None:
        """What a power failure leaves: the log of writes, short by some bytes, in the middle of anything."""
        log = max(self._append_only().glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
        size = log.stat().st_size
        with log.open("r+b") as file:
            file.truncate(size - self._chance.randint(1, max(1, min(size, self._chance.choice((64, 2_000, 60_000))))))

    def _lose_all(self) -> None:
        shutil.rmtree(self._estate.redis.data_dir)

    def _restore_backup(self) -> None:
        if self._backup.exists():
            shutil.rmtree(self._append_only())
            shutil.copytree(self._backup, self._append_only())

    def _keep_backup(self) -> None:
        """The server's files as they are now, for a restore to go back to."""
        if self._chance.random() < 0.5 or not self._backup.exists():
            shutil.rmtree(self._backup, ignore_errors=True)
            shutil.copytree(self._append_only(), self._backup)

    def _append_only(self) -> Path:
        return self._estate.redis.data_dir / "appendonlydir"

    async def lose_all_and(self, point: str) -> None:
        """The counters are gone, and whoever begins to rebuild them dies over it."""
        await self.restart_redis(self._lose_all)
        await self.order(ANYBODY, point)


KINDS: Mapping[str, Callable[[Faults], Awaitable[None]]] = {
    "API, anywhere": lambda faults: faults.kill(*APIS),
    "API, after the script": lambda faults: faults.order(faults._chance.choice(APIS), "after-script"),
    "API, after the commit": lambda faults: faults.order(faults._chance.choice(APIS), "after-commit"),
    "API frozen, log cut meanwhile": lambda faults: faults.freeze(),
    "worker, anywhere": lambda faults: faults.kill(*WORKERS),
    "worker, after a drain": lambda faults: faults.order(faults._chance.choice(WORKERS), "after-drain"),
    "worker, after a supplier's answer": lambda faults: faults.order(ANYBODY, "after-supplier-call"),
    "server, log intact": lambda faults: faults.restart_redis(lambda: None),
    "server, log cut": lambda faults: faults.restart_redis(faults._cut_tail),
    "server, all data lost": lambda faults: faults.restart_redis(faults._lose_all),
    "server, older backup restored": lambda faults: faults.restart_redis(faults._restore_backup),
    "server lost, then its rebuilder": lambda faults: faults.lose_all_and(
        faults._chance.choice(("before-load", "after-load"))
    ),
}
