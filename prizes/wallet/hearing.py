"""One call to a mall's wallet and what was heard of it: bounded in time and size, never redirected, never sent twice."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import httpx
from sqlalchemy.exc import SQLAlchemyError

from prizes.fulfilment.suppliers.http import NEVER_SENT, bounded
from prizes.wallet.contract import UNKNOWN_MEMBER, NameAtMall, NeverSent, Refused, Unknown


class Heard(NamedTuple):
    """An answer: its status, and its body, empty when it was too long to be one."""

    status: int
    raw: bytes


async def name_of(member_id: str, name_at_mall: NameAtMall) -> str | Refused | NeverSent:
    """How the mall calls a member, or why nothing is sent."""
    try:
        name = await name_at_mall(member_id)
    except (SQLAlchemyError, OSError) as fault:
        return NeverSent(reason=type(fault).__name__)
    return Refused(reason=UNKNOWN_MEMBER) if name is None else name


async def hear(http: httpx.AsyncClient, request: httpx.Request, *, seconds_max: float) -> Heard | Unknown | NeverSent:
    """Send one request; NeverSent when there was nobody to take it, Unknown when nothing readable came back in time."""
    try:
        async with asyncio.timeout(seconds_max):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return Heard(response.status_code, await bounded(response))
            finally:
                await response.aclose()
    except NEVER_SENT as fault:
        return NeverSent(reason=type(fault).__name__)
    except (httpx.HTTPError, TimeoutError) as fault:
        return Unknown(reason=type(fault).__name__)
