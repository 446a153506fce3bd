"""Signs a fuzzer's calls as the mall's server does: hooks that schemathesis loads by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase

from prizes.fulfilment.suppliers.signing import sign

LONGEST = {"windfall-mall": 64, "webhook-id": 1024, "webhook-timestamp": 1024, "webhook-signature": 1024}
KEY, SECRET = "FUZZED_MALL_KEY", "FUZZED_MALL_SECRET"


class Signed(AuthBase):
    """Signs the body as it goes out, or the path where there is none. Headers made to be refused go out as they are."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if any(len(request.headers.get(name, "")) > most for name, most in LONGEST.items()):
            return request
        body = request.body or b""
        content = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        path = urlsplit(request.url or "").path
        secret, now = os.environ[SECRET], datetime.now(UTC)
        request.headers.update(sign(secret=secret, message_id=str(uuid4()), content=content or path, now=now))
        request.headers["windfall-mall"] = os.environ[KEY]
        return request


@schemathesis.hook
def before_call(_context: Any, _case: Any, kwargs: dict[str, Any]) -> None:
    kwargs["auth"] = Signed()
