"""`python -m tests.bench`: everything in one run, interleaved round by round; only ratios are told.

The endpoint under test has a core of its own where there are two; the servers and the load share the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.load import CONNECTIONS, press
from tests.bench.scripts import script_ratios
from tests.bench.stage import Stage, stage

ROUNDS = 5
SECONDS = 3.0
OUT = Path("var/bench/latest.json")


@dataclass(frozen=True)
class Rate:
    """What one round of one endpoint gave."""

    per_second: float
    p99_ms: float


async def measure(stage: Stage, *, rounds: int, seconds: float) -> dict[str, list[Rate]]:
    """Every endpoint in turn, round after round, so that a drift of the machine touches all alike."""
    rates: dict[str, list[Rate]] = {endpoint.name: [] for endpoint in stage.endpoints}
    first = 0
    for number in range(rounds + 1):
        for endpoint in stage.endpoints:
            outcome = await press(endpoint.port, endpoint.request, status=endpoint.status, seconds=seconds, first=first)
            first += outcome.answered + outcome.unexpected + 1000
            if outcome.unexpected:
                raise SystemExit(f"{endpoint.name}: {outcome.unexpected} answers were not {endpoint.status}")
            if number:  # the first round warms up
                rates[endpoint.name].append(Rate(outcome.per_second, outcome.percentile_ms(99)))
            await asyncio.sleep(0.3)
    return rates


def ratios_of(rates: dict[str, list[Rate]], pairs: dict[str, tuple[str, str]]) -> dict[str, list[float]]:
    """Per ratio, one figure a round: plays per second of the first over the second."""
    return {
        name: [above.per_second / below.per_second for above, below in zip(rates[one], rates[other], strict=True)]
        for name, (one, other) in pairs.items()
    }


PAIRS = {
    "play_over_hello": ("play", "hello"),
    "play_on_sqlite_over_hello": ("play on sqlite", "hello"),
    "play_over_roundtrips": ("play", "roundtrips"),
    "play_over_for_update": ("play", "for update"),
    "play_over_plpgsql": ("play", "plpgsql"),
}


def tell(ratios: dict[str, list[float]], rates: dict[str, list[Rate]]) -> None:
    console = Console()
    table = Table(title="Ratios, median of the rounds", title_justify="left")
    for column in ("ratio", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "ratio" else "right")
    for name, figures in ratios.items():
        table.add_row(name, *(f"{one:.2f}" for one in (statistics.median(figures), min(figures), max(figures))))
    console.print(table)
    play = statistics.median(rate.p99_ms for rate in rates["play"])
    hello = statistics.median(rate.p99_ms for rate in rates["hello"])
    console.print(f"p99 of a play ÷ p99 of hello, both at 200 connections: {play / hello:.1f}")


def save(ratios: dict[str, list[float]], *, rounds: int) -> None:
    told: dict[str, Any] = {
        "ratios": {name: round(statistics.median(figures), 3) for name, figures in ratios.items()},
        "spread": {name: [round(min(figures), 3), round(max(figures), 3)] for name, figures in ratios.items()},
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "rounds": rounds,
            "connections": CONNECTIONS,
        },
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


async def run(*, rounds: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="windfall-bench-") as folder:
        async with stage(Path(folder)) as built:
            rates = await measure(built, rounds=rounds, seconds=seconds)
            ratios = ratios_of(rates, PAIRS)
            ratios |= await script_ratios(built.redis_url, rounds=rounds)
    tell(ratios, rates)
    save(ratios, rounds=rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, choices=range(1, 21))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    uvloop.run(run(rounds=arguments.rounds, seconds=min(arguments.seconds, 10.0)))


if __name__ == "__main__":
    main()
