"""Counters as the ledger has them: what Redis is given after it lost or confused its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from campaigns.models import Play, PlayTally, Spent, VoidPlay
from campaigns.tallies import DRY
from campaigns.versions import Running
from earning.grants import GRANT, count_of
from earning.models import ChanceUse
from inventory.claims import KEYS_KEPT, unit_tally
from inventory.counters import Counters, MemberCounters, Numbers

Number = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]

_LATEST = (
    *(Play.id, Play.ordinal, Play.day, Play.day_ordinal, Play.played_at_ms),
    *(Play.request_key, Play.fingerprint, Play.epoch, Play.seq),
)


async def counters_of(session: AsyncSession, running: Running) -> Counters:
    campaign = running.campaign
    of_campaign = Play.campaign_id == campaign
    seq = await session.scalar(select(func.max(Play.seq)).where(of_campaign)) or 0
    voided = await session.scalar(select(func.max(VoidPlay.seq)).where(VoidPlay.campaign_id == campaign)) or 0
    day = await session.scalar(select(func.max(Play.day)).where(of_campaign)) or 0
    tallies = {
        unit_tally(line.key): await _numbers(session, Play.unit, of_campaign & (Play.awarded == line.key))
        for line in running.version.config.lines
        if line.stock is not None
    }
    shared = [tally for tally, take in running.version.takes.items() if take.of == "campaign"]
    tallies |= {tally: Numbers() for tally in shared} | await _tallies(session, campaign, subject=campaign)
    tallies |= await _sums(session, campaign)
    return Counters(version=running.version.number, seq=max(seq, voided), day=day, tallies=tallies)


async def member_counters(session: AsyncSession, *, campaign: str, member: str) -> MemberCounters:
    """A member's counters; ordinals are contiguous, so the last one counts them."""
    latest = (
        await session.execute(
            select(*_LATEST)
            .where(Play.campaign_id == campaign, Play.member_id == member)
            .order_by(Play.ordinal.desc())
            .limit(KEYS_KEPT)
        )
    ).all()
    tallies = await _tallies(session, campaign, subject=member)
    tallies |= await _grants(session, campaign, member)
    return MemberCounters(
        plays=latest[0].ordinal if latest else 0,
        day=latest[0].day if latest else 0,
        day_plays=latest[0].day_ordinal if latest else 0,
        at_ms=latest[0].played_at_ms if latest else 0,
        play=latest[0].id if latest else "",
        grants=await count_of(session, campaign=campaign, member=member),
        tallies=tallies | await _after_runs(session, campaign, tallies, subject=member),
        keys=[(row.ordinal, row.request_key, row.fingerprint, f"{row.epoch}-{row.seq}") for row in reversed(latest)],
    )


async def _tallies(session: AsyncSession, campaign: str, *, subject: str) -> dict[str, Numbers]:
    """Where every tally of a member, or of the campaign, stands in the last period it gave a number in."""
    of_subject = (PlayTally.campaign_id == campaign) & (PlayTally.subject_id == subject)
    last_periods = select(PlayTally.tally, func.max(PlayTally.period)).where(of_subject).group_by(PlayTally.tally)
    return {
        tally: await _numbers(
            session, PlayTally.number, of_subject & (PlayTally.tally == tally) & (PlayTally.period == period), period
        )
        for tally, period in (await session.execute(last_periods)).all()
    }


async def _grants(session: AsyncSession, campaign: str, member: str) -> dict[str, Numbers]:
    """Where every grant stands of which a chance was used."""
    of_member = (ChanceUse.campaign_id == campaign) & (ChanceUse.member_id == member)
    used = await session.scalars(select(ChanceUse.grant_number).where(of_member).distinct())
    return {
        f"{GRANT}{grant}": await _numbers(session, ChanceUse.number, of_member & (ChanceUse.grant_number == grant))
        for grant in used.all()
    }


async def _after_runs(
    session: AsyncSession, campaign: str, tallies: Mapping[str, Numbers], *, subject: str
) -> dict[str, Numbers]:
    """A run that a play has ended begins anew."""
    ended = (PlayTally.campaign_id == campaign) & (PlayTally.subject_id == subject) & PlayTally.tally.startswith(DRY)
    ends = select(PlayTally.tally, func.max(PlayTally.period)).where(ended, PlayTally.number == PlayTally.last)
    return {
        tally: Numbers(period=period + 1)
        for tally, period in await session.execute(ends.group_by(PlayTally.tally))
        if tallies[tally].period == period
    }


async def _sums(session: AsyncSession, campaign: str) -> dict[str, Numbers]:
    """Where every budget stands in the last period in which something was spent of it."""
    spent = select(Spent.tally, Spent.period, Spent.amount).where(Spent.campaign_id == campaign).order_by(Spent.period)
    return {tally: Numbers(amount + 1, period=period) for tally, period, amount in await session.execute(spent)}


async def missing_plays(session: AsyncSession, *, campaign: str, after: int) -> list[int]:
    """Play numbers past the watermark that are neither played nor void, below the highest that is."""
    played = set(await session.scalars(select(Play.seq).where(Play.campaign_id == campaign, Play.seq > after)))
    voided = set(
        await session.scalars(select(VoidPlay.seq).where(VoidPlay.campaign_id == campaign, VoidPlay.seq > after))
    )
    known = played | voided
    return [seq for seq in range(after + 1, max(known, default=after)) if seq not in known]


async def _numbers(session: AsyncSession, number: Number, where: ColumnElement[bool], period: int = 0) -> Numbers:
    """The numbers of one kind that were not given: the gaps, found only when counting says there are some."""
    highest, count = (await session.execute(select(func.max(number), func.count(number)).where(where))).one()
    if highest is None:
        return Numbers(period=period)
    if highest == count:
        return Numbers(highest + 1, period=period)
    return Numbers(highest + 1, tuple(await _gaps(session, number, where)), period)


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
