"""How long to wait before the next attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.ids import Entropy

FIRST_MS: Final = 1_000
LONGEST_MS: Final = 10 * 60_000
_DOUBLINGS_MAX: Final = 20


def delay(failures: int, entropy: Entropy) -> timedelta:
    """Anything up to a cap that doubles with every failure ("full jitter": Brooker, AWS Architecture Blog, 2015)."""
    cap_ms = min(LONGEST_MS, FIRST_MS << min(max(failures - 1, 0), _DOUBLINGS_MAX))
    return timedelta(milliseconds=int.from_bytes(entropy.bytes(6), "big") % (cap_ms + 1))
