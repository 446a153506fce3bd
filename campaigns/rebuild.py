"""Counters as the ledger has them: what Redis is given after it lost or confused its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from campaigns.models import Play, VoidPlay
from campaigns.versions import Running
from inventory.claims import KEYS_KEPT
from inventory.counters import Counters, MemberCounters, Numbers

Number = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


async def counters_of(session: AsyncSession, running: Running) -> Counters:
    campaign = running.campaign
    of_campaign = Play.campaign_id == campaign
    seq = await session.scalar(select(func.max(Play.seq)).where(of_campaign)) or 0
    voided = await session.scalar(select(func.max(VoidPlay.seq)).where(VoidPlay.campaign_id == campaign)) or 0
    day = await session.scalar(select(func.max(Play.day)).where(of_campaign)) or 0
    units, day_numbers = {}, {}
    for line in running.version.config.lines:
        awarded = of_campaign & (Play.awarded == line.key)
        if line.stock is not None:
            units[line.key] = await _numbers(session, Play.unit, awarded)
        if line.day_cap is not None:
            day_numbers[line.key] = await _numbers(session, Play.line_day_number, awarded & (Play.day == day))
    return Counters(version=running.version.number, seq=max(seq, voided), day=day, units=units, day_numbers=day_numbers)


async def member_counters(session: AsyncSession, *, campaign: str, member: str) -> MemberCounters:
    """A member's counters; ordinals are contiguous, so the last one counts them."""
    latest = (
        await session.execute(
            select(Play.ordinal, Play.day, Play.day_ordinal, Play.request_key, Play.fingerprint, Play.epoch, Play.seq)
            .where(Play.campaign_id == campaign, Play.member_id == member)
            .order_by(Play.ordinal.desc())
            .limit(KEYS_KEPT)
        )
    ).all()
    return MemberCounters(
        plays=latest[0].ordinal if latest else 0,
        day=latest[0].day if latest else 0,
        day_plays=latest[0].day_ordinal if latest else 0,
        keys=[(row.ordinal, row.request_key, row.fingerprint, f"{row.epoch}-{row.seq}") for row in reversed(latest)],
    )


async def missing_plays(session: AsyncSession, *, campaign: str, after: int) -> list[int]:
    """Play numbers past the watermark that are neither played nor void, below the highest that is."""
    played = set(await session.scalars(select(Play.seq).where(Play.campaign_id == campaign, Play.seq > after)))
    voided = set(
        await session.scalars(select(VoidPlay.seq).where(VoidPlay.campaign_id == campaign, VoidPlay.seq > after))
    )
    known = played | voided
    return [seq for seq in range(after + 1, max(known, default=after)) if seq not in known]


async def _numbers(session: AsyncSession, number: Number, where: ColumnElement[bool]) -> Numbers:
    """The numbers of one kind that were not given: the gaps, found only when counting says there are some."""
    highest, count = (await session.execute(select(func.max(number), func.count(number)).where(where))).one()
    if highest is None:
        return Numbers(next=1)
    if highest == count:
        return Numbers(next=highest + 1)
    return Numbers(next=highest + 1, gaps=tuple(await _gaps(session, number, where)))


async def _gaps(session: AsyncSession, number: Number, where: ColumnElement[bool]) -> Sequence[int]:
    given = (
        select(number.label("number"), func.lag(number, 1, 0).over(order_by=number).label("before"))
        .where(where, number.is_not(None))
        .subquery()
    )
    edges: Any = await session.execute(
        select(given.c.before, given.c.number).where(given.c.number - given.c.before > 1).order_by(given.c.number)
    )
    return [missing for before, found in edges for missing in range(before + 1, found)]
