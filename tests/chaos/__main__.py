"""Kill processes under load: `python -m tests.chaos --kills 50 [--seed 7]`. Exits 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.faults import KINDS
from tests.chaos.run import Run

KILLS_MAX = 500
SECONDS_PER_KILL_MAX = 60
SECONDS_MAX = 300

console = Console(highlight=False, soft_wrap=True)


async def _run(*, kills: int, seed: int, only: list[str], work: Path) -> bool:
    run = Run(work=work, seed=seed, console=console, only=only)
    async with asyncio.timeout(SECONDS_MAX + SECONDS_PER_KILL_MAX * kills):
        return await run.through(kills)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--only", action="append", choices=KINDS, default=[], help="this fault, instead of all in turn")
    told = parser.parse_args()
    if not 1 <= told.kills <= KILLS_MAX:
        parser.error(f"--kills must be from 1 to {KILLS_MAX}")
    work = Path(tempfile.mkdtemp(prefix="windfall-chaos-"))
    holds = False
    try:
        holds = asyncio.run(_run(kills=told.kills, seed=told.seed, only=told.only, work=work))
    finally:
        if holds:
            shutil.rmtree(work)
        else:
            console.print(f"Seed {told.seed}; what everything said is kept in {work}.", style="red")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
