"""Who did best in a campaign's rounds: each member by their best one, more points first, and of the same points fewer milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.round_models import Round


class Place(NamedTuple):
    """A member's best round, and how many members did better, and one."""

    rank: int
    member: str
    points: int
    ms: int
    over_at: datetime


async def best(session: AsyncSession, *, campaign: str, day: int | None, limit: int) -> Sequence[Place]:
    """The first places of a day of the campaign, or of all of it; whoever was there first stands before their equals."""
    of_all = _bests(campaign, day)
    query = select(of_all).where(of_all.c.nth == 1).order_by(*_order(of_all.c)).limit(limit)
    rows = (await session.execute(query)).all()
    return [Place(rank, row.member_id, row.points, row.ms, row.over_at) for rank, row in enumerate(rows, 1)]


async def of_member(session: AsyncSession, *, campaign: str, day: int | None, member: str) -> Place | None:
    """Where a member stands, however far down."""
    of_all = _bests(campaign, day)
    mine = (await session.execute(select(of_all).where(of_all.c.nth == 1, of_all.c.member_id == member))).one_or_none()
    if mine is None:
        return None
    ahead = select(func.count()).select_from(of_all).where(of_all.c.nth == 1, _is_before(of_all.c, mine))
    rank = (await session.scalar(ahead) or 0) + 1
    return Place(rank, mine.member_id, mine.points, mine.ms, mine.over_at)


def _bests(campaign: str, day: int | None) -> Subquery:
    """Every round that is over, numbered from its member's best."""
    nth = func.row_number().over(partition_by=Round.member_id, order_by=_order(Round)).label("nth")
    query = select(Round.member_id, Round.points, Round.ms, Round.over_at, Round.id, nth)
    query = query.where(Round.campaign_id == campaign, Round.over_at.is_not(None))
    return (query if day is None else query.where(Round.day == day)).subquery()


def _order(columns: Any) -> list[ColumnElement[Any]]:
    return [columns.points.desc(), columns.ms.asc(), columns.over_at.asc(), columns.id.asc()]


def _is_before(columns: Any, mine: Any) -> ColumnElement[bool]:
    """Whether a round stands before this one in that order."""
    earlier = or_(columns.over_at < mine.over_at, and_(columns.over_at == mine.over_at, columns.id < mine.id))
    quicker = or_(columns.ms < mine.ms, and_(columns.ms == mine.ms, earlier))
    return or_(columns.points > mine.points, and_(columns.points == mine.points, quicker))
