"""Points: credited to the member's wallet, once per award."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from prizes.fulfilment.contract import Faults, Fulfiller, Means, Order, Outcome, ProductFacts, Verdict
from prizes.models import Award


def _check(facts: ProductFacts) -> Faults:
    return [] if facts.points > 0 else [("points", "a product of points needs 1 or more")]


async def _deliver(order: Order, means: Means) -> Outcome:
    async with means.database.transaction() as session:
        await means.wallet.credit(
            session,
            transfer_id=order.award_id,
            mall_id=order.mall_id,
            member_id=order.member_id,
            points=order.prize["points"],
            cause="award",
            at=means.clock.now(),
        )
    return Outcome(verdict=Verdict.DELIVERED, reference=order.award_id)


async def _query(order: Order, means: Means) -> Outcome:
    async with means.database.reading() as session:
        credited = await means.wallet.has(session, transfer_id=order.award_id)
    return Outcome(verdict=Verdict.DELIVERED if credited else Verdict.RETRY, reference=order.award_id)


async def _show(session: AsyncSession, award: Award, means: Means) -> Mapping[str, Any]:
    balance = await means.wallet.balance(session, mall_id=award.mall_id, member_id=award.member_id)
    return {"kind": "points", "points": award.prize["points"], "balance": balance}


POINTS = Fulfiller(
    type="points", form="virtual", claim="none", check=_check, deliver=_deliver, query=_query, show=_show
)
