"""The reference campaign: its odds exactly, value by value, and a few hundred plays over HTTP against a running house."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable

from api.processes import ROOT
from campaigns import registry
from campaigns.odds import parse_odds
from tests.journeys.people import Operator
from tests.support.processes import RunningHouse

PLAYS = 600
SECONDS_MAX = 90
LEVEL = 1e-6
"""A sound run fails one time in a million; one with wrong odds would still."""


def test_enumerating_every_value_gives_exactly_the_promised_counts() -> None:
    lines = registry.template("wheel", "reference").draft["pools"][0]["lines"]
    odds = parse_odds([line["odds"] for line in lines])
    hits = Counter(lines[odds.pick(number)]["key"] for number in range(odds.total))
    assert odds.total == 100_000
    assert hits == {"phone": 1, "thanks": 90_000, "topup": 9_999}


async def test_its_published_definition_says_the_same(operator: Operator) -> None:
    campaign = await operator.drafts("reference")
    await operator.publishes(campaign)
    pool = (await operator.client.get(f"/v1/campaigns/{campaign}")).json()["pools"][0]
    assert pool["total"] == 100_000
    assert {line["key"]: line["weight"] for line in pool["lines"]} == {"phone": 1, "thanks": 90_000, "topup": 9_999}


def test_a_few_hundred_plays_over_http_fit_the_odds(run_house: Callable[..., RunningHouse]) -> None:
    house = run_house()
    house.wait_ready()
    told = ["--plays", str(PLAYS), "--var", str(house.var), "--level", str(LEVEL)]
    run = subprocess.run(
        [sys.executable, "-m", "tests.journeys.reference_run", *told],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{PLAYS} plays" in run.stdout
    assert "The draws fit the odds." in run.stdout
