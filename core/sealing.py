"""Authenticated encryption of small secrets: AES-256-GCM, bound to where the secret belongs; one key a purpose."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.ids import Entropy

NONCE_BYTES = 12
KEY_BYTES = 32


class Sealer:
    """Seals and opens bytes under one 32-byte key. `bound_to` must be the same at both ends, or opening fails."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)
        self._entropy = entropy

    def seal(self, secret: bytes, *, bound_to: str) -> bytes:
        nonce = self._entropy.bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Raises cryptography's InvalidTag when the bytes, the key or the binding is not the sealing one."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())


def derive(key: bytes, *, purpose: str) -> bytes:
    """A key for one purpose and no other, by HKDF (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(key)
