"""A campaign with invitations, its two rules, and members who invite each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from campaigns.inviting import Asking, Inviting
from campaigns.models import Campaign
from campaigns.room import CampaignsRoom
from core.clock import Clock
from core.db import Database
from core.ids import TimeOrderedIds
from earning import rules
from earning.grants import left_of
from earning.invitation_models import Invited
from earning.invitations import InvitationCodes, Invitations, invited_of
from prizes.catalogue import import_products
from tests.support.campaigns import CATALOGUE, MALL, Shape, WallClock, author

NAME = {"zh": "邀请", "en": "Invitation"}


def inviting_in(database: Database, room: CampaignsRoom, clock: Clock | None = None) -> Inviting:
    """What another process would hold."""
    return Inviting(
        database=database,
        versions=room.versions,
        admission=room.admission,
        paying=room.paying,
        invitations=Invitations(database=database, codes=InvitationCodes(bytes(32)), ids=TimeOrderedIds()),
        clock=clock or WallClock(),
    )


async def a_rule(database: Database, campaign: str, key: str, **caps: Any) -> None:
    told = {"key": key, "name": NAME, "zone": "Asia/Shanghai", "caps": {"event_max": 1, **caps}}
    rule = rules.Rule.model_validate(told)
    async with database.transaction() as session:
        await rules.create(
            session, mall=MALL, campaign=campaign, rule=rule, ids=TimeOrderedIds(), now=WallClock().now()
        )


async def stop_rule(database: Database, key: str, *, is_active: bool = False) -> None:
    async with database.transaction() as session:
        row = await rules.find(session, mall=MALL, key=key, to_change=True)
        await rules.change(session, row, caps=rules.caps_of(row), is_active=is_active, now=WallClock().now())


async def publish_inviting(
    database: Database,
    room: CampaignsRoom,
    *,
    reward_when: str = "joined",
    inviter: dict[str, Any] | None = None,
    invitee: dict[str, Any] | None = None,
    days: int = 30,
    name: str = "",
    **shape: Any,
) -> str:
    """A published campaign whose rules are `invite` and, where the one who comes is given something, `welcome`."""
    invitations: dict[str, Any] = {"inviter": {"rule": f"invite{name}"}, "reward_when": reward_when, "days": days}
    if invitee is not None:
        invitations["invitee"] = {"rule": f"welcome{name}"}
    more = {"chances": {"free": {"count": 1, "period": "all"}}, "invitations": invitations}
    now = WallClock().now()
    async with database.transaction() as session:
        await import_products(session, mall_id=MALL, raw=CATALOGUE.encode(), ids=TimeOrderedIds(), now=now)
        changes = Shape(more=more, **shape).config(now)
        campaign = await room.lifecycle.create(session, mall=MALL, game="wheel", template="reference", changes=changes)
        campaign_id = campaign.id
    await a_rule(database, campaign_id, f"invite{name}", **(inviter or {}))
    if invitee is not None:
        await a_rule(database, campaign_id, f"welcome{name}", **invitee)
    async with database.transaction() as session:
        await room.lifecycle.publish(session, await session.get_one(Campaign, campaign_id), author())
    await room.recovery.settle(campaign_id)
    return campaign_id


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Members of one campaign."""

    database: Database
    inviting: Inviting
    campaign: str

    async def invites(self, member: str) -> str:
        """The code of the member's link."""
        return (await self.inviting.link(Asking(campaign=self.campaign, member=member))).code

    async def comes(self, code: str, member: str | None = None) -> Invited:
        return await self.inviting.accept(Asking(campaign=self.campaign, member=member or str(uuid4())), code)

    async def has(self, member: str) -> int:
        """How many granted chances they have left."""
        async with self.database.reading() as session:
            return await left_of(session, campaign=self.campaign, member=member, now=WallClock().now())

    async def path(self, member: str) -> Invited:
        """What the ledger says of one who came."""
        async with self.database.reading() as session:
            found = await invited_of(session, campaign=self.campaign, member=member)
        assert found is not None
        return found
