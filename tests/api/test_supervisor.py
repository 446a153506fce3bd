"""`windfall run` brings everything up, keeps it up, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import jwt
import pytest

from api.supervisor import _Signals, _Stop
from tests.support.processes import RunningHouse, free_ports, wait_for, windfall

Run = Callable[..., RunningHouse]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_it_comes_up_revives_what_dies_and_leaves_nothing(run_house: Run) -> None:
    house = run_house()
    house.wait_ready()
    demo = house.demo
    assert set(demo) == {"base_url", "demo_mall_url", "console_url", "mall", "operators", "campaigns"}
    assert set(demo["operators"]) == {"owner", "reviewer"}
    assert stat.S_IMODE((house.var / "demo.json").stat().st_mode) == 0o600
    assert answers(f"{demo['base_url']}/readyz")
    assert answers(demo["demo_mall_url"])

    campaign = httpx.get(f"{demo['base_url']}/v1/campaigns/{demo['campaigns']['wheel']}", trust_env=False).json()
    assert campaign["phase"] == "live"
    for operator in demo["operators"].values():
        credentials = {"email": operator["email"], "password": operator["password"]}
        signed_in = httpx.post(f"{demo['base_url']}/v1/admin/tokens", json=credentials, trust_env=False)
        assert signed_in.status_code == 201

    for part in ("api", "worker"):
        killed = house.pid_of(f"api.cli {part}")
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda killed=killed: killed not in house.processes(), 10)  # type: ignore[misc]
    wait_for(lambda: answers(f"{demo['base_url']}/readyz"), 30)
    wait_for(lambda: any("api.cli worker" in line for line in house.processes().values()), 30)

    printed = house.stop(signal.SIGINT)
    assert house.process.returncode == 0
    assert not house.processes()
    assert "The API ended with signal 9; starting it again" in printed
    assert "The worker ended with signal 9; starting it again" in printed
    assert demo["operators"]["owner"]["password"] in printed
    assert "Traceback" not in printed


@pytest.mark.long
def test_a_second_start_keeps_what_the_first_told(run_house: Run) -> None:
    first = run_house()
    first.wait_ready()
    told = first.demo
    first.stop()
    second = run_house()
    wait_for(lambda: answers(f"{second.url}/readyz"), 60)
    wait_for(lambda: second.demo["base_url"] == second.url, 60)
    again = second.demo
    assert [again[name] for name in ("mall", "operators", "campaigns")] == [
        told[name] for name in ("mall", "operators", "campaigns")
    ]
    mall = again["mall"]
    now = int(time.time())
    token = jwt.encode(
        {"iss": mall["key"], "sub": "m", "aud": again["base_url"], "iat": now, "exp": now + 60, "jti": "j"},
        mall["secret"],
        algorithm="HS256",
    )
    opened = httpx.post(f"{again['base_url']}/v1/sessions", json={"token": token}, trust_env=False)
    assert opened.status_code == 201


@pytest.mark.long
def test_nothing_outlives_a_killed_supervisor(run_house: Run) -> None:
    house = run_house()
    house.wait_ready()
    assert len(house.processes()) >= 5
    house.stop(signal.SIGKILL)
    wait_for(lambda: not house.processes(), 30)


@pytest.mark.long
def test_a_stop_during_the_start_leaves_nothing(run_house: Run) -> None:
    house = run_house()
    wait_for(lambda: len(house.processes()) >= 3, 60)
    house.stop()
    assert not house.processes()


def test_a_stop_in_the_middle_of_a_callback_is_heard() -> None:
    async def start() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        await asyncio.sleep(10)

    with _Signals().heard(), pytest.raises(_Stop):
        asyncio.run(start())


def test_a_stop_that_was_lost_is_seen_at_the_next_look() -> None:
    signals = _Signals()
    with signals.heard():
        signals.check()
        with suppress(_Stop):
            os.kill(os.getpid(), signal.SIGHUP)
        with pytest.raises(_Stop):
            signals.check()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_taken_port_is_one_sentence(run_house: Run, place: int) -> None:
    first = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + place))
        taken.listen()
        house = run_house(WINDFALL_PORT=str(first))
        printed, _ = house.process.communicate(timeout=30)
    assert house.process.returncode == 2
    assert printed == f"Port {first + place} is taken: set WINDFALL_PORT to the first of three free ports.\n"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"WINDFALL_PORT": "many"}, "WINDFALL_PORT cannot be used: "),
        ({"WINDFALL_REDIS_URL": "redis://127.0.0.1:1"}, "WINDFALL_REDIS_URL cannot be used: "),
        ({"WINDFALL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, "WINDFALL_DATABASE_URL cannot be used"),
        ({"WINDFALL_ENVIRONMENT": "production"}, "WINDFALL_SECRET_KEY is missing: "),
    ],
)
def test_a_broken_setting_is_one_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    process = windfall("run", environment={"WINDFALL_VAR": str(tmp_path), **variables})
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert printed.startswith(sentence)
    assert printed.count("\n") == 1
