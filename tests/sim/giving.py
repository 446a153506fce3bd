"""The ways in which a campaign's members are given chances: batches of redeem codes, and a rule for the mall's events."""

from __future__ import annotations

from core.db import Database
from core.ids import Ids
from earning import codes, rules
from earning.code_words import CodeHashes
from earning.rules import Rule
from tests.support.campaigns import MALL, WallClock

HASHES = CodeHashes(bytes(range(32)))
FOR_MANY, FOR_ONE = ("SPRING2026", "SPRING2027"), ("AUTUMN2026", "AUTUMN2027", "AUTUMN2028")
CODES = (*FOR_MANY, *FOR_ONE)
EVENTS_AT_MOST = {"event_max": 3, "member_period": "day", "member_period_max": 5, "member_max": 6, "all_max": 14}


def rule_of(campaign: str) -> str:
    return f"order-{campaign[-6:]}"


async def give_ways(database: Database, campaign: str, *, ids: Ids) -> None:
    """Some codes for several members and some for one each, and a rule that caps its events in every way."""
    now = WallClock().now()
    many = codes.Terms(name="many", chances=2, uses=3, member_uses=1)
    one = codes.Terms(name="one", chances=1)
    rule = {
        "key": rule_of(campaign),
        "name": {"zh": "订单", "en": "Order"},
        "zone": "Asia/Shanghai",
        "caps": EVENTS_AT_MOST,
    }
    async with database.transaction() as session:
        for terms, typed in ((many, FOR_MANY), (one, FOR_ONE)):
            batch = await codes.open_batch(
                session, campaign=campaign, costs_chances=True, terms=terms, ids=ids, now=now
            )
            for each in typed:
                await codes.add_chosen(session, batch, each, hashes=HASHES)
        await rules.create(session, mall=MALL, campaign=campaign, rule=Rule.model_validate(rule), ids=ids, now=now)
