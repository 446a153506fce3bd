"""A house on the wall clock, for scripts read the server's, with a supplier process to send top-ups to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from api.house import House
from api.settings import Settings
from tests.journeys.people import Member, Operator, a_mall_with_people, someone
from tests.prizes.conftest import SECRET, running_sandbox
from tests.support.campaigns import WallClock
from tests.support.people import AMall


@pytest.fixture(scope="session")
def supplier_url() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def settings(settings: Settings, supplier_url: str) -> Settings:
    return settings.model_copy(update={"topup_url": supplier_url, "topup_secret": SecretStr(SECRET)})


@pytest.fixture
async def people(client: httpx.AsyncClient, house: House) -> tuple[AMall, Operator, Member]:
    return await a_mall_with_people(client, house)


@pytest.fixture
def mall(people: tuple[AMall, Operator, Member]) -> AMall:
    return people[0]


@pytest.fixture
def operator(people: tuple[AMall, Operator, Member]) -> Operator:
    return people[1]


@pytest.fixture
def member(people: tuple[AMall, Operator, Member]) -> Member:
    return people[2]


@pytest.fixture
async def another_member(client: httpx.AsyncClient, house: House, mall: AMall) -> Member:
    return await someone(client, house, mall, sub="member-2")
