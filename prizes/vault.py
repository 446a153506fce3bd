"""Encryption at rest for this room: sealed values and blind indexes, under keys derived from one key-encryption key."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag

from core.ids import Entropy
from core.sealing import Sealer, derive


class Vault:
    """Seals bytes to the row they belong to: moved to another row they do not open."""

    def __init__(self, *, kek: bytes, entropy: Entropy) -> None:
        self._sealer = Sealer(derive(kek, purpose="windfall prizes: sealing"), entropy)
        self._index_key = derive(kek, purpose="windfall prizes: blind index")

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        return self._sealer.seal(plain, bound_to=bound_to)

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """The plain bytes; ValueError when the key, the row or a single bit is not the one that was sealed."""
        try:
            return self._sealer.open(sealed, bound_to=bound_to)
        except InvalidTag:
            raise ValueError("sealed under another key, for another row, or damaged") from None

    def digest(self, value: str, *, within: str) -> bytes:
        """A blind index: equal values within one scope have equal digests, and only the key's holder can make one."""
        return hmac.digest(self._index_key, f"{within}\0{value}".encode(), "sha256")
