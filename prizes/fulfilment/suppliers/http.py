"""A supplier over HTTP: signed orders with the award's id as their key, and the query that settles what is unknown.

`POST /orders` with `{"order_id", …}` and `GET /orders/{id}` both answer `{"order_id", "status", "reference", "reason"}`,
status being delivered, accepted or refused. A 404 to the query means that the order never arrived.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

import httpx
from pydantic import BaseModel, Field, ValidationError

from core.clock import Clock
from prizes.fulfilment.contract import Outcome, Verdict
from prizes.fulfilment.suppliers.signing import sign

ANSWER_BYTES_MAX: Final = 16 * 1024
CONNECT_SECONDS_MAX: Final = 3.0
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
REFERENCE_CHARS_MAX: Final = 128


class Answer(BaseModel):
    """A supplier's answer, read with suspicion: what is not exactly this is garbage, and garbage proves nothing."""

    order_id: str = Field(max_length=64)
    status: Literal["delivered", "accepted", "refused"]
    reference: str | None = Field(default=None, max_length=REFERENCE_CHARS_MAX, pattern=r"^[\x21-\x7e]+$")
    reason: str | None = Field(default=None, max_length=64, pattern=r"^[a-z0-9-]+$")


class HttpSupplier:
    def __init__(
        self, *, url: str, secret: str, http: httpx.AsyncClient, clock: Clock, answer_seconds_max: float
    ) -> None:
        self._url = httpx.URL(url.rstrip("/"))
        self._secret = secret
        self._http = http
        self._clock = clock
        self._timeout = httpx.Timeout(answer_seconds_max, connect=min(CONNECT_SECONDS_MAX, answer_seconds_max))

    async def order(self, order_id: str, body: Mapping[str, Any]) -> Outcome:
        content = json.dumps({"order_id": order_id, **body}, ensure_ascii=False, sort_keys=True)
        try:
            status, raw = await self._call("POST", "/orders", message_id=order_id, content=content)
        except NEVER_SENT as fault:
            return Outcome(verdict=Verdict.RETRY, reason=_named(fault))
        except httpx.HTTPError as fault:
            return Outcome(verdict=Verdict.UNKNOWN, reason=_named(fault))
        return _order_outcome(order_id, status=status, raw=raw)

    async def query(self, order_id: str) -> Outcome:
        try:
            status, raw = await self._call("GET", f"/orders/{order_id}", message_id=order_id, content=None)
        except httpx.HTTPError as fault:
            return Outcome(verdict=Verdict.UNKNOWN, reason=_named(fault))
        if status == httpx.codes.NOT_FOUND:
            return Outcome(verdict=Verdict.RETRY, reason="never-arrived")
        if status == httpx.codes.OK:
            return _read(order_id, raw)
        return Outcome(verdict=Verdict.UNKNOWN, reason=f"http-{status}")

    async def _call(self, method: str, path: str, *, message_id: str, content: str | None) -> tuple[int, bytes]:
        url = self._url.copy_with(path=self._url.path.rstrip("/") + path)
        signed = sign(secret=self._secret, message_id=message_id, content=content or url.path, now=self._clock.now())
        request = self._http.build_request(
            method,
            url,
            content=content,
            headers={**signed, "content-type": "application/json", "idempotency-key": message_id},
            timeout=self._timeout,
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            return response.status_code, await bounded(response)
        finally:
            await response.aclose()


async def bounded(response: httpx.Response) -> bytes:
    """The body of an answer, or nothing when it is longer than ANSWER_BYTES_MAX."""
    raw = b""
    async for chunk in response.aiter_bytes():
        raw += chunk
        if len(raw) > ANSWER_BYTES_MAX:
            return b""  # too long to be an answer; reads as garbage
    return raw


def _order_outcome(order_id: str, *, status: int, raw: bytes) -> Outcome:
    """What an answer to an order proves. 429 and 401/403 say that it was not even looked at; a 5xx says nothing."""
    if status in (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED):
        return _read(order_id, raw)
    if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Outcome(verdict=Verdict.RETRY, reason=f"http-{status}")
    if status in (httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
        read = _read(order_id, raw)
        return Outcome(verdict=Verdict.REFUSED, reference=read.reference, reason=read.reason or f"http-{status}")
    return Outcome(verdict=Verdict.UNKNOWN, reason=f"http-{status}")


def _read(order_id: str, raw: bytes) -> Outcome:
    try:
        answer = Answer.model_validate_json(raw)
    except ValidationError:
        return Outcome(verdict=Verdict.UNKNOWN, reason="garbage")
    if answer.order_id != order_id:
        return Outcome(verdict=Verdict.UNKNOWN, reason="answer-to-another-order")
    return Outcome(verdict=Verdict(answer.status), reference=answer.reference, reason=answer.reason)


def _named(fault: Exception) -> str:
    return type(fault).__name__
