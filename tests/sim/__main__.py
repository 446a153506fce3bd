"""`python -m tests.sim --seeds 2000`, or `--seed N` to see one history step by step."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.sim.many import run_seeds

CHUNK_SEEDS = 10


def main() -> int:
    options = _options()
    if options.seed is not None:
        (outcome,) = run_seeds([options.seed])
        print(outcome)  # noqa: T201 (the point of it)
        return 1 if outcome.violations else 0
    started = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    chunks = [seeds[place : place + CHUNK_SEEDS] for place in range(0, len(seeds), CHUNK_SEEDS)]
    failed, done, shown = [], 0, 0
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for outcomes in pool.imap_unordered(run_seeds, chunks):
            done += len(outcomes)
            shown += sum(outcome.plays_shown for outcome in outcomes)
            for outcome in outcomes:
                if outcome.violations:
                    failed.append(outcome.seed)
                    _say(f"seed {outcome.seed}: {'; '.join(outcome.violations[:3])}")
            _say(
                f"{done}/{len(seeds)} seeds, {done / (time.monotonic() - started):.1f} a second, {len(failed)} violated",
                end="\r",
            )
    _say(f"{done} seeds, {shown} plays shown, {len(failed)} seeds with violations: {sorted(failed)[:20]}", end="\n")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="one seed, with its history")
    named = any(os.environ.get(name) for name in ("WINDFALL_REDIS_URL", "WINDFALL_DATABASE_URL"))
    parser.add_argument("--jobs", type=int, default=1 if named else os.cpu_count() or 1, help="processes")
    return parser.parse_args()


def _say(line: str, end: str = "\n") -> None:
    sys.stdout.write(line + " " * 8 + end)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
