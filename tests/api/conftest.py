"""A house that lasts, for what looks at one from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.processes import (
    STOP_SECONDS_MAX,
    RunningHouse,
    engines_apart,
    free_ports,
    wait_for,
    windfall,
)


@pytest.fixture(scope="session")
def lasting_house(
    worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningHouse, dict[str, str]]]:
    """`windfall run`, and the variables of its engines."""
    var = tmp_path_factory.mktemp("lasting") / "var"
    port = free_ports()
    with engines_apart(f"windfall_lasting_{worker_number}") as engines:
        told = {**engines, "WINDFALL_VAR": str(var), "WINDFALL_PORT": str(port)}
        house = RunningHouse(windfall("run", environment=told), var, f"http://127.0.0.1:{port}")
        try:
            house.wait_ready()
            yield house, engines
        finally:
            house.stop()
            wait_for(lambda: not house.processes(), STOP_SECONDS_MAX)
