"""`python -m tests.draws --draws 20000000`: so many draws over all trials, by the project's own code, on seeds of the moment."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from campaigns.fairness import SEED_BYTES
from campaigns.goodness import doubtful, p_values_of
from tests.draws.ways import Trial, drawn, trials

CHUNK = 50_000
LEVEL = 0.01


def p_values(trial: Trial, counts: Counter[int]) -> list[float]:
    weights = trial.promised.weights
    there = [place for place, weight in enumerate(weights) if weight]
    if any(count for place, count in counts.items() if place not in there):
        return [0.0]
    return list(p_values_of([counts[place] for place in there], [weights[place] for place in there]).values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000_000)
    draws = parser.parse_args().draws
    tried = trials()
    each = max(draws // len(tried), CHUNK)
    started = time.monotonic()
    counts: list[Counter[int]] = [Counter() for _ in tried]
    tasks = [(place, os.urandom(SEED_BYTES), CHUNK) for place in range(len(tried)) for _ in range(each // CHUNK)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for place, found in pool.imap_unordered(drawn, tasks):
            counts[place] += found
    found = {trial.name: p_values(trial, counted) for trial, counted in zip(tried, counts, strict=True)}
    sound = [p for trial in tried if trial.is_sound for p in found[trial.name]]
    fits = not doubtful(sound, level=LEVEL)
    caught = [bool(doubtful(found[trial.name], level=LEVEL)) for trial in tried if not trial.is_sound]
    table = Table(
        title=f"{sum(map(Counter.total, counts)):,} draws in {time.monotonic() - started:.0f} s", title_justify="left"
    )
    for column in ("trial", "draws", "least p", "verdict"):
        table.add_column(column, justify="left" if column in {"trial", "verdict"} else "right")
    for trial, counted in zip(tried, counts, strict=True):
        least = min(found[trial.name])
        verdict = (
            ("fits" if fits or least > LEVEL else "DOUBTFUL")
            if trial.is_sound
            else ("rejected" if least < LEVEL else "NOT REJECTED")
        )
        table.add_row(trial.name, f"{counted.total():,}", f"{least:.2g}", verdict)
    Console().print(table)
    return 0 if fits and all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
