"""Identity and chance as arguments."""

from __future__ import annotations

import secrets
from typing import Protocol

from uuid_utils import uuid7


class Ids(Protocol):
    def new(self) -> str:
        """A fresh id: canonical UUID text, never handed out before."""


class Entropy(Protocol):
    def bytes(self, count: int, /) -> bytes:
        """That many unpredictable bytes."""


class TimeOrderedIds:
    def new(self) -> str:
        return str(uuid7())


class SystemEntropy:
    def bytes(self, count: int, /) -> bytes:
        return secrets.token_bytes(count)
