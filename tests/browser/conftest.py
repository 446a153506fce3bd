"""One house and one browser a test process; campaigns, pages and visitors of each test's own."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.visitor import Device, Visitor
from tests.journeys.people import Operator
from tests.support.processes import STOP_SECONDS_MAX, RunningHouse, engines_apart, free_ports, wait_for, windfall

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 10_000
EXPECT_MS = 15_000  # what the page looks at again every four seconds has time to come
HERE = Path(__file__).parent
failed = pytest.StashKey[bool]()

Visit = Callable[..., Awaitable[Visitor]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[failed] = item.stash.get(failed, False) or report.failed
    return report


expect.set_options(timeout=EXPECT_MS)


@pytest.fixture(scope="session")
def browser_engines(worker_number: int) -> Iterator[dict[str, str]]:
    with engines_apart(f"windfall_browser_{worker_number}") as chosen:
        yield chosen


@pytest.fixture(scope="session")
def estate(browser_engines: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """`windfall run`, with its demo mall and its sandbox supplier."""
    var = tmp_path_factory.mktemp("browser") / "var"
    port = free_ports()
    told = {**browser_engines, "WINDFALL_VAR": str(var), "WINDFALL_PORT": str(port)}
    house = RunningHouse(windfall("run", environment=told), var, f"http://127.0.0.1:{port}")
    try:
        house.wait_ready()
        yield house
    finally:
        house.stop()
        wait_for(lambda: not house.processes(), STOP_SECONDS_MAX)


@pytest.fixture(scope="session")
async def http(estate: RunningHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=estate.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def operator(estate: RunningHouse, http: httpx.AsyncClient) -> Operator:
    token = estate.demo["operators"]["owner"]["token"]
    return Operator(client=http, headers={"authorization": f"Bearer {token}"})


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS), timeout=60_000
        )
        yield browser
        await browser.close()


@pytest.fixture
async def visit(
    chromium: Browser, estate: RunningHouse, http: httpx.AsyncClient, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Visit]:
    """Makes visitors. Afterwards none of them may have caused noise, and a failure leaves its pictures behind."""
    visitors: list[Visitor] = []

    async def make(device: Device, campaign: str, **more: Any) -> Visitor:
        context = await chromium.new_context(**device.options)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        mall_url = estate.demo["demo_mall_url"]
        visitor = Visitor(page=page, device=device, mall_url=mall_url, client=http, campaign=campaign, **more)
        visitor.listen()
        visitors.append(visitor)
        return visitor

    yield make
    for number, visitor in enumerate(visitors):
        if request.node.stash.get(failed, False):
            with contextlib.suppress(Exception):
                await visitor.page.screenshot(path=tmp_path / f"visitor-{number}.png", full_page=True)
        await visitor.page.unroute_all(behavior="ignoreErrors")
        await visitor.page.context.close()
    assert [one for visitor in visitors for one in visitor.complaints] == []
