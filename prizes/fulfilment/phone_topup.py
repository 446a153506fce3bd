"""Phone credit: the winner gives a number, the supplier tops it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.fulfilment.contract import Faults, Fulfiller, Means, Order, Outcome, ProductFacts, Verdict
from prizes.models import Award, Claim
from prizes.personal import summary

SUPPLIER: Final = "topup"
ITEM_CHARS_MAX: Final = 32
NOT_CONFIGURED: Final = Outcome(verdict=Verdict.RETRY, reason="supplier-not-configured", starved=True)


def _check(facts: ProductFacts) -> Faults:
    fits = 0 < len(facts.detail) <= ITEM_CHARS_MAX
    return [] if fits else [("detail", f"names what the supplier sends, in 1 to {ITEM_CHARS_MAX} characters")]


async def _deliver(order: Order, means: Means) -> Outcome:
    if order.contact is None:
        raise AssertionError(f"award {order.award_id} is sent without a number")
    supplier = means.suppliers.get(SUPPLIER)
    if supplier is None:
        return NOT_CONFIGURED
    return await supplier.order(
        order.award_id, {"phone": order.contact.phone, "item": order.prize["detail"], "sku": order.prize["sku"]}
    )


async def _query(order: Order, means: Means) -> Outcome:
    supplier = means.suppliers.get(SUPPLIER)
    if supplier is None:
        return Outcome(verdict=Verdict.UNKNOWN, reason=NOT_CONFIGURED.reason)
    return await supplier.query(order.award_id)


async def _show(session: AsyncSession, award: Award, means: Means) -> Mapping[str, Any] | None:
    sealed = await session.scalar(select(Claim.sealed).where(Claim.award_id == award.id))
    return (
        None if sealed is None else {"kind": "topup", "phone": summary(means.vault, award_id=award.id, sealed=sealed)}
    )


PHONE_TOPUP = Fulfiller(
    type="phone_topup",
    form="virtual",
    claim="phone",
    supplier=SUPPLIER,
    check=_check,
    deliver=_deliver,
    query=_query,
    show=_show,
)
