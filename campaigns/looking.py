"""One campaign under audit, and the ways its checks look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.models import Campaign, Play
from campaigns.versions import Running, Version
from inventory.connection import Connection

CHUNK_PLAYS = 2_000


MEMBERS_SAMPLED = 50


SKEW_MS_MAX = 500


Checked = tuple[int, Sequence[str]]
"""How many things were checked, and a sentence for each that is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One campaign under audit. Only plays after number `after` are looked at, where that suffices.

    `campaigns` are looked at together, which is what a test of chance must be corrected for; `is_at_rest` promises that no play is under way, so that what is not in yet counts as missing.
    """

    session: AsyncSession
    row: Campaign
    running: Running
    versions: Sequence[Version]
    connection: Connection
    now: datetime
    after: int = 0
    is_at_rest: bool = False
    campaigns: int = 1
    skew_ms: int = SKEW_MS_MAX

    @property
    def plays(self) -> ColumnElement[bool]:
        return and_(Play.campaign_id == self.row.id, Play.seq > self.after)

    async def count(self, where: ColumnElement[bool] | None = None) -> int:
        query = select(func.count()).select_from(Play).where(self.plays if where is None else where)
        return await self.session.scalar(query) or 0

    async def rows(self, query: Executable) -> Sequence[Any]:
        found: Sequence[Any] = (await self.session.execute(query)).all()
        return found


def name_of_play(play: Any) -> str:
    return f"play {play.id} (number {play.seq})"


async def pairs(at: Looking, query: Executable) -> list[tuple[str, int]]:
    return [(str(name), int(number)) for name, number in await at.rows(query)]


async def chunks(at: Looking) -> AsyncIterator[Sequence[Play]]:
    """The plays in order, a bounded number at a time."""
    after: tuple[int, str] | None = None
    while True:
        query = select(Play).where(at.plays).order_by(Play.seq, Play.id).limit(CHUNK_PLAYS)
        if after is not None:
            query = query.where(or_(Play.seq > after[0], and_(Play.seq == after[0], Play.id > after[1])))
        plays = (await at.session.scalars(query.execution_options(populate_existing=True))).all()
        if not plays:
            return
        yield plays
        after = (plays[-1].seq, plays[-1].id)
        at.session.expunge_all()


async def latest_members(at: Looking) -> Sequence[str]:
    latest = (
        select(Play.member_id)
        .where(Play.campaign_id == at.row.id)
        .group_by(Play.member_id)
        .order_by(func.max(Play.seq).desc())
        .limit(MEMBERS_SAMPLED)
    )
    return (await at.session.scalars(latest)).all()
