"""Time, identity and chance, set by hand."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon in Shanghai


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **units: float) -> None:
        self._now += timedelta(**units)

    def set(self, now: datetime) -> None:
        self._now = now


class CountingIds:
    """The ids 00000000-0000-7000-8000-000000000001, …2, …3."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self) -> str:
        return f"00000000-0000-7000-8000-{next(self._numbers):012x}"


class CountingEntropy:
    """Bytes that differ at every call and repeat in every run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._numbers = itertools.count(1)

    def bytes(self, count: int, /) -> bytes:
        return hashlib.shake_256(f"{self._seed}{next(self._numbers)}".encode()).digest(count)
