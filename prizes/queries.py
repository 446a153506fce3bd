"""Awards as their winners, operators and queues see them; every query is scoped to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import UtcDateTime, id_type
from core.errors import NotFound
from prizes.awards import ENDS
from prizes.covers import may_be_seen
from prizes.models import Award, AwardRejection, Claim, Delivery

HISTORY_MAX: Final = 200
Position = tuple[datetime, str]
"""Where a page ended: the last award's won_at and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLevel:
    """How many awards of a product type stand in a state, and since when the oldest of them was won."""

    type: str
    state: str
    count: int
    oldest_won_at: datetime


async def of_member(session: AsyncSession, *, member_id: str, award_id: str) -> Award:
    award = await session.get(Award, award_id)
    if award is None or award.member_id != member_id or award.is_covered:
        raise NotFound(noun="award")
    return award


async def of_mall(session: AsyncSession, *, mall_id: str, award_id: str, for_update: bool = False) -> Award:
    award = await session.get(Award, award_id, with_for_update=for_update)
    if award is None or award.mall_id != mall_id:
        raise NotFound(noun="award")
    return award


async def page_of_member(
    session: AsyncSession, *, member_id: str, campaign_id: str | None, after: Position | None, limit: int
) -> Sequence[Award]:
    """Those that the member knows of, newest first."""
    query = select(Award).where(Award.member_id == member_id, may_be_seen())
    if campaign_id is not None:
        query = query.where(Award.campaign_id == campaign_id)
    return (await session.scalars(_newest_first(query, after).limit(limit))).all()


async def page_of_mall(
    session: AsyncSession,
    *,
    mall_id: str,
    state: str | None = None,
    product_type: str | None = None,
    campaign_id: str | None = None,
    member_id: str | None = None,
    after: Position | None = None,
    limit: int,
) -> Sequence[Award]:
    """Newest first."""
    query = select(Award).where(Award.mall_id == mall_id)
    for column, wanted in (
        (Award.state, state),
        (Award.type, product_type),
        (Award.campaign_id, campaign_id),
        (Award.member_id, member_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return (await session.scalars(_newest_first(query, after).limit(limit))).all()


async def queues(session: AsyncSession, *, mall_id: str) -> Sequence[QueueLevel]:
    """Every type and state in which awards stand that have not come to their end."""
    rows = await session.execute(
        select(Award.type, Award.state, func.count(), func.min(Award.won_at))
        .where(Award.mall_id == mall_id, Award.state.not_in(ENDS))
        .group_by(Award.type, Award.state)
        .order_by(Award.type, Award.state)
    )
    return [QueueLevel(type=kind, state=state, count=count, oldest_won_at=since) for kind, state, count, since in rows]


async def history(session: AsyncSession, *, award_id: str) -> Sequence[Delivery]:
    """The attempts, oldest first."""
    query = select(Delivery).where(Delivery.award_id == award_id).order_by(Delivery.attempt).limit(HISTORY_MAX)
    return (await session.scalars(query)).all()


async def rejection(session: AsyncSession, *, award_id: str) -> AwardRejection | None:
    """What was proposed about a held win, and what became of the proposal."""
    return await session.get(AwardRejection, award_id)


async def claims_of(session: AsyncSession, award_ids: Sequence[str]) -> Mapping[str, Claim]:
    """The sealed claims among these awards, by award."""
    found = await session.scalars(select(Claim).where(Claim.award_id.in_(award_ids)))
    return {claim.award_id: claim for claim in found}


def _newest_first(query: Select[Award], after: Position | None) -> Select[Award]:
    if after is not None:
        at, award_id = after
        position = tuple_(literal(at, UtcDateTime()), literal(award_id, id_type()))
        query = query.where(tuple_(Award.won_at, Award.id) < position)
    return query.order_by(Award.won_at.desc(), Award.id.desc())
