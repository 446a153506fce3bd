"""What is read of invitations for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from earning.event_models import MallEvent
from earning.invitation_models import Invitation, Invited


class Counted(NamedTuple):
    """Of one campaign: links made, members who came by one, and those of them who played, whose inviter was given chances, and
    at whose rewards a cap was in the way.
    """

    made: int
    accepted: int
    played: int
    rewarded: int
    cut: int


class Brought(NamedTuple):
    """What came of one member's invitations: how many friends came, and how many chances were given for them."""

    friends: int
    earned: int


class Path(NamedTuple):
    """One who was invited, by which link, and what the last gate answered for each of the two; None while it has not."""

    invited: Invited
    invitation: Invitation
    inviter: MallEvent | None
    invitee: MallEvent | None


_inviter, _invitee = aliased(MallEvent), aliased(MallEvent)


async def count(session: AsyncSession, *, campaign: str) -> Counted:
    made = select(func.count()).select_from(Invitation).where(Invitation.campaign_id == campaign)
    was_cut = or_(_inviter.granted < _inviter.asked, _invitee.granted < _invitee.asked)
    counts = _with_events(
        select(
            func.count(),
            _how_many(Invited.first_play_id.is_not(None)),
            _how_many(_inviter.granted > 0),
            _how_many(was_cut),
        )
    ).where(Invited.campaign_id == campaign)
    return Counted(await session.scalar(made) or 0, *map(int, (await session.execute(counts)).one()))


async def brought_by(session: AsyncSession, *, campaign: str, member: str) -> Brought:
    query = _with_events(select(func.count(), func.coalesce(func.sum(_inviter.granted), 0)))
    row = await session.execute(query.where(Invited.campaign_id == campaign, Invited.inviter_id == member))
    return Brought(*map(int, row.one()))


async def given_to(session: AsyncSession, invited: Invited) -> MallEvent | None:
    """What the last gate answered for the one who came; None while nothing is due, or there is nothing for them."""
    if invited.invitee_event is None:
        return None
    return await session.get_one(MallEvent, (invited.mall_id, invited.invitee_event))


async def page(
    session: AsyncSession, *, campaign: str, before: str | None, limit: int, member: str | None = None
) -> Sequence[Path]:
    """The campaign's invited members, newest first, below the id `before`; of one member, who invited and by whom invited."""
    query = (
        _with_events(select(Invited, Invitation, _inviter, _invitee))
        .join(Invitation, Invitation.id == Invited.invitation_id)
        .where(Invited.campaign_id == campaign)
        .order_by(Invited.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Invited.id < before)
    if member is not None:
        query = query.where(or_(Invited.inviter_id == member, Invited.member_id == member))
    return [Path(*row) for row in (await session.execute(query)).all()]


def _with_events(query: Any) -> Select[Any]:
    """A query over the invited with what the last gate answered for each of the two."""
    joined: Select[Any] = (
        query.select_from(Invited)
        .outerjoin(_inviter, and_(_inviter.mall_id == Invited.mall_id, _inviter.event_id == Invited.inviter_event))
        .outerjoin(_invitee, and_(_invitee.mall_id == Invited.mall_id, _invitee.event_id == Invited.invitee_event))
    )
    return joined


def _how_many(where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((where, 1), else_=0)), 0)
