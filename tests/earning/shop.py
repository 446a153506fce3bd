"""A hand on one wallet's purchases, in a campaign that is only a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from campaigns.models import Campaign
from campaigns.plays import digest
from core.clock import Clock
from core.db import Database
from earning.grants import left_of
from earning.purchase_checks import conserved
from earning.purchase_models import ChancePurchase
from earning.purchases import HONOURED, Limit, Order
from earning.purchasing import Purchasing
from tests.prizes.factories import MALL, MEMBER
from tests.support.arguments import HandClock

PRICE = 50


async def a_campaign(database: Database, clock: Clock) -> str:
    campaign_id = str(uuid4())
    async with database.transaction() as session:
        session.add(
            Campaign(
                id=campaign_id, mall_id=MALL, game="wheel", template="reference@1", draft={}, created_at=clock.now()
            )
        )
    return campaign_id


@dataclass
class Shop:
    """A hand on one wallet's purchases. `run` lets the worker go round until nothing is due, hour after hour."""

    database: Database
    clock: HandClock
    campaign: str
    purchasing: Purchasing

    def order(
        self, chances: int = 1, *, key: str = "", member: str = MEMBER, limits: tuple[Limit, ...] = (), **changes: Any
    ) -> Order:
        order = Order(
            campaign=self.campaign,
            mall=MALL,
            member=member,
            request_key=digest(key or str(uuid4())),
            fingerprint=digest(str(chances)),
            chances=chances,
            price=PRICE,
            limits=limits,
            honour_until=self.clock.now() + HONOURED,
            expires_at=None,
        )
        return replace(order, **changes)

    async def buy(self, chances: int = 1, **order: Any) -> ChancePurchase:
        return await self.purchasing.buy(self.order(chances, **order))

    async def run(self, *, rounds: int = 30, minutes: float = 2) -> None:
        for _ in range(rounds):
            while await self.purchasing.run_once():
                pass
            self.clock.advance(minutes=minutes)

    async def now(self, purchase: ChancePurchase | str) -> ChancePurchase:
        async with self.database.reading() as session:
            key = purchase if isinstance(purchase, str) else purchase.id
            return await session.get_one(ChancePurchase, key)

    async def chances(self, *, member: str = MEMBER) -> int:
        async with self.database.reading() as session:
            return await left_of(session, campaign=self.campaign, member=member, now=self.clock.now())

    async def broken(self) -> list[str]:
        async with self.database.reading() as session:
            return (await conserved(session, campaign=self.campaign))[1]
