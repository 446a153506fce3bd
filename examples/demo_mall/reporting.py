"""What this mall's server tells Windfall, signed: what members did, and who passed a check. Any library for Standard Webhooks
can sign it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from standardwebhooks import Webhook

from examples.demo_mall.settings import MallSettings

SECONDS_MAX = 5


async def report_event(settings: MallSettings, *, event_id: str, rule: str, member: str) -> dict[str, Any] | None:
    """What the event was granted; None when no answer came, and then the same event may be sent again."""
    content = json.dumps({"event_id": event_id, "rule": rule, "sub": member})
    answer = await call(settings, "/v1/mall/events", content)
    return {**answer.json(), "is_new": answer.status_code == httpx.codes.CREATED} if answer is not None else None


async def report_passed(settings: MallSettings, *, challenge: str) -> bool:
    """Whether Windfall knows now that the member of this challenge passed the mall's check."""
    return await call(settings, f"/v1/mall/challenges/{challenge}/passed") is not None


async def call(settings: MallSettings, path: str, content: str = "") -> httpx.Response | None:
    """The answer to a signed call; None when there was none, or a refusal. Without a body, the path is what is signed."""
    key = base64.b64encode(settings.secret.get_secret_value().encode()).decode()
    message, now = str(uuid4()), datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "windfall-mall": settings.key,
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign(msg_id=message, timestamp=now, data=content or path),
    }
    try:
        async with httpx.AsyncClient(timeout=SECONDS_MAX, trust_env=False) as http:
            answer = await http.post(f"{settings.windfall_url}{path}", content=content, headers=headers)
    except httpx.HTTPError:
        return None
    return answer if answer.is_success else None
