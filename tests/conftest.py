"""The fixtures every test may ask for."""

from __future__ import annotations

pytest_plugins = ["tests.support.engines", "tests.support.house", "tests.support.processes"]
