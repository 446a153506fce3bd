"""The launch token: a JWT that says which member comes from this mall. Any JWT library can make it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt

from examples.demo_mall.settings import MallSettings

LIFETIME = timedelta(seconds=90)


def launch_token(settings: MallSettings, *, member: str, campaign: str) -> str:
    """A single-use token for one member and one campaign; it must be opened within 120 seconds."""
    now = datetime.now(UTC)
    claims = {
        "iss": settings.key,
        "sub": member,
        "aud": settings.windfall_url,
        "campaign": campaign,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": str(uuid4()),
    }
    secret = settings.secret.get_secret_value()
    return jwt.encode(claims, secret, algorithm="HS256")
