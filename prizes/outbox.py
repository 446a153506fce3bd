"""The outbox: rows written with a change, taken by one worker at a time, done in the same transaction as what they ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.models import Outbox


async def take(session: AsyncSession, *, topic: str, limit: int) -> Mapping[int, str]:
    """The subjects of the oldest rows not done, by row; on PostgreSQL rows that another worker's transaction holds are passed over.

    On SQLite the transaction is the only writer. Either way the lease is the transaction: if it dies, they come again.
    """
    rows = await session.execute(
        select(Outbox.id, Outbox.subject_id)
        .where(Outbox.topic == topic, Outbox.done_at.is_(None))
        .order_by(Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return {row.id: row.subject_id for row in rows}


async def done(session: AsyncSession, rows: Collection[int], *, now: datetime) -> None:
    await session.execute(update(Outbox).where(Outbox.id.in_(rows)).values(done_at=now))


def pending_rows(*, topic: str) -> Select[int]:
    """What waits, as a query to ask without a lock."""
    return select(Outbox.id).where(Outbox.topic == topic, Outbox.done_at.is_(None))
