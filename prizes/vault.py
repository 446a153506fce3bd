"""Encryption at rest for this room: sealed values and blind indexes, under keys derived from one key-encryption key."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.ids import Entropy
from core.sealing import KEY_BYTES, Sealer


class Vault:
    """Seals bytes to the row they belong to: moved to another row they do not open."""

    def __init__(self, *, kek: bytes, entropy: Entropy) -> None:
        self._sealer = Sealer(_derive(kek, b"windfall prizes: sealing"), entropy)
        self._index_key = _derive(kek, b"windfall prizes: blind index")

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


def _derive(kek: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(kek)
