"""The shape of the house: its import contracts hold, and no module outgrows its noun."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("api", "campaigns", "earning", "inventory", "prizes", "core", "examples", "tests")
MODULE_LINES_MAX = 400
LUA_LINES_MAX = 120


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


def test_no_module_outgrows_its_noun() -> None:
    long = {
        str(module.relative_to(ROOT)): lines
        for room in ROOMS
        for module in (ROOT / room).rglob("*.py")
        if (lines := len(module.read_text(encoding="utf-8").splitlines())) > MODULE_LINES_MAX
    }
    assert long == {}


def test_core_stays_small() -> None:
    modules = [module.name for module in (ROOT / "core").glob("*.py") if module.name != "__init__.py"]
    assert len(modules) <= 6


def test_the_games_fence_names_every_module_beside_the_games() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    fence = next(
        contract for contract in project["tool"]["importlinter"]["contracts"] if "A game knows" in contract["name"]
    )
    modules = {f"campaigns.{module.stem}" for module in (ROOT / "campaigns").glob("*.py")}
    assert modules - set(fence["forbidden_modules"]) == {"campaigns.__init__", "campaigns.game"}
