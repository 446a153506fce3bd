"""Invitations as operators see them: how many there were, what came of each, and what was given for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth.dependencies import AnyOperator, TheHouse
from api.auth.members import known_member, names_of
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.admin_earning import SubQuery
from api.routes.mall_events import Cut
from campaigns.lifecycle import campaign_of
from core.errors import InvalidField
from earning import invitation_queries as queries
from earning.event_models import MallEvent
from earning.invitations import When

router = APIRouter(prefix="/v1/admin", tags=["admin: chances"])


class InvitationCounts(BaseModel):
    """Links made; members who came by one; those of them who played, whose inviter was given chances, and who met a cap."""

    model_config = ConfigDict(from_attributes=True)

    made: int
    accepted: int
    played: int
    rewarded: int
    cut: int


class RewardRow(BaseModel):
    """What the last gate answered: what the rule gives, what was granted of it, and which caps were in the way."""

    event_id: str
    asked: int
    granted: int
    grant_number: int | None
    cuts: list[Cut]


class InvitedRow(BaseModel):
    """One member's path: the inviter's link, the coming, the first play, and what both were given; null while it is not due."""

    id: str
    inviter: str
    sub: str
    reward_when: When
    made_at: datetime
    accepted_at: datetime
    played_at: datetime | None
    rewarded_at: datetime | None
    inviter_reward: RewardRow | None
    invitee_reward: RewardRow | None


class InvitationPage(BaseModel):
    """`counts` are of the whole campaign."""

    counts: InvitationCounts
    items: list[InvitedRow]
    next: str | None


@router.get("/campaigns/{campaign_id}/invitations")
async def list_invitations(
    *,
    campaign_id: UUID,
    operator: AnyOperator,
    house: TheHouse,
    sub: SubQuery = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> InvitationPage:
    """Members who came by an invitation, newest first; of one member, whom they invited and by whom they were invited."""
    before = _id_in(position_of(cursor, parts=1))
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        counts = InvitationCounts.model_validate(await queries.count(session, campaign=campaign.id))
        member = await known_member(session, operator.mall_id, sub) if sub is not None else None
        if sub is not None and member is None:
            return InvitationPage(counts=counts, items=[], next=None)
        paths = await queries.page(session, campaign=campaign.id, before=before, limit=limit, member=member)
        names = await names_of(session, [each for path in paths for each in _members(path)])
    items = [_row(path, *(names[each] for each in _members(path))) for path in paths]
    return InvitationPage(counts=counts, items=items, next=cursor_at(items[-1].id) if len(items) == limit else None)


def _members(path: queries.Path) -> tuple[str, str]:
    return path.invited.inviter_id, path.invited.member_id


def _row(path: queries.Path, inviter: str, sub: str) -> InvitedRow:
    invited = path.invited
    return InvitedRow(
        id=invited.id,
        inviter=inviter,
        sub=sub,
        reward_when="joined" if invited.reward_when == "joined" else "played",
        made_at=path.invitation.made_at,
        accepted_at=invited.accepted_at,
        played_at=invited.played_at,
        rewarded_at=invited.rewarded_at,
        inviter_reward=_reward(path.inviter),
        invitee_reward=_reward(path.invitee),
    )


def _reward(event: MallEvent | None) -> RewardRow | None:
    if event is None:
        return None
    return RewardRow(
        event_id=event.event_id,
        asked=event.asked,
        granted=event.granted,
        grant_number=event.grant_number,
        cuts=[Cut.model_validate(cut) for cut in event.cuts],
    )


def _id_in(position: tuple[str, ...] | None) -> str | None:
    if position is None:
        return None
    try:
        return str(UUID(position[0]))
    except ValueError:
        raise InvalidField(("cursor", "not a cursor of this list")) from None
