"""The audit of operators: every change is one row, chained to the row before it by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.models import AuditEntry
from api.auth.operators import Actor
from core.clock import to_ms

GENESIS = bytes(32)
CHAIN_LOCK = 0x57494E44  # one writer at a time extends the chain
CHECK_BATCH_ROWS = 1000


class Subject(NamedTuple):
    """What was changed, for example `Subject("campaign", campaign_id)`."""

    type: str
    id: str


class Chain(NamedTuple):
    """How many audit rows were checked, and the numbers of those that do not fit the chain."""

    checked: int
    broken: list[int]


async def record(
    session: AsyncSession,
    *,
    actor: Actor,
    action: str,
    subject: Subject,
    before: Any,
    after: Any,
    reason: str | None,
    at: datetime,
) -> AuditEntry:
    """Write down a change, in the same transaction as the change. `before` and `after` are JSON without floats."""
    await _hold_chain(session)
    last = await session.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1))
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        mall_id=actor.mall_id,
        actor=actor.email,
        action=action,
        subject_type=subject.type,
        subject_id=subject.id,
        before=before,
        after=after,
        reason=reason,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        at=at,
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = _hash(entry)
    session.add(entry)
    await session.flush()
    return entry


async def page(
    session: AsyncSession,
    *,
    mall_id: str,
    subject_type: str | None,
    subject_id: str | None,
    before: int | None,
    limit: int,
) -> Sequence[AuditEntry]:
    """A mall's rows, newest first, below row number `before`."""
    wanted = {"mall_id": mall_id, "subject_type": subject_type, "subject_id": subject_id}
    query = select(AuditEntry).filter_by(**{name: value for name, value in wanted.items() if value is not None})
    if before is not None:
        query = query.where(AuditEntry.seq < before)
    return (await session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit))).all()


async def check_chain(session: AsyncSession) -> Chain:
    """Walk the whole chain: contiguous numbers, each hash over its row and the hash before it (invariant I18)."""
    checked, broken, previous = 0, [], GENESIS
    async for entry in _entries(session):
        checked += 1
        if entry.seq != checked or entry.previous_hash != previous or entry.hash != _hash(entry):
            broken.append(entry.seq)
        previous = entry.hash
    return Chain(checked, broken)


async def _entries(session: AsyncSession) -> AsyncIterator[AuditEntry]:
    after = -1
    while True:
        found = await session.scalars(
            select(AuditEntry).where(AuditEntry.seq > after).order_by(AuditEntry.seq).limit(CHECK_BATCH_ROWS)
        )
        batch = found.all()
        for entry in batch:
            yield entry
            after = entry.seq
        if len(batch) < CHECK_BATCH_ROWS:
            return


async def _hold_chain(session: AsyncSession) -> None:
    # SQLite's transactions are single-writer from their first statement.
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})


def _hash(entry: AuditEntry) -> bytes:
    row = [
        entry.seq,
        entry.mall_id,
        entry.actor,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.before,
        entry.after,
        entry.reason,
        entry.request_id,
        to_ms(entry.at),
    ]
    canonical = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(entry.previous_hash + canonical.encode()).digest()
