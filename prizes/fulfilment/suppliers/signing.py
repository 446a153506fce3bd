"""Signatures between us and suppliers, in the form of Standard Webhooks 1.0 (HMAC-SHA256 over id, time and content)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks import Webhook

from core.errors import Refusal

TOLERANCE: Final = timedelta(minutes=5)
ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
SIGNATURES_MAX: Final = 8


class SignatureInvalid(Refusal, code="signature-invalid"):
    """The call carries no signature that we can trust."""


def sign(*, secret: str, message_id: str, content: str, now: datetime) -> dict[str, str]:
    """The three headers. For a request without a body, the content is its path."""
    return {
        ID: message_id,
        TIMESTAMP: str(int(now.timestamp())),
        SIGNATURE: _signature(secret=secret, message_id=message_id, content=content, at=now),
    }


def verify(*, secret: str, headers: Mapping[str, str], content: str, now: datetime) -> str:
    """The message's id; SignatureInvalid when the signature is wrong, missing, or more than TOLERANCE old or early."""
    message_id, stamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id and given and stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004 - year 33658
        raise SignatureInvalid
    at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - at) > TOLERANCE:
        raise SignatureInvalid
    expected = _signature(secret=secret, message_id=message_id, content=content, at=at)
    if not any(_equal(each, expected) for each in given.split(" ")[:SIGNATURES_MAX]):
        raise SignatureInvalid
    return message_id


def _signature(*, secret: str, message_id: str, content: str, at: datetime) -> str:
    key = secret if secret.startswith("whsec_") else base64.b64encode(secret.encode()).decode()
    return Webhook(key).sign(msg_id=message_id, timestamp=at, data=content)


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
