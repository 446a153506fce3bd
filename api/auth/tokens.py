"""Opaque bearer tokens: 256 random bits for their holder, a SHA-256 hash for us."""

from __future__ import annotations

import base64
import hashlib

from core.ids import Entropy

TOKEN_BYTES = 32
TOKEN_CHARS_MAX = 64


def new_token(entropy: Entropy) -> str:
    return base64.urlsafe_b64encode(entropy.bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def token_hash(token: str) -> bytes:
    """What is stored. A plain hash suffices, for the token has the entropy of a key."""
    return hashlib.sha256(token.encode()).digest()


def bearer(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header, if it has the look of one of ours."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    plausible = scheme.lower() == "bearer" and 0 < len(token) <= TOKEN_CHARS_MAX and token.isascii()
    return token if plausible else None
