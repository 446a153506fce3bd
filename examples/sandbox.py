"""What every sandbox does alike: signed calls, a switch for its faults, and how it is served."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn
from pydantic import BaseModel, ValidationError
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

BODY_BYTES_MAX: Final = 16 * 1024
OVERSIZE_CHARS: Final = 1024 * 1024
HANG_SECONDS: Final = 20


async def hang() -> None:
    """Longer than anybody waits; cut short, without a word, when the sandbox stops."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(HANG_SECONDS)


class Signatures:
    """Standard Webhooks under one secret, both ways; a request without a body signs its path."""

    def __init__(self, secret: str) -> None:
        self._key = secret if secret.startswith("whsec_") else base64.b64encode(secret.encode()).decode()

    def fits(self, request: Request, content: str) -> bool:
        """Whether the call is signed; old timestamps are taken too, so that a test may set its own clock."""
        stamp = request.headers.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004 - year 33658
            return False
        at = datetime.fromtimestamp(int(stamp), UTC)
        expected = Webhook(self._key).sign(msg_id=request.headers.get("webhook-id", ""), timestamp=at, data=content)
        return hmac.compare_digest(request.headers.get("webhook-signature", "").encode(), expected.encode())

    def headers(self, message_id: str, content: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._key).sign(msg_id=message_id, timestamp=now, data=content),
        }


def switch(kind: type[BaseModel]) -> list[Route]:
    """`/faults`, which reads and sets `app.state.sandbox.faults`, of this kind; and `/healthz`."""

    async def faults(request: Request) -> Response:
        sandbox = request.app.state.sandbox
        if request.method == "PUT":
            try:
                sandbox.faults = kind.model_validate_json(await request.body())
            except ValidationError as fault:
                return unreadable(fault)
        return JSONResponse(sandbox.faults.model_dump(mode="json"))

    return [Route("/faults", faults, methods=["GET", "PUT"]), Route("/healthz", _health)]


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def problem(status: int, code: str) -> Response:
    return JSONResponse({"code": code}, status_code=status)


def unreadable(fault: ValidationError) -> Response:
    return JSONResponse({"errors": json.loads(fault.json(include_url=False))}, status_code=422)


def garbage() -> Response:
    return PlainTextResponse("<html><body>Bad Gateway &#x1F4A5; {{{")


class Environment:
    """The variables of a sandbox, which begin with its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get(self, variable: str, default: str = "") -> str:
        return os.environ.get(f"{self._name}_{variable}", default)

    def secret(self, *, signs: str) -> str:
        """The secret; without one, the process ends with a sentence that says what it signs."""
        return self.get("SECRET") or sys.exit(f"{self._name}_SECRET is missing: it signs {signs}.")


def serve(app: Starlette, environment: Environment, *, port: int) -> None:
    """Serve until stopped, where _HOST and _PORT say."""
    settings: dict[str, Any] = {"log_level": "warning", "access_log": False, "timeout_graceful_shutdown": 1}
    host = environment.get("HOST", "127.0.0.1")
    uvicorn.run(app, host=host, port=int(environment.get("PORT", str(port))), **settings)
