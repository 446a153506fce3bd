"""The fixtures every test may ask for."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.engines", "tests.support.house", "tests.support.processes"]

settings.register_profile("patient", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("patient")
