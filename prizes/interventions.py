"""What operators do to awards that came to a halt; the caller audits it with the reason given."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from prizes.awards import DEAD, PACKING, REFUSED, RETRY, UNKNOWN, VOID, WON, move
from prizes.fulfilment.router import route
from prizes.models import Award

RETRIABLE: Final = frozenset({DEAD, REFUSED, RETRY, UNKNOWN})
VOIDABLE: Final = frozenset({DEAD, REFUSED, RETRY, PACKING})


class AwardNotStuck(Refusal, code="award-not-stuck"):
    """Only an award that came to a halt can be tried again or voided, and never while its delivery may have happened."""

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


async def retry(session: AsyncSession, *, award: Award, now: datetime) -> None:
    """Let the worker try again at once, with a fresh count of failures; the award's row is locked by the caller.

    What was sent before with no clear answer is asked about first, never sent blindly.
    """
    if award.state not in RETRIABLE:
        raise AwardNotStuck(state=award.state)
    award.failures = 0
    if award.state == DEAD and award.attempt == 0:
        move(award, WON, now=now)
        route(award, now=now)
    elif award.state == DEAD:
        move(award, UNKNOWN, now=now, reason=award.reason)
        award.due_at = now
    elif award.state == REFUSED:
        move(award, RETRY, now=now, reason=award.reason)
        award.due_at = now
    else:
        award.due_at = now
    await session.flush()


async def void(session: AsyncSession, *, award: Award, reason: str, now: datetime) -> None:
    """End the award undelivered; the award's row is locked by the caller."""
    if award.state not in VOIDABLE:
        raise AwardNotStuck(state=award.state)
    move(award, VOID, now=now, reason=reason)
    award.due_at = None
    await session.flush()
