"""Wrong passwords, counted by place and name together, so that nobody can lock another out."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from api.auth.refusals import TooManyAttempts

WINDOW = timedelta(minutes=10)
WRONG_MAX = 10
REMEMBERED_MAX = 10_000


class Attempts:
    def __init__(self) -> None:
        self._wrong: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()

    def admit(self, origin: tuple[str, str], now: datetime) -> None:
        """Raises TooManyAttempts when this place has been wrong about this name too often of late."""
        since, count = self._wrong.get(origin, (now, 0))
        remaining = since + WINDOW - now
        if count >= WRONG_MAX and remaining > timedelta(0):
            raise TooManyAttempts(retry_after_seconds=int(remaining.total_seconds()) + 1)

    def failed(self, origin: tuple[str, str], now: datetime) -> None:
        since, count = self._wrong.get(origin, (now, 0))
        self._wrong[origin] = (now, 1) if now - since > WINDOW else (since, count + 1)
        self._wrong.move_to_end(origin)
        while len(self._wrong) > REMEMBERED_MAX:
            self._wrong.popitem(last=False)
