"""Events: what members did in this mall, told to Windfall and signed. Any library for Standard Webhooks can sign them."""

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
    key = base64.b64encode(settings.secret.get_secret_value().encode()).decode()
    message, now = str(uuid4()), datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "windfall-mall": settings.key,
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(key).sign(msg_id=message, timestamp=now, data=content),
    }
    try:
        async with httpx.AsyncClient(timeout=SECONDS_MAX, trust_env=False) as http:
            answer = await http.post(f"{settings.windfall_url}/v1/mall/events", content=content, headers=headers)
    except httpx.HTTPError:
        return None
    return {**answer.json(), "is_new": answer.status_code == httpx.codes.CREATED} if answer.is_success else None
