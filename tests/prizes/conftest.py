"""Fixtures of this room: workers with everything they need, and the sandbox supplier as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from core.db import Database
from prizes.fulfilment.deliveries import Fulfilment, FulfilmentSettings
from tests.prizes.sandbox import APP_KEY, SECRET, Sandbox, SandboxWallet
from tests.prizes.wallets import SECONDS_MAX, HttpStand, LedgerStand, Stand, a_duiba_wallet, a_signed_wallet
from tests.support.arguments import CountingEntropy, CountingIds, HandClock

ROOT = Path(__file__).parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
KEK = bytes(range(32))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of real input run where the real input is; elsewhere they are not part of the suite."""
    if not SHARED_DATA.is_dir():
        absent = [item for item in items if item.get_closest_marker("shared_data")]
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_example(module: str, prefix: str, **settings: str) -> Iterator[str]:
    """The address of an example that lives as long as the block; its settings are environment variables `<prefix>_…`."""
    port = free_port()
    environment = {**os.environ, **{f"{prefix}_{name}": value for name, value in settings.items()}}
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env={**environment, f"{prefix}_PORT": str(port)}
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            assert process.poll() is None, f"{module} died"
            try:
                httpx.get(f"{url}/healthz", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def running_sandbox(*, callback_url: str = "") -> AbstractContextManager[str]:
    """The address of a sandbox supplier that lives as long as the block."""
    return running_example("examples.sandbox_supplier", "SANDBOX_SUPPLIER", SECRET=SECRET, CALLBACK_URL=callback_url)


@pytest.fixture(scope="session")
def wallet_url() -> Iterator[str]:
    with running_example("examples.sandbox_wallet", "SANDBOX_WALLET", SECRET=SECRET, APP_KEY=APP_KEY) as url:
        yield url


@pytest.fixture
async def sandbox_wallet(wallet_url: str, http: httpx.AsyncClient) -> SandboxWallet:
    """The mall's wallet with an empty book and no faults."""
    sandbox = SandboxWallet(wallet_url, http)
    await sandbox.reset()
    return sandbox


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def sandbox(sandbox_url: str, http: httpx.AsyncClient) -> Sandbox:
    """The supplier with an empty book and no faults."""
    sandbox = Sandbox(sandbox_url, http)
    await sandbox.reset()
    return sandbox


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


@pytest.fixture
def fulfilment(
    database: Database, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient, sandbox_url: str
) -> Fulfilment:
    return a_worker(database, clock, ids, http, sandbox_url)


@pytest.fixture(params=["signed", "duiba"])
def far(
    request: pytest.FixtureRequest, sandbox_wallet: SandboxWallet, http: httpx.AsyncClient, clock: HandClock
) -> HttpStand:
    """A wallet of the mall's own, which can be told to misbehave."""
    make = a_signed_wallet if request.param == "signed" else a_duiba_wallet
    return HttpStand(make(sandbox_wallet.url, http, clock), sandbox_wallet)


@pytest.fixture
def answer_seconds_max() -> float:
    """How long a stand's calls wait for an answer: not long, so that a wallet that hangs holds nobody up."""
    return SECONDS_MAX


@pytest.fixture(params=["ledger", "signed", "duiba"])
def stand(
    *,
    request: pytest.FixtureRequest,
    database: Database,
    sandbox_wallet: SandboxWallet,
    http: httpx.AsyncClient,
    clock: HandClock,
    ids: CountingIds,
    answer_seconds_max: float,
) -> Stand:
    if request.param == "ledger":
        return LedgerStand(database, clock, ids)
    make = a_signed_wallet if request.param == "signed" else a_duiba_wallet
    wallet = make(sandbox_wallet.url, http, clock, answer_seconds_max=answer_seconds_max)
    return HttpStand(wallet, sandbox_wallet)


def a_worker(
    database: Database, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient, url: str | None, **changes: object
) -> Fulfilment:
    settings: dict[str, object] = {"kek": KEK, "topup_url": url, "topup_secret": SECRET, "answer_seconds_max": 0.6}
    return Fulfilment(
        database=database,
        clock=clock,
        ids=ids,
        entropy=CountingEntropy(),
        settings=FulfilmentSettings(**{**settings, **changes}),  # type: ignore[arg-type]
        http=http,
    )
