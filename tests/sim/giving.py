"""The ways in which a campaign's members are given chances: batches of redeem codes, and a rule for the mall's events."""

from __future__ import annotations

from campaigns.room import CampaignsRoom
from core.db import Database
from core.ids import Ids
from earning import codes, rules
from earning.code_words import CodeHashes
from earning.invitations import When
from earning.rules import Rule
from tests.support.campaigns import MALL, WallClock, change

HASHES = CodeHashes(bytes(range(32)))
FOR_MANY, FOR_ONE = ("SPRING2026", "SPRING2027"), ("AUTUMN2026", "AUTUMN2027", "AUTUMN2028")
CODES = (*FOR_MANY, *FOR_ONE)
CAPS = {
    "order": {"event_max": 3, "member_period": "day", "member_period_max": 5, "member_max": 6, "all_max": 14},
    "invite": {"event_max": 1, "member_max": 2, "all_max": 4},
    "welcome": {"event_max": 2, "all_max": 5},
}
"""What events give, and invitations to whoever invites and whoever comes: all less than may be asked for."""
NAME = {"zh": "规则", "en": "A rule"}


def rule_of(campaign: str, *, kind: str = "order") -> str:
    return f"{kind}-{campaign[-6:]}"


async def give_ways(database: Database, campaign: str, *, ids: Ids) -> None:
    """Some codes for several members and some for one each, and rules that cap events and invitations in every way."""
    now = WallClock().now()
    many = codes.Terms(name="many", chances=2, uses=3, member_uses=1)
    one = codes.Terms(name="one", chances=1)
    async with database.transaction() as session:
        for terms, typed in ((many, FOR_MANY), (one, FOR_ONE)):
            batch = await codes.open_batch(
                session, campaign=campaign, costs_chances=True, terms=terms, ids=ids, now=now
            )
            for each in typed:
                await codes.add_chosen(session, batch, each, hashes=HASHES)
        for kind, caps in CAPS.items():
            told = {"key": rule_of(campaign, kind=kind), "name": NAME, "zone": "Asia/Shanghai", "caps": caps}
            await rules.create(session, mall=MALL, campaign=campaign, rule=Rule.model_validate(told), ids=ids, now=now)


async def promise(database: Database, room: CampaignsRoom, campaign: str, *, when: When) -> None:
    """Invitations from now on, rewarded by the rules that there are."""
    running = await room.versions.look_again(campaign)
    inviter, invitee = ({"rule": rule_of(campaign, kind=kind)} for kind in ("invite", "welcome"))
    told = {"inviter": inviter, "invitee": invitee, "reward_when": when}
    config = running.version.config.model_dump(mode="json") | {"invitations": told}
    await change(database, room, campaign, "amend", told=config, seen_version=running.version.number)
