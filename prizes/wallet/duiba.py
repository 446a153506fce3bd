"""A mall's wallet behind the endpoints of the 兑吧 dialect, called as that platform calls them.

Every call is a GET. `sign` is the MD5 of the values of all parameters and of the secret, one after the other in the order
of their names, the secret's being `appSecret`. The mall's debit and credit endpoints answer JSON with `status` ok or fail;
the result notice, which says whether an order came to anything, is answered by the text ok. A notice of failure gives the
points back. The dialect knows no query: a debit of unknown outcome is undone by such a notice, as its own platform does,
and a credit is sent again under the same number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Final, Literal

import httpx
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from core.clock import Clock, to_ms
from prizes.wallet.contract import (
    INSUFFICIENT,
    NOT_OFFERED,
    Done,
    Refused,
    Traits,
    Transfer,
    Unknown,
    WalletOutcome,
    refund_id,
)
from prizes.wallet.hearing import Heard, Hearing

NOTICE_WAITS: Final = (
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=15),
)
"""The pauses before a notice that was not answered by ok is sent again: eight tries in a day."""
TRAITS: Final = Traits(can_be_asked=False, is_ours=False, waits=NOTICE_WAITS)
ACTIVITY: Final = "hdtool"  # the dialect's word for a prize campaign
FIELD_CHARS_MAX: Final = 255
BALANCE_DIGITS_MAX: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class DuibaEndpoints:
    """Where a mall serves the dialect, and what it signs with. A mall that never gives points has no `credit_url`."""

    debit_url: str
    notice_url: str
    credit_url: str | None
    app_key: str
    app_secret: str = field(repr=False)


def signature(parameters: Mapping[str, str], *, app_secret: str) -> str:
    """The dialect's signature in lower-case hex. MD5 is the dialect's choice; it guards no secret of ours."""
    signed = {**parameters, "appSecret": app_secret}
    values = "".join(signed[name] for name in sorted(signed) if name != "sign")
    return hashlib.md5(values.encode(), usedforsecurity=False).hexdigest()


def is_signed(parameters: Mapping[str, str], *, app_secret: str) -> bool:
    expected = signature(parameters, app_secret=app_secret)
    return hmac.compare_digest(parameters.get("sign", "").lower().encode(), expected.encode())


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _digits(value: object) -> object:
    """Balances come as text or as numbers, and from some malls empty."""
    text = _text(value)
    if not isinstance(text, str):
        return value
    fits = text.isascii() and text.isdigit() and len(text) <= BALANCE_DIGITS_MAX
    return int(text) if fits else None


class Answer(BaseModel):
    """What a debit or a credit is answered with; the message of a failure is meant for people, and is not kept."""

    status: Literal["ok", "fail"]
    biz_id: Annotated[str | None, BeforeValidator(_text)] = Field(
        default=None, alias="bizId", max_length=FIELD_CHARS_MAX
    )
    credits: Annotated[int | None, BeforeValidator(_digits)] = None


class DuibaWallet:
    """Calls the three addresses of its endpoints and no other."""

    traits = TRAITS

    def __init__(self, endpoints: DuibaEndpoints, *, hearing: Hearing, clock: Clock) -> None:
        self._endpoints = endpoints
        self._hearing = hearing
        self._clock = clock

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        more = {"type": ACTIVITY, "actualPrice": "0"}
        return await self._move(self._endpoints.debit_url, transfer, **more)

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        if self._endpoints.credit_url is None:
            return Refused(reason=NOT_OFFERED)
        return await self._move(self._endpoints.credit_url, transfer, type=ACTIVITY)

    async def refund(self, debit: Transfer) -> WalletOutcome:
        """The notice of failure. The mall says ok to it whether there was something to give back or not."""
        return await self._notify(debit, success="false", errorMessage=debit.cause, reference=refund_id(debit.id))

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return await self._notify(debit, success="true", errorMessage="", reference=debit.reference)

    async def query(self, transfer_id: str) -> WalletOutcome:  # noqa: ARG002 (there is nobody to ask)
        return Unknown(reason="cannot-be-asked")

    async def _move(self, url: str, transfer: Transfer, **more: str) -> WalletOutcome:
        amount = {"credits": str(transfer.points), "description": transfer.cause, **more}
        heard = await self._call(url, transfer, **amount)
        return _outcome(heard, asked=transfer.points) if isinstance(heard, Heard) else heard

    async def _notify(self, debit: Transfer, *, reference: str | None, **more: str) -> WalletOutcome:
        heard = await self._call(self._endpoints.notice_url, debit, bizId=debit.reference or "", **more)
        if not isinstance(heard, Heard):
            return heard
        said_ok = heard.status == httpx.codes.OK and heard.raw.lower() == b"ok"
        return Done(reference=reference) if said_ok else Unknown(reason="notice-not-taken")

    async def _call(self, url: str, transfer: Transfer, **more: str) -> Heard | WalletOutcome:
        name = await self._hearing.name_of(transfer.member_id)
        if not isinstance(name, str):
            return name
        address = httpx.URL(url)
        said = {
            **address.params,
            "uid": name,
            "appKey": self._endpoints.app_key,
            "orderNum": transfer.id,
            "timestamp": str(to_ms(self._clock.now())),
            **more,
        }
        parameters = {key: value for key, value in said.items() if value}
        sign = signature(parameters, app_secret=self._endpoints.app_secret)
        return await self._hearing.hear("GET", address, params={**parameters, "sign": sign})


def _outcome(heard: Heard, *, asked: int) -> WalletOutcome:
    """Only a readable answer proves anything: what malls do with statuses of HTTP, the dialect does not say."""
    try:
        answer = Answer.model_validate(json.loads(heard.raw)) if heard.status == httpx.codes.OK else None
    except (ValidationError, ValueError, RecursionError):
        return Unknown(reason="garbage")
    if answer is None:
        return Unknown(reason=f"http-{heard.status}")
    if answer.status == "ok":
        return Done(reference=answer.biz_id or None, balance=answer.credits)
    is_short = answer.credits is not None and answer.credits < asked
    return Refused(reason=INSUFFICIENT if is_short else "declined")
