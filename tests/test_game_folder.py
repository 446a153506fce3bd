"""A new game is one new folder, and no edit anywhere else: tried on a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOY = ROOT / "tests" / "journeys" / "toy"
BIN = Path(sys.executable).parent
SECONDS_MAX = 60
FENCE = "A game knows the game contract and nothing else"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked source, and one more folder under `campaigns/`."""
    copy = tmp_path_factory.mktemp("project")
    for name in _run(["git", "ls-files", "-z"], cwd=ROOT).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    shutil.copytree(TOY, copy / "campaigns" / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_game_is_found_drafted_published_and_played(project: Path) -> None:
    told = _run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/journeys/new_game.py"], cwd=project
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "3 passed" in told.stdout


def test_the_front_end_build_picks_its_widget_up(project: Path) -> None:
    installed = ROOT / "node_modules"
    assert installed.is_dir(), "run make setup"
    (project / "node_modules").mkdir()
    for package in installed.iterdir():
        if not package.name.startswith(".dist"):
            (project / "node_modules" / package.name).symlink_to(package)
    built = _run(["node", "web/build.mjs"], cwd=project)
    assert built.returncode == 0, built.stdout + built.stderr
    widgets = json.loads((project / "dist" / "manifest.json").read_text())["widgets"]
    assert set(widgets) >= {"toy", "wheel"}
    assert "toyBoxes" in (project / "dist" / widgets["toy"]["js"]).read_text()


def test_the_contracts_hold_with_the_new_game(project: Path) -> None:
    linted = _lint(project)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("forbidden", ["inventory.claims", "fastapi", "campaigns.ledger", "campaigns.wheel.game"])
def test_a_game_that_reaches_outside_is_stopped_by_the_fence(project: Path, forbidden: str) -> None:
    game = project / "campaigns" / "toy" / "game.py"
    honest = game.read_text()
    try:
        game.write_text(honest.replace("\nfrom pydantic", f"\nimport {forbidden}\nfrom pydantic", 1))
        linted = _lint(project)
    finally:
        game.write_text(honest)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    named = "Games do not know each other" if "wheel" in forbidden else FENCE
    assert f"{named} BROKEN" in linted.stdout
    assert "campaigns.toy.game -> " in linted.stdout


def _lint(project: Path) -> subprocess.CompletedProcess[str]:
    return _run([str(BIN / "lint-imports"), "--no-logo", "--no-cache"], cwd=project)


def _run(command: Sequence[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """In the copy, our packages are the copy's: its folder comes before what is installed. No engine is shared."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WINDFALL_", "PYTEST_"))}
    environment = {**inherited, "PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
