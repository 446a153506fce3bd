"""The front of every request, in one pure ASGI layer: its id, its bounds, its safe headers, its figures."""

from __future__ import annotations

import itertools
import secrets
import time

import structlog
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.languages import language_of
from api.problem_details import ProblemResponse, internal_error

REQUEST_ID_CHARS_MAX = 64
BODY_BYTES_MAX = 64 * 1024
UPLOAD_BYTES_MAX = 8 * 1024 * 1024
UPLOADS_UNDER = "/v1/admin/"
SAFE_HEADERS = [  # where a route does not say otherwise
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"cache-control", b"no-store"),
]

log = structlog.get_logger()
SECONDS = Histogram(
    "windfall_http_request_seconds",
    "Time from a request's head to its last byte.",
    ["route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


class Front:
    """Wraps the whole application; what goes wrong unforeseen inside becomes a logged 500 problem."""

    def __init__(self, app: ASGIApp, *, secure_transport: bool) -> None:
        self._app = app
        self._headers = [*SAFE_HEADERS]
        if secure_transport:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))
        self._origin = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._figures: dict[tuple[str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(self._headers, send)
        started = time.perf_counter()
        limit, length, chunked = _bounds(scope, visit)
        visit.request_id = visit.request_id or f"{self._origin}-{next(self._numbers)}"
        structlog.contextvars.bind_contextvars(request_id=visit.request_id)
        try:
            if length > limit:
                await _too_large(scope)(scope, receive, visit.send)
            else:
                await self._app(scope, _bounded(receive, limit) if chunked else receive, visit.send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if not visit.status:
                await internal_error(Request(scope))(scope, receive, visit.send)
        finally:
            self._observe(scope, visit.status, time.perf_counter() - started)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        key = (_route_of(scope), status)
        figure = self._figures.get(key)
        if figure is None:
            figure = self._figures[key] = SECONDS.labels(*key)
        figure.observe(seconds)


class _Visit:
    """One request's way out: adds what every response carries, where the route did not say otherwise."""

    __slots__ = ("_headers", "_send", "request_id", "status")

    def __init__(self, headers: list[tuple[bytes, bytes]], send: Send) -> None:
        self._headers = headers
        self._send = send
        self.request_id = ""
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name for name, _ in message["headers"]}
            defaults = [header for header in self._headers if header[0] not in given]
            request_id = (b"x-request-id", self.request_id.encode())
            message = {**message, "headers": [*message["headers"], *defaults, request_id]}
        await self._send(message)


def _route_of(scope: Scope) -> str:
    """The route's template, never the path itself: a figure has few names."""
    if "route" in scope:
        return str(getattr(scope["route"], "path", "other"))
    return type(scope["endpoint"]).__name__ if "endpoint" in scope else "none"


def _bounds(scope: Scope, visit: _Visit) -> tuple[int, int, bool]:
    """The limit of the body in bytes, its announced length, and whether it comes without one."""
    length, announced = 0, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            announced = value.isdigit()
            length = int(value[:12]) if announced else 0
        elif name == b"transfer-encoding":
            announced = False
            break
        elif name == b"x-request-id" and len(value) <= REQUEST_ID_CHARS_MAX and value.isalnum():
            visit.request_id = value.decode("ascii")
    limit = UPLOAD_BYTES_MAX if scope["path"].startswith(UPLOADS_UNDER) else BODY_BYTES_MAX
    return limit, length, not announced


def _bounded(receive: Receive, limit: int) -> Receive:
    total = 0

    async def bounded() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise HTTPException(413)
        return message

    return bounded


def _too_large(scope: Scope) -> ProblemResponse:
    accept_language = Request(scope).headers.get("accept-language")
    return ProblemResponse("body-too-large", {}, language=language_of(accept_language), headers={"connection": "close"})
