"""Wins that their winners do not know of yet: nothing of one is begun before it is uncovered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.awards import COVERED, WON, move
from prizes.fulfilment.router import route
from prizes.models import Award


def may_be_seen() -> ColumnElement[bool]:
    """Awards that their winners know of."""
    return or_(Award.covered_until.is_(None), Award.uncovered_at.is_not(None))


async def uncover(session: AsyncSession, *, play: str, now: datetime) -> bool:
    """Set on its way what a play won, and whether it won something that was covered. One that is held stays so."""
    won = select(Award).where(Award.play_id == play, ~may_be_seen()).with_for_update()
    return bool(await _uncover(session, won, now=now))


def due_to_be_uncovered(now: datetime) -> Select[Award]:
    return select(Award).where(~may_be_seen(), Award.covered_until <= now)


async def uncover_due(session: AsyncSession, *, limit: int, now: datetime) -> int:
    """Uncover what has waited long enough; how many there were."""
    due = due_to_be_uncovered(now).order_by(Award.covered_until).limit(limit).with_for_update(skip_locked=True)
    return len(await _uncover(session, due, now=now))


async def _uncover(session: AsyncSession, query: Select[Award], *, now: datetime) -> Sequence[Award]:
    awards = (await session.scalars(query)).all()
    for award in awards:
        award.uncovered_at = now
        if award.state == COVERED:
            move(award, WON, now=now)
            route(award, now=now)
    await session.flush()
    return awards
