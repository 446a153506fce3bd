"""`windfall run` as a process of its own, with ports and data of its own."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inventory.embedded import EmbeddedServer, socket_for
from tests.support.engines import POSTGRESQL, REDIS, empty_database

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 40
PORTS_IN_A_ROW = 3


class RunningHouse:
    """Everything `windfall run` started. `demo` is what it wrote for programs."""

    def __init__(self, process: subprocess.Popen[str], var: Path, url: str) -> None:
        self.process = process
        self.var = var
        self.url = url

    @property
    def demo(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return content

    def pid_of(self, command: str) -> int:
        """The one process that runs this, for example `api.cli worker`."""
        found = [pid for pid, line in self.processes().items() if f"-m {command} " in line]
        assert len(found) == 1, (command, self.processes())
        return found[0]

    def processes(self) -> Mapping[int, str]:
        """Every live process that belongs to this house, and its command line."""
        mark = f"WINDFALL_VAR={self.var}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return {pid: line for pid, line in found.items() if line}

    def wait_ready(self) -> None:
        wait_for(lambda: (self.var / "demo.json").exists() or self.process.poll() is not None, READY_SECONDS_MAX)
        assert self.process.poll() is None, self.process.communicate()[0]

    def stop(self, number: int = signal.SIGTERM) -> str:
        """End it by this signal and return what it had printed."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=STOP_SECONDS_MAX)
        return printed


@pytest.fixture
def house_engines(bare_url: str, redis_url: str) -> dict[str, str]:
    """The variables that put a house of its own on the engines under test."""
    return {
        **({"WINDFALL_DATABASE_URL": bare_url} if POSTGRESQL else {}),
        **({"WINDFALL_REDIS_URL": redis_url} if REDIS else {}),
    }


@contextmanager
def engines_apart(name: str) -> Iterator[dict[str, str]]:
    """The variables that put a house that lasts on the engines under test, beside the data of all other tests."""
    chosen = {"WINDFALL_DATABASE_URL": asyncio.run(empty_database(name))} if POSTGRESQL else {}
    if not REDIS:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="windfall-test-") as folder:
        server = EmbeddedServer(
            Path(shutil.which("redis-server") or "redis-server"), Path(folder), socket_for(Path(folder))
        )
        server.start()
        yield {**chosen, "WINDFALL_REDIS_URL": server.url}
        server.stop()


@pytest.fixture
def run_house(tmp_path: Path, house_engines: dict[str, str]) -> Iterator[Callable[..., RunningHouse]]:
    """Starts `windfall run` on the engines under test; whatever a test forgot is ended after it."""
    started: list[RunningHouse] = []

    def run(**settings: str) -> RunningHouse:
        var = tmp_path / "var"
        ours = {"WINDFALL_VAR": str(var), "WINDFALL_PORT": str(free_ports()), **house_engines}
        told = {**ours, **settings}
        house = RunningHouse(windfall("run", environment=told), var, f"http://127.0.0.1:{told['WINDFALL_PORT']}")
        started.append(house)
        return house

    yield run
    for house in started:
        if house.process.poll() is None:
            house.process.kill()
        house.process.communicate()
    wait_for(lambda: not any(house.processes() for house in started), STOP_SECONDS_MAX)


def windfall(*arguments: str, environment: Mapping[str, str], stderr: int = subprocess.STDOUT) -> subprocess.Popen[str]:
    """One `windfall` command with these variables and none of ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WINDFALL_")}
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def free_ports() -> int:
    """The first of a few free ports in a row."""
    while True:
        first = random.randrange(20_000, 32_000)
        sockets = [socket.socket() for _ in range(PORTS_IN_A_ROW)]
        try:
            for number, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + number))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return first


def wait_for(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)
