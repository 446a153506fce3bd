"""Encryption at rest: AES-256-GCM per row under keys derived from one key-encryption key."""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.ids import Entropy

KEK_BYTES: Final = 32
NONCE_BYTES: Final = 12
FORMAT: Final = b"\x01"


class Vault:
    """Seals bytes to the thing they belong to: moved to another row they do not open.

    A sealed value is one format byte, the nonce, then ciphertext and tag.
    """

    def __init__(self, *, kek: bytes, entropy: Entropy) -> None:
        if len(kek) != KEK_BYTES:
            raise ValueError(f"the key-encryption key has {len(kek)} bytes, not {KEK_BYTES}")
        self._cipher = AESGCM(_derive(kek, b"windfall prizes: sealing"))
        self._index_key = _derive(kek, b"windfall prizes: blind index")
        self._entropy = entropy

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        nonce = self._entropy.bytes(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, plain, FORMAT + bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """The plain bytes; ValueError when the key, the row or a single bit is not the one that was sealed."""
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, sealed[:1] + bound_to.encode())
        except InvalidTag:
            raise ValueError("sealed under another key, for another row, or damaged") from None

    def digest(self, value: str, *, within: str) -> bytes:
        """A blind index: equal values within one scope have equal digests, and only the key's holder can make one."""
        return hmac.digest(self._index_key, f"{within}\0{value}".encode(), "sha256")


def _derive(kek: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEK_BYTES, salt=None, info=purpose).derive(kek)
