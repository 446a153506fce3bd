"""One call to a mall's wallet and what was heard of it: bounded in time and size, never redirected, never sent twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
from sqlalchemy.exc import SQLAlchemyError

from prizes.fulfilment.suppliers.http import CONNECT_SECONDS_MAX, NEVER_SENT, bounded
from prizes.wallet.contract import UNKNOWN_MEMBER, NameAtMall, NeverSent, Refused, Unknown


class Heard(NamedTuple):
    """An answer: its status, and its body, empty when it was too long to be one."""

    status: int
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What every dialect needs to call a mall's wallet: how the mall calls a member, and how long an answer may take."""

    name_at_mall: NameAtMall
    http: httpx.AsyncClient
    answer_seconds_max: float

    async def name_of(self, member_id: str) -> str | Refused | NeverSent:
        """How the mall calls a member, or why nothing is sent."""
        try:
            name = await self.name_at_mall(member_id)
        except (SQLAlchemyError, OSError) as fault:
            return NeverSent(reason=type(fault).__name__)
        return Refused(reason=UNKNOWN_MEMBER) if name is None else name

    async def hear(self, method: str, url: httpx.URL, **said: Any) -> Heard | Unknown | NeverSent:
        """Send one request; NeverSent when there was nobody to take it, Unknown when nothing readable came back in time."""
        seconds_max = self.answer_seconds_max
        timeout = httpx.Timeout(seconds_max, connect=min(CONNECT_SECONDS_MAX, seconds_max))
        request = self.http.build_request(method, url, timeout=timeout, **said)
        try:
            async with asyncio.timeout(seconds_max):
                response = await self.http.send(request, stream=True, follow_redirects=False)
                try:
                    return Heard(response.status_code, await bounded(response))
                finally:
                    await response.aclose()
        except NEVER_SENT as fault:
            return NeverSent(reason=type(fault).__name__)
        except (httpx.HTTPError, TimeoutError) as fault:
            return Unknown(reason=type(fault).__name__)
