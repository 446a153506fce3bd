"""What must hold of invitations, as queries: each reward is one grant or none and cut, and nobody invited themselves.

They look at the tables, not at the code: at who was invited, at the events of the last gate, and at the grants.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from earning.event_models import MallEvent
from earning.grants import Source
from earning.invitation_models import Invitation, Invited
from earning.models import ChanceGrant

BROKEN_SHOWN_MAX: Final = 100
Checked = tuple[int, list[str]]

_SIDES: Final = (
    ("inviter", Invited.inviter_event, Invited.inviter_id, Invited.inviter_rule_id),
    ("invitee", Invited.invitee_event, Invited.member_id, Invited.invitee_rule_id),
)
_EVENT_GRANT: Final = and_(
    ChanceGrant.campaign_id == Invited.campaign_id,
    ChanceGrant.source == Source.INVITATION,
    ChanceGrant.reference == MallEvent.event_id,
)


async def rewarded_once(session: AsyncSession, *, campaign: str) -> Checked:
    """I19: what invitations gave is in the grants, once, to the right members, and only when it was earned."""
    checked = await session.scalar(select(func.count(Invited.id)).where(Invited.campaign_id == campaign)) or 0
    broken = [f"{each} invited themselves" for each in await _some(session, _by_themselves(campaign))]
    for side, event, member, rule in _SIDES:
        wrong = _unlike_its_grant(campaign, event, member, rule)
        broken += [f"the {side}'s reward for {each} is not one grant" for each in await _some(session, wrong)]
    broken += [f"{each} was rewarded too soon or not in full" for each in await _some(session, _out_of_turn(campaign))]
    broken += [f"grant {each} is for no invitation" for each in await _some(session, _for_nobody(campaign))]
    return checked, broken


def _by_themselves(campaign: str) -> Select[str]:
    """Invited by themselves, or by a link that is not their inviter's."""
    is_own = or_(Invited.inviter_id == Invited.member_id, Invitation.member_id != Invited.inviter_id)
    query = select(Invited.id).outerjoin(Invitation, Invitation.id == Invited.invitation_id)
    return query.where(Invited.campaign_id == campaign, or_(is_own, Invitation.id.is_(None)))


def _unlike_its_grant(
    campaign: str,
    event: InstrumentedAttribute[str | None],
    member: InstrumentedAttribute[str],
    rule: InstrumentedAttribute[Any],
) -> Select[str]:
    """Rewards whose event is another's or another rule's, or that granted other than the one grant of that name."""
    is_another = or_(
        MallEvent.event_id.is_(None), rule.is_(None), MallEvent.member_id != member, MallEvent.rule_id != rule
    )
    is_granted_otherwise = or_(
        ChanceGrant.number.is_(None),
        ChanceGrant.number != MallEvent.grant_number,
        ChanceGrant.amount != MallEvent.granted,
        ChanceGrant.member_id != MallEvent.member_id,
    )
    is_granted_though_cut = and_(MallEvent.granted == 0, ChanceGrant.number.is_not(None))
    query = (
        select(Invited.id)
        .outerjoin(MallEvent, and_(MallEvent.mall_id == Invited.mall_id, MallEvent.event_id == event))
        .outerjoin(ChanceGrant, _EVENT_GRANT)
    )
    is_broken = or_(is_another, and_(MallEvent.granted > 0, is_granted_otherwise), is_granted_though_cut)
    return query.where(Invited.campaign_id == campaign, event.is_not(None), is_broken)


def _out_of_turn(campaign: str) -> Select[str]:
    """Rewarded before it was earned, or said to be done while something is missing."""
    is_too_soon = and_(Invited.reward_when == "played", Invited.due_at.is_not(None), Invited.first_play_id.is_(None))
    is_unearned = and_(
        Invited.due_at.is_(None), or_(Invited.inviter_event.is_not(None), Invited.invitee_event.is_not(None))
    )
    is_missing = or_(
        Invited.inviter_event.is_(None), and_(Invited.invitee_rule_id.is_not(None), Invited.invitee_event.is_(None))
    )
    is_broken = or_(is_too_soon, is_unearned, and_(Invited.rewarded_at.is_not(None), is_missing))
    return select(Invited.id).where(Invited.campaign_id == campaign, is_broken)


def _for_nobody(campaign: str) -> Select[str]:
    is_for_somebody = [
        exists().where(event == ChanceGrant.reference, Invited.campaign_id == ChanceGrant.campaign_id)
        for _, event, _, _ in _SIDES
    ]
    return select(ChanceGrant.reference).where(
        ChanceGrant.campaign_id == campaign, ChanceGrant.source == Source.INVITATION, ~or_(*is_for_somebody)
    )


async def _some(session: AsyncSession, query: Select[Any]) -> Sequence[Any]:
    return (await session.scalars(query.limit(BROKEN_SHOWN_MAX))).all()
