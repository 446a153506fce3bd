"""A mall's own wallet over HTTP, signed as everything between malls, suppliers and us is (`suppliers.signing`).

`POST /transfers` with `{"transfer_id", "kind", "member", "points", "cause"}`, for a refund also `"debit_id"`, and
`GET /transfers/{id}` both answer `{"transfer_id", "status", "reference", "balance", "reason"}`, status being done or
refused. A POST answers 201 when it moved the points, 200 when it had before, 422 when it refuses; a query that knows no
such transfer answers 404. A refund of a debit that the wallet does not know is refused with `no-such-debit`, and closes
the debit's id: should the debit arrive later, it is refused with `closed`.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Final, Literal

import httpx
from pydantic import BaseModel, Field, StrictInt, ValidationError

from core.clock import Clock
from prizes.fulfilment.suppliers.signing import sign
from prizes.wallet.contract import (
    Done,
    NeverSent,
    Refused,
    Traits,
    Transfer,
    Unknown,
    WalletOutcome,
    refund_id,
)
from prizes.wallet.hearing import Heard, Hearing

REFERENCE_CHARS_MAX: Final = 128
BALANCE_MAX: Final = 10**15
TRAITS: Final = Traits(
    can_be_asked=True,
    is_ours=False,
    waits=tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 600, 3600, 21600)),
)


class Answer(BaseModel):
    """A wallet's answer, read with suspicion: what is not exactly this is garbage, and garbage proves nothing."""

    transfer_id: str = Field(max_length=64)
    status: Literal["done", "refused"]
    reference: str | None = Field(default=None, max_length=REFERENCE_CHARS_MAX, pattern=r"^[\x21-\x7e]+$")
    balance: Annotated[StrictInt, Field(ge=0, le=BALANCE_MAX)] | None = None
    reason: str | None = Field(default=None, max_length=64, pattern=r"^[a-z0-9-]+$")


class SignedHttpWallet:
    """`url` is the wallet's base address and the only one that is ever called; `secret` signs our calls."""

    traits = TRAITS

    def __init__(self, *, url: str, secret: str, hearing: Hearing, clock: Clock) -> None:
        self._url = httpx.URL(url.rstrip("/"))
        self._secret = secret
        self._hearing = hearing
        self._clock = clock

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        return await self._move(transfer, transfer_id=transfer.id, kind="credit")

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        return await self._move(transfer, transfer_id=transfer.id, kind="debit")

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return await self._move(debit, transfer_id=refund_id(debit.id), kind="refund", debit_id=debit.id)

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return Done(reference=debit.reference)

    async def query(self, transfer_id: str) -> WalletOutcome:
        heard = await self._call("GET", f"/transfers/{transfer_id}", message_id=transfer_id, content=None)
        if not isinstance(heard, Heard):
            return Unknown(reason=heard.reason)
        if heard.status == httpx.codes.NOT_FOUND:
            return NeverSent(reason="no-such-transfer")
        return _read(transfer_id, heard) if heard.status == httpx.codes.OK else Unknown(reason=f"http-{heard.status}")

    async def _move(self, transfer: Transfer, *, transfer_id: str, kind: str, **more: str) -> WalletOutcome:
        name = await self._hearing.name_of(transfer.member_id)
        if not isinstance(name, str):
            return name
        body = {"kind": kind, "member": name, "points": transfer.points, "cause": transfer.cause, **more}
        content = json.dumps({"transfer_id": transfer_id, **body}, ensure_ascii=False, sort_keys=True)
        heard = await self._call("POST", "/transfers", message_id=transfer_id, content=content)
        return _outcome(transfer_id, heard) if isinstance(heard, Heard) else heard

    async def _call(
        self, method: str, path: str, *, message_id: str, content: str | None
    ) -> Heard | Unknown | NeverSent:
        url = self._url.copy_with(path=self._url.path.rstrip("/") + path)
        signed = sign(secret=self._secret, message_id=message_id, content=content or url.path, now=self._clock.now())
        headers = {**signed, "content-type": "application/json", "idempotency-key": message_id}
        return await self._hearing.hear(method, url, content=content, headers=headers)


def _outcome(transfer_id: str, heard: Heard) -> WalletOutcome:
    """What an answer to a POST proves. 429 and 401/403 say that it was not even looked at; a 5xx says nothing."""
    if heard.status in (httpx.codes.OK, httpx.codes.CREATED):
        return _read(transfer_id, heard)
    if heard.status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return NeverSent(reason=f"http-{heard.status}")
    if heard.status in (httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT):
        return Refused(reason=f"http-{heard.status}")
    if heard.status == httpx.codes.UNPROCESSABLE_ENTITY:
        return _read(transfer_id, heard)
    return Unknown(reason=f"http-{heard.status}")


def _read(transfer_id: str, heard: Heard) -> WalletOutcome:
    try:
        answer = Answer.model_validate_json(heard.raw)
    except ValidationError:
        return Unknown(reason="garbage")
    if answer.transfer_id != transfer_id:
        return Unknown(reason="answer-to-another-transfer")
    if answer.status == "refused":
        return Refused(reason=answer.reason or "no-reason-given")
    return Done(reference=answer.reference, balance=answer.balance, again=heard.status == httpx.codes.OK)
