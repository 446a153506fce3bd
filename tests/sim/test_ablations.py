"""Take one guard away, and the same checker must notice: a checker that cannot fail proves nothing."""

from __future__ import annotations

import pytest

from tests.sim.ablations import ABLATIONS, SEEDS_MAX
from tests.sim.conftest import Make
from tests.sim.run import run_seed


@pytest.mark.ablation
@pytest.mark.parametrize("name", ABLATIONS)
async def test_a_missing_guard_is_noticed(weak_ground: Make, name: str) -> None:
    ablation = ABLATIONS[name]
    async with weak_ground(ablation.weaken) as ground:
        with ablation.applied():
            for seed in range(SEEDS_MAX):
                outcome = await run_seed(
                    seed,
                    ground,
                    shape=ablation.shapes[seed % len(ablation.shapes)],
                    reveals_early=ablation.reveals_early,
                    favours=ablation.favours,
                )
                if outcome.violations:
                    return
    pytest.fail(f"{SEEDS_MAX} seeds without a violation: {name}")
