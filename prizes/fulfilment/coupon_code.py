"""Coupon codes: the oldest free code of the product's pool; an empty pool keeps the award waiting, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from prizes import codes
from prizes.fulfilment.contract import Faults, Fulfiller, Means, Order, Outcome, ProductFacts, Verdict
from prizes.models import Award


def _check(_facts: ProductFacts) -> Faults:
    return []


async def _deliver(order: Order, means: Means) -> Outcome:
    product_id = order.prize["product_id"]
    async with means.database.transaction() as session:
        held = await codes.give(session, award_id=order.award_id, product_id=product_id, now=means.clock.now())
    if held is None:
        return Outcome(verdict=Verdict.RETRY, reason=codes.POOL_EMPTY, starved=True)
    return Outcome(verdict=Verdict.DELIVERED, reference=f"code:{held}")


async def _query(order: Order, means: Means) -> Outcome:
    async with means.database.reading() as session:
        held = await codes.holds(session, award_id=order.award_id)
    if held is None:
        return Outcome(verdict=Verdict.RETRY, reason="no code given yet")
    return Outcome(verdict=Verdict.DELIVERED, reference=f"code:{held}")


async def _show(session: AsyncSession, award: Award, means: Means) -> Mapping[str, Any] | None:
    return {"kind": "code", "code": await codes.read(session, award_id=award.id, vault=means.vault)}


COUPON_CODE = Fulfiller(
    type=codes.CODE_TYPE, form="virtual", claim="none", check=_check, deliver=_deliver, query=_query, show=_show
)
