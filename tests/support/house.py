"""A house of its own for every test, and a client that knocks at its door."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.house import House, open_house
from api.settings import Settings
from tests.support.arguments import CountingEntropy, CountingIds, HandClock

BASE_URL = "http://windfall.test"
SECRET_KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(
        environment="test",
        var=tmp_path,
        database_url=database_url,
        redis_url=redis_url,
        base_url=BASE_URL,
        secret_key=SECRET_KEY,
        topup_url="",
    )


@pytest.fixture
async def house(settings: Settings, clock: HandClock) -> AsyncIterator[House]:
    async with open_house(settings, clock=clock, ids=CountingIds(), entropy=CountingEntropy()) as house:
        yield house


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One application for all houses of a test process: making its routes takes longer than most tests."""
    return create_app(Settings(environment="test", var=tmp_path_factory.mktemp("var"), base_url=BASE_URL))


@pytest.fixture
def app(application: FastAPI, house: House) -> FastAPI:
    """The application, at work in this test's house."""
    application.state.house = house
    return application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
        yield client
