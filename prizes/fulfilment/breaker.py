"""A circuit breaker per supplier: after enough failures in a row it rests, then lets one call through to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FAILURES_TO_OPEN: Final = 5
REST: Final = timedelta(seconds=30)


@dataclass(slots=True)
class Breaker:
    """Lives in one worker's memory; each worker finds out for itself. Time is an argument."""

    failures: int = 0
    rests_until: datetime | None = None

    def room(self, *, wanted: int, now: datetime) -> int:
        """How many calls may start: all, none while it rests, one after the rest."""
        if self.rests_until is None:
            return wanted
        return 0 if now < self.rests_until else min(wanted, 1)

    def record(self, *, is_well: bool, now: datetime) -> None:
        if is_well:
            self.failures, self.rests_until = 0, None
            return
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN:
            self.rests_until = now + REST
