"""Members invite others by a link, and come by one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.house import House
from campaigns.inviting import Asking
from campaigns.standing import standing_of
from core.errors import NotFound
from earning.event_models import EventRule
from earning.invitation_queries import brought_by, given_to
from earning.invitations import CODE, Terms, When
from earning.periods import Every

router = APIRouter(prefix="/v1/campaigns", tags=["invitations"])
PARAMETER: Final = "windfall_invitation"


class RewardView(BaseModel):
    """Chances for one friend, and the most for one member in each day, week or month and in all; null is no such limit."""

    chances: int
    every: Every | None
    every_max: int | None
    member_max: int | None
    is_limited: Annotated[bool, Field(description="Whether everybody together is given so many and no more.")]


class InvitationsView(BaseModel):
    """What members are given for a friend, once the friend has come or once they have played."""

    reward_when: When
    inviter: RewardView
    invitee: RewardView | None


class LinkView(BaseModel):
    """The code of my link, and what came of all my links: how many friends, and how many chances.

    The link is the mall's own page with the code as the parameter named here.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "q0Zr1yG5b2Yv7mXo9dK3Tw",
                    "parameter": PARAMETER,
                    "expires_at": "2026-12-24T03:04:05Z",
                    "friends": 2,
                    "earned": 2,
                }
            ]
        }
    )

    code: str
    parameter: Literal["windfall_invitation"] = PARAMETER
    expires_at: datetime
    friends: int
    earned: int


class AcceptanceForm(BaseModel):
    """The code as it stood in the link."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "q0Zr1yG5b2Yv7mXo9dK3Tw"}]})

    code: Annotated[str, Field(pattern=CODE)]


class AcceptanceView(BaseModel):
    """When I came, when it is rewarded, what I was given for it so far, and how many chances I have now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted_at": "2026-11-24T03:04:05Z",
                    "reward_when": "joined",
                    "chances": 1,
                    "expires_at": None,
                    "chances_left": 2,
                }
            ]
        }
    )

    accepted_at: datetime
    reward_when: When
    chances: int
    expires_at: Annotated[datetime | None, Field(description="None means as long as the campaign lasts.")]
    chances_left: Annotated[int | None, Field(description="None where nothing limits them.")]


@router.post("/{campaign_id}/invitations", status_code=201)
async def make_link(campaign_id: UUID, member: CurrentSession, house: TheHouse, response: Response) -> LinkView:
    """My link for friends: the same one while it is good, then a new one."""
    response.headers["cache-control"] = "no-store"
    asking = await _asking(house, member, campaign_id)
    link = await house.inviting.link(asking)
    async with house.database.reading() as session:
        brought = await brought_by(session, campaign=asking.campaign, member=member.member_id)
    return LinkView(code=link.code, expires_at=link.expires_at, friends=brought.friends, earned=brought.earned)


@router.post("/{campaign_id}/invitations/accept", status_code=201)
async def accept_invitation(
    campaign_id: UUID, form: AcceptanceForm, member: CurrentSession, house: TheHouse, response: Response
) -> AcceptanceView:
    """I came by a friend's link; the same again is answered again. A member is invited once in a campaign, before their first play.

    After five wrong codes within fifteen minutes no other is looked at for a while, which a 429 names.
    """
    response.headers["cache-control"] = "no-store"
    asking = await _asking(house, member, campaign_id)
    invited = await house.inviting.accept(asking, form.code)
    running = await house.campaigns.versions.running(asking.campaign)
    async with house.database.reading() as session:
        given = await given_to(session, invited)
        standing = await standing_of(
            session,
            running,
            member=member.member_id,
            sub=member.sub,
            attributes=member.attributes,
            now=house.clock.now(),
        )
    return AcceptanceView(
        accepted_at=invited.accepted_at,
        reward_when="joined" if invited.reward_when == "joined" else "played",
        chances=given.granted if given is not None else 0,
        expires_at=given.expires_at if given is not None else None,
        chances_left=standing.chances_left,
    )


def invitations_view(terms: Terms | None) -> InvitationsView | None:
    if terms is None:
        return None
    invitee = terms.invitee if terms.invitee is not None and terms.invitee.is_active else None
    return InvitationsView(
        reward_when=terms.reward_when,
        inviter=_reward(terms.inviter),
        invitee=_reward(invitee) if invitee is not None else None,
    )


def _reward(rule: EventRule) -> RewardView:
    """What one event of the rule gives at most: a period's or a member's cap may be narrower than the event's."""
    caps = (rule.event_max, rule.member_period_max, rule.member_max, rule.all_max)
    return RewardView(
        chances=min(cap for cap in caps if cap is not None),
        every=Every(rule.member_period) if rule.member_period is not None else None,
        every_max=rule.member_period_max,
        member_max=rule.member_max,
        is_limited=rule.all_max is not None,
    )


async def _asking(house: House, member: MemberSession, campaign_id: UUID) -> Asking:
    running = await house.campaigns.versions.running(str(campaign_id))
    if running.version.mall != member.mall_id or member.campaign_id not in (None, running.campaign):
        raise NotFound(noun="campaign")
    return Asking(campaign=running.campaign, member=member.member_id, sub=member.sub, attributes=member.attributes)
