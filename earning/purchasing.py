"""Purchases carried on: by the request that asks, and by any worker when that died or nobody knows what became of it.

What is about to be done is committed, the wallet is called with no transaction open, and what came of it is committed: so a
process may die between any two steps, and another goes on from what is written down.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from sqlalchemy import select

from core.clock import Clock
from core.db import Database
from core.ids import Entropy, Ids
from earning.purchase_models import ChancePurchase
from earning.purchase_steps import Act, Leased, is_due, leased_by_its_writer, settle, take_up
from earning.purchases import Order, find, write_down
from prizes.fulfilment.deliveries import CALL_MAX
from prizes.wallet.contract import Unknown, Wallet, WalletOutcome
from prizes.wallet.settling import settle_debit

BATCH: Final = 50
CALLS_AT_ONCE_MAX: Final = 8
WRITES_AT_ONCE_MAX: Final = 12  # fewer than the pool has connections, so that a rush of buyers does not starve the rest

log = structlog.get_logger()


class Purchasing:
    """Holds what a purchase needs; any number of processes may carry purchases on at once."""

    def __init__(self, *, database: Database, wallet: Wallet, clock: Clock, ids: Ids, entropy: Entropy) -> None:
        self.wallet = wallet
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        self._writes = asyncio.Semaphore(WRITES_AT_ONCE_MAX)

    async def find(self, *, campaign: str, member: str, request_key: str) -> ChancePurchase | None:
        async with self._database.reading() as session:
            return await find(session, campaign=campaign, member=member, request_key=request_key)

    async def buy(self, order: Order) -> ChancePurchase:
        """The purchase of this key, as far as it came in one call to the wallet. Raises PurchaseLimit, TooManyPurchases."""
        async with self._writes, self._database.transaction() as session:
            purchase, is_new = await write_down(
                session,
                order,
                purchase_id=self._ids.new(),
                is_ours=self.wallet.traits.is_ours,
                now=self._clock.now(),
            )
        return await self._carry_on(leased_by_its_writer(purchase)) if is_new else purchase

    async def run_once(self, *, limit: int = BATCH) -> bool:
        """One bounded round over what is due; whether some may be left."""
        async with self._database.reading() as session:  # with nothing to do, nothing is locked
            if await session.scalar(select(ChancePurchase.id).where(is_due(self._clock.now())).limit(1)) is None:
                return False
        async with self._database.transaction() as session:
            leased = await take_up(session, limit=limit, now=self._clock.now())
        async with asyncio.TaskGroup() as group:
            for each in leased:
                group.create_task(self._take_turn(each))
        return len(leased) >= limit

    async def _take_turn(self, leased: Leased) -> None:
        async with self._calls:
            if self._clock.now() + CALL_MAX <= leased.until:  # else another may take it up before we are done
                await self._carry_on(leased)

    async def _carry_on(self, leased: Leased) -> ChancePurchase:
        outcome = await self._call(leased)
        now = self._clock.now()
        async with self._writes, self._database.transaction() as session:
            purchase = await settle(session, leased, outcome, wallet=self.wallet, entropy=self._entropy, now=now)
        log.info(
            "purchase_step",
            purchase_id=purchase.id,
            act=leased.act.value,
            outcome=type(outcome).__name__,
            state=purchase.state,
            reason=purchase.reason,
        )
        return purchase

    async def _call(self, leased: Leased) -> WalletOutcome:
        """The call itself. Whatever goes wrong on our side leaves the outcome unknown, which is the safe thing to say."""
        try:
            async with asyncio.timeout(CALL_MAX.total_seconds()):
                return await self._ask(leased)
        except Exception as fault:
            log.warning("purchase_fault", purchase_id=leased.transfer.id, fault=type(fault).__name__)
            return Unknown(reason=f"fault-{type(fault).__name__}")

    async def _ask(self, leased: Leased) -> WalletOutcome:
        match leased.act:
            case Act.DEBIT:
                return await self.wallet.debit(leased.transfer)
            case Act.SETTLE:
                return await settle_debit(self.wallet, leased.transfer)
            case Act.REFUND:
                return await self.wallet.refund(leased.transfer)
            case Act.CONFIRM:
                return await self.wallet.confirm(leased.transfer)
