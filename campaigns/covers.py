"""Plays whose outcomes wait to be uncovered: fixed and in the ledger when they are played, and shown when their members want."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.models import Play, PlayUncovering
from campaigns.versions import Version
from core.clock import from_ms, to_ms
from core.errors import NotFound
from inventory.stream import Entry
from prizes import covers


def covered_until_ms(entry: Entry, version: Version) -> int | None:
    """When the outcome is uncovered by itself; None where it is shown at once."""
    return entry.played_at_ms + version.covers // timedelta(milliseconds=1) if version.covers is not None else None


def claim_before(entry: Entry, version: Version) -> datetime:
    """Until when a prize may be claimed: no time runs while its winner may not know of it."""
    known_ms = covered_until_ms(entry, version) or entry.played_at_ms
    return from_ms(known_ms) + timedelta(days=version.config.claim_days)


def are_covered(now: datetime) -> ColumnElement[bool]:
    """Plays whose outcomes are still covered."""
    uncovered = select(PlayUncovering.play_id).where(PlayUncovering.play_id == Play.id)
    return (Play.covered_until_ms > to_ms(now)) & ~uncovered.exists()


async def covered_among(session: AsyncSession, plays: Iterable[str], *, now: datetime) -> set[str]:
    return set(await session.scalars(select(Play.id).where(Play.id.in_(list(plays)), are_covered(now))))


async def count_covered(session: AsyncSession, *, campaign: str, member: str, now: datetime) -> int:
    of_member = (Play.campaign_id == campaign) & (Play.member_id == member)
    return await session.scalar(select(func.count()).select_from(Play).where(of_member, are_covered(now))) or 0


async def uncover(session: AsyncSession, *, member: str, play: str, now: datetime) -> tuple[Play, bool]:
    """Let a member see what their play came to, and set on its way what it won; again, it changes nothing.

    The play, and whether it was covered until now and has won something. Raises NotFound for what is no play of theirs.
    """
    row = await session.get(Play, play, with_for_update=True)
    if row is None or row.member_id != member:
        raise NotFound(noun="play")
    if row.covered_until_ms is None or await session.get(PlayUncovering, play) is not None:
        return row, False
    session.add(PlayUncovering(play_id=play, at=now))
    await session.flush()
    return row, await covers.uncover(session, play=play, now=now)
