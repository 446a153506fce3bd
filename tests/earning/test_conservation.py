"""Conservation: whatever is lost and whoever dies, points are taken for chances or given back, and the statement agrees."""

from __future__ import annotations

import pytest

from core.db import Database
from tests.prizes.wallets import Stand
from tests.purchases.faults import STEPS
from tests.purchases.run import run
from tests.support.arguments import HandClock

PURCHASES = 200


@pytest.mark.long
async def test_no_point_is_made_or_lost_though_answers_are_and_processes_die(
    stand: Stand, database: Database, clock: HandClock, campaign: str
) -> None:
    found = await run(stand, database=database, clock=clock, campaign=campaign, count=PURCHASES, seed=7)
    assert found.broken == []
    assert set(found.deaths) == set(STEPS)
    assert min(found.states[state] for state in ("done", "refunded", "refused")) > 0
    assert found.sums.debits > found.sums.granted > found.sums.in_flight == 0
    compared = sum(each.checked for each in found.statements)
    assert (compared > PURCHASES // 2) == stand.wallet.traits.can_be_asked
