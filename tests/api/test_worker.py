"""The worker repeats its steps whatever happens, and stops when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from api import worker
from api.auth.models import LaunchTokenUse, MemberSessionRow
from api.house import House
from api.worker import Found, Step, steps_of, work
from campaigns.counter_checks import LAG_MS_MAX
from tests.support.arguments import HandClock
from tests.support.people import a_mall, a_member


async def run_until(steps: list[Step], holds: Callable[[], bool]) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(work(steps, stop))
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 (counted from outside)
            await asyncio.sleep(0.005)
    stop.set()
    await working


async def test_a_step_that_fails_is_tried_again_and_holds_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BACKOFF_SECONDS_FIRST", 0.001)
    counts = {"failing": 0, "well": 0}

    async def failing() -> Found:
        counts["failing"] += 1
        raise RuntimeError("not today")

    async def well() -> Found:
        counts["well"] += 1
        return Found.NOTHING

    steps = [Step("failing", failing, 0.001), Step("well", well, 0.001)]
    await run_until(steps, lambda: counts["failing"] >= 4 and counts["well"] >= 4)


async def test_a_failing_step_is_tried_ever_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(_stop: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    async def failing() -> Found:
        raise RuntimeError("not today")

    monkeypatch.setattr(worker, "_rest", rest)
    await run_until([Step("failing", failing, 1)], lambda: len(rests) >= 12)
    assert rests[:4] == [0.4, 0.8, 1.6, 3.2]
    assert max(rests) == worker.BACKOFF_SECONDS_MAX


async def test_work_goes_on_without_a_rest_while_there_is_some() -> None:
    left = [5]

    async def busy() -> Found:
        left[0] -= 1
        return Found.MORE if left[0] else Found.SOME

    await run_until([Step("busy", busy, 3600)], lambda: left[0] == 0)


async def test_a_step_that_finds_nothing_rests_longer_until_it_finds_some(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    founds = iter([*[Found.NOTHING] * 4, Found.SOME, Found.NOTHING, Found.MORE, Found.SOME])

    async def rest(_stop: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    async def now_and_then() -> Found:
        return next(founds, Found.SOME)

    monkeypatch.setattr(worker, "_rest", rest)
    await run_until([Step("now and then", now_and_then, 0.25, idle_seconds=0.75)], lambda: len(rests) >= 7)
    assert rests[:7] == [0.375, 0.5625, 0.75, 0.75, 0.25, 0.375, 0.25]


async def test_a_step_without_an_idle_rest_keeps_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(_stop: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    async def idle() -> Found:
        return Found.NOTHING

    monkeypatch.setattr(worker, "_rest", rest)
    await run_until([Step("idle", idle, 1)], lambda: len(rests) >= 5)
    assert set(rests) == {1}


async def test_members_wait_less_than_a_second_for_work_to_begin(house: House) -> None:
    longest = {step.name: max(step.rest_seconds, step.idle_seconds) for step in steps_of(house)}
    assert longest["deliveries"] < 1
    assert longest["purchases"] <= 1
    assert longest["campaigns"] * 1000 + worker.YOUNG_MS < LAG_MS_MAX
    assert longest["raffles"] <= 5


async def test_what_expired_is_forgotten(client: httpx.AsyncClient, house: House, clock: HandClock) -> None:
    await a_member(client, house, await a_mall(house))
    steps = {step.name: step for step in steps_of(house)}
    await steps["expired"].run()
    async with house.database.reading() as session:
        assert len((await session.scalars(select(MemberSessionRow))).all()) == 1
    clock.advance(hours=1)
    assert not await steps["expired"].run()
    async with house.database.reading() as session:
        assert (await session.scalars(select(MemberSessionRow))).all() == []
        assert (await session.scalars(select(LaunchTokenUse))).all() == []
