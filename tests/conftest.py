"""The fixtures every test may ask for."""

from __future__ import annotations

from hypothesis import settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from api.auth import operators

pytest_plugins = ["tests.support.engines", "tests.support.house", "tests.support.processes"]

settings.register_profile("patient", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("patient")

# A password takes 64 MiB and a third of a second to hash, which is its point; tests make operators by the hundred.
operators._PASSWORDS = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
