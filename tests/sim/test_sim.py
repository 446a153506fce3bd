"""Plays under faults, seed by seed: nothing that was shown is lost, nothing is given twice, everything comes to rest.

`WINDFALL_SIM_SEEDS=300` runs that many; `python -m tests.sim --seed N` tells the history of one.
"""

from __future__ import annotations

import os

import pytest

from tests.sim.ground import Ground
from tests.sim.run import run_seed

SEEDS = int(os.environ.get("WINDFALL_SIM_SEEDS", "24"))
FOUND_BEFORE = (64, 146, 173, 218, 274, 1035, 40973)
"""Seeds that once showed a defect: plays decided after a pause, a day's second play without a first, a stale stream."""


@pytest.mark.sim
@pytest.mark.parametrize("seed", sorted({*range(SEEDS), *FOUND_BEFORE}))
async def test_no_fault_breaks_an_invariant(sound_ground: Ground, seed: int) -> None:
    outcome = await run_seed(seed, sound_ground)
    assert outcome.plays_shown
    assert not outcome.violations, str(outcome)
