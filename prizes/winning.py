"""Wins that no member waits for: written with their outbox rows, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.awards import AWARD_WON, BY_RAFFLE, Won
from prizes.awards_sql import award_row
from prizes.models import Award, Outbox


async def award_by_raffle(session: AsyncSession, won: Sequence[Won]) -> None:
    """Write the wins of tickets; a ticket that won a raffle before breaks a constraint."""
    if not won:
        return
    await session.execute(insert(Award), [{**award_row(each), "won_by": BY_RAFFLE} for each in won])
    await session.execute(
        insert(Outbox),
        [{"topic": AWARD_WON, "subject_id": each.award_id, "created_at": each.won_at} for each in won],
    )
