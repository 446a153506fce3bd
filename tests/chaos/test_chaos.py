"""Three kills of the kinds that tell most, as part of the suite; `make chaos` runs many of every kind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.chaos.estate import ROOT

SECONDS_MAX = 150
FAULTS = ("API, after the script", "server, log cut", "server lost, then its rebuilder")


@pytest.mark.chaos
def test_three_kills_under_load_break_no_promise() -> None:
    told = ["--kills", str(len(FAULTS)), "--seed", "7", *(word for fault in FAULTS for word in ("--only", fault))]
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *told],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "violations: 0" in run.stdout
