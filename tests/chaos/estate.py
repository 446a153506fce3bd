"""The whole service as real processes on this machine: engines, supplier, two APIs, two workers."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from api.migrating import migrate
from api.settings import Settings, child_environment
from inventory.embedded import EmbeddedServer, die_with_parent, find_server, socket_for

ROOT = Path(__file__).parents[2]
POSTGRESQL = os.environ.get("WINDFALL_DATABASE_URL", "")
REDIS = os.environ.get("WINDFALL_REDIS_URL", "")
BASE_URL = "http://windfall.chaos"
SECRET_KEY = base64.b64encode(bytes(range(32))).decode()
SUPPLIER_SECRET = "chaos-supplier-secret"
STOP_SECONDS_MAX = 15
START_SECONDS_MAX = 30
APIS = ("api-1", "api-2")
WORKERS = ("worker-1", "worker-2")


@dataclass
class Process:
    """One child; what it says goes to a file of its name."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 (one system call, no lock taken)
            )

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    @property
    def ended(self) -> int | None:
        return self.running.poll() if self.running is not None else None

    def signal(self, number: signal.Signals) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(number)

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()

    def stop(self) -> int | None:
        """SIGTERM, then SIGKILL to what does not listen; how it ended."""
        if self.running is None:
            return None
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.running.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class Estate:
    """Everything that runs, under one temporary directory."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.orders = work / "orders"
        self.logs = work / "logs"
        for folder in (self.orders, self.logs):
            folder.mkdir(parents=True)
        self._ports = dict(zip((*APIS, "supplier"), free_ports(3), strict=True))
        self._postgresql = f"windfall_chaos_{os.getpid()}" if POSTGRESQL else ""
        self.settings = Settings(
            environment="test",
            var=work,
            database_url=self._database_url(),
            redis_url=f"unix://{socket_for(work / 'redis')}",
            base_url=BASE_URL,
            secret_key=SECRET_KEY,
            topup_url=f"http://127.0.0.1:{self._ports['supplier']}",
            topup_secret=SUPPLIER_SECRET,
        )
        binary = Path(shutil.which("redis-server") or "redis-server") if REDIS else find_server()
        self.redis = EmbeddedServer(binary, work / "redis", socket_for(work / "redis"))
        self.processes = {process.name: process for process in self._processes()}

    @property
    def api_urls(self) -> list[str]:
        return [f"http://127.0.0.1:{self._ports[name]}" for name in APIS]

    @property
    def supplier_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['supplier']}"

    @property
    def engines(self) -> str:
        return f"{'PostgreSQL' if POSTGRESQL else 'SQLite'} and {self.redis.binary.name}"

    async def start(self) -> None:
        if self._postgresql:
            await self._postgresql_database("CREATE")
        await asyncio.to_thread(migrate, self.settings.database_url)
        await asyncio.to_thread(self.redis.start)
        for process in self.processes.values():
            process.start()
        await self.serving([f"{self.supplier_url}/healthz", *(f"{url}/readyz" for url in self.api_urls)])

    async def stop(self) -> list[str]:
        """Stop everything; what did not stop by itself, or did so badly, comes back as sentences."""
        ended = await asyncio.gather(*(asyncio.to_thread(process.stop) for process in self.processes.values()))
        await asyncio.to_thread(self.redis.stop)
        if self._postgresql:
            await self._postgresql_database("DROP")
        fine = (0, -signal.SIGTERM)
        return [
            f"{name} ended with {how} when asked to stop"
            for name, how in zip(self.processes, ended, strict=True)
            if how not in fine
        ]

    async def serving(self, urls: Sequence[str]) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            for url in urls:
                while not await _answers(client, url):
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"{url} did not come up; see {self.logs}")
                    await asyncio.sleep(0.05)

    def environment(self, name: str, **changes: str) -> dict[str, str]:
        """What a child of ours runs with."""
        told = self.settings
        return {
            **child_environment(
                environment=told.environment,
                host="127.0.0.1",
                var=str(self.work),
                database_url=told.database_url,
                redis_url=told.redis_url,
                base_url=BASE_URL,
                secret_key=SECRET_KEY,
                topup_url=told.topup_url,
                topup_secret=SUPPLIER_SECRET,
                log_level="WARNING",
                **changes,
            ),
            "CHAOS_PROCESS": name,
            "CHAOS_ORDERS": str(self.orders),
        }

    def _processes(self) -> Sequence[Process]:
        supplier = {
            **child_environment(),
            "SANDBOX_SUPPLIER_SECRET": SUPPLIER_SECRET,
            "SANDBOX_SUPPLIER_PORT": str(self._ports["supplier"]),
            "SANDBOX_SUPPLIER_CALLBACK_URL": f"{self.api_urls[0]}/v1/suppliers/topup/callbacks",
        }
        wrapped = ("-m", "tests.chaos.process")
        return [
            self._process("supplier", ("-m", "examples.sandbox_supplier"), supplier),
            *(
                self._process(name, (*wrapped, "api"), self.environment(name, port=str(self._ports[name])))
                for name in APIS
            ),
            *(self._process(name, (*wrapped, "worker"), self.environment(name)) for name in WORKERS),
        ]

    def _process(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Process:
        return Process(name, command, environment, self.logs / f"{name}.log")

    def _database_url(self) -> str:
        if not self._postgresql:
            return f"sqlite+aiosqlite:///{self.work / 'windfall.db'}"
        url = make_url(Settings(database_url=POSTGRESQL).database_url)
        return url.set(database=self._postgresql).render_as_string(hide_password=False)

    async def _postgresql_database(self, verb: str) -> None:
        engine = create_async_engine(Settings(database_url=POSTGRESQL).database_url, isolation_level="AUTOCOMMIT")
        force = " WITH (FORCE)" if verb == "DROP" else ""
        async with engine.connect() as connection:
            await connection.execute(text(f'{verb} DATABASE "{self._postgresql}"{force}'))
        await engine.dispose()


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    with suppress(httpx.TransportError):
        return (await client.get(url)).status_code < 500
    return False
