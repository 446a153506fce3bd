"""Wrong codes, counted for each member in SQL, and for how long whoever was wrong too often is not listened to.

A try takes the next number of its member's wrong codes before its code is looked at, and gives it back when the code was
right. Two tries cannot hold one number, so tries of one member come one after another, in any number of processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from earning.code_models import WrongCode

WRONG_MAX = 5
WITHIN = timedelta(minutes=15)
LOCKOUTS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24))
FORGOTTEN_AFTER = timedelta(days=7)
"""Without a wrong code for so long, the next lock-out is a first one again."""


class TooManyWrongCodes(Refusal, code="too-many-wrong-codes"):
    """The member gave too many wrong codes; until an hour, no other is looked at."""

    def __init__(self, *, locked_until: datetime, retry_after_seconds: int) -> None:
        super().__init__(locked_until=locked_until, retry_after_seconds=retry_after_seconds)


async def begin_try(session: AsyncSession, *, member: str, now: datetime) -> WrongCode:
    """Note a try as wrong; whoever finds its code right takes the note back.

    Raises TooManyWrongCodes, and sqlalchemy's IntegrityError when another try of the member was noted at the same time.
    """
    latest = await session.scalars(
        select(WrongCode).where(WrongCode.member_id == member).order_by(WrongCode.number.desc()).limit(WRONG_MAX)
    )
    noted = _next(latest.all(), member, now)
    session.add(noted)
    await session.flush()
    return noted


def _next(latest: Sequence[WrongCode], member: str, now: datetime) -> WrongCode:
    """What is noted of a wrong code after these, which are the newest first."""
    last = latest[0] if latest else None
    if last is not None and last.locked_until is not None and now < last.locked_until:
        seconds = -((now - last.locked_until) // timedelta(seconds=1))
        raise TooManyWrongCodes(locked_until=last.locked_until, retry_after_seconds=seconds)
    since = takewhile(lambda wrong: wrong.locked_until is None, latest)
    is_too_many = sum(now - wrong.at < WITHIN for wrong in since) + 1 >= WRONG_MAX
    before = last.lockouts if last is not None and now - last.at < FORGOTTEN_AFTER else 0
    return WrongCode(
        member_id=member,
        number=last.number + 1 if last is not None else 1,
        at=now,
        lockouts=before + is_too_many,
        locked_until=now + LOCKOUTS[min(before, len(LOCKOUTS) - 1)] if is_too_many else None,
    )
