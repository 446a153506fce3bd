"""What a campaign promises for invitations, and that the rules which keep the promise are its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidField, NotFound
from earning.event_models import EventRule
from earning.invitations import Terms, When
from earning.rules import find

DAYS_MAX = 365


class Reward(BaseModel):
    """What one of the two members is given: what one event of this rule gives, within the rule's caps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Invitations(BaseModel):
    """Chances for whoever invites others and, if said, for whoever comes: once they come, or once they have played."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"inviter": {"rule": "invite"}, "invitee": {"rule": "welcome"}, "reward_when": "played", "days": 30}
            ]
        },
    )

    inviter: Reward
    invitee: Reward | None = None
    reward_when: When = "played"
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] = 30
    """How long a link is good."""

    @property
    def rules(self) -> dict[str, str]:
        """The keys of the rules, by the field that names them."""
        named = {"invitations.inviter.rule": self.inviter.rule}
        return named if self.invitee is None else {**named, "invitations.invitee.rule": self.invitee.rule}


async def check_rules(session: AsyncSession, told: Invitations | None, *, mall: str, campaign: str) -> None:
    """Raises InvalidField for a rule that the campaign does not have, or that gives nothing."""
    faults = []
    for field, key in told.rules.items() if told is not None else ():
        rule = await _rule(session, mall, key)
        if rule is None or rule.campaign_id != campaign:
            faults.append((field, f"the campaign has no such rule: {key}"))
        elif not rule.is_active:
            faults.append((field, f"the rule is stopped: {key}"))
    if faults:
        raise InvalidField(*faults)


async def terms_of(session: AsyncSession, told: Invitations | None, *, mall: str, campaign: str) -> Terms | None:
    """What an invitation is worth now; None where there are none, or the inviter's rule gives nothing at present."""
    if told is None:
        return None
    inviter = await _rule(session, mall, told.inviter.rule)
    if inviter is None or not inviter.is_active or inviter.campaign_id != campaign:
        return None
    invitee = await _rule(session, mall, told.invitee.rule) if told.invitee is not None else None
    return Terms(mall, campaign, told.reward_when, inviter, invitee)


async def _rule(session: AsyncSession, mall: str, key: str) -> EventRule | None:
    try:
        return await find(session, mall=mall, key=key)
    except NotFound:
        return None
