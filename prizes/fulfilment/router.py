"""The one table: product type -> fulfiller. A new type is one module and one row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.awards import CLAIM_NEEDED, DEAD, READY, WON, move, moved
from prizes.fulfilment.contract import Fulfiller
from prizes.fulfilment.coupon_code import COUPON_CODE
from prizes.fulfilment.link import LINK
from prizes.fulfilment.parcel import PARCEL
from prizes.fulfilment.phone_topup import PHONE_TOPUP
from prizes.fulfilment.points import POINTS
from prizes.models import Award

FULFILLERS: Final[Mapping[str, Fulfiller]] = {
    each.type: each for each in (POINTS, COUPON_CODE, PHONE_TOPUP, LINK, PARCEL)
}
UNROUTABLE: Final = "unknown-product-type"


class FirstStep(NamedTuple):
    """Where a fresh award goes, and when it is looked at again: now, at the claim deadline, or by people."""

    to: str
    due: Literal["now", "deadline"] | None = None
    reason: str | None = None


def first_step(product_type: str) -> FirstStep:
    """What a product type asks for first."""
    fulfiller = FULFILLERS.get(product_type)
    if fulfiller is None:
        return FirstStep(DEAD, reason=UNROUTABLE)
    if fulfiller.claim != "none":
        return FirstStep(CLAIM_NEEDED, due="deadline")
    return FirstStep(READY, due="now" if fulfiller.deliver else None)


def route(award: Award, *, now: datetime) -> None:
    """Move a fresh award to its first step; one that was routed before stays as it is."""
    if award.state == WON:
        to, due, reason = first_step(award.type)
        move(award, to, now=now, reason=reason)
        award.due_at = {"now": now, "deadline": award.claim_before, None: None}[due]


async def route_all(session: AsyncSession, award_ids: Sequence[str], *, now: datetime) -> int:
    """The same for many, one statement a product type; how many of them are due now."""
    fresh = select(Award.id, Award.type).where(Award.id.in_(award_ids), Award.state == WON).with_for_update()
    by_type: dict[str, list[str]] = defaultdict(list)
    for award_id, product_type in await session.execute(fresh):
        by_type[product_type].append(award_id)
    made_due = 0
    for product_type, ids in sorted(by_type.items()):
        to, due, reason = first_step(product_type)
        made_due += len(ids) if due == "now" else 0
        when = {"now": now, "deadline": Award.claim_before, None: None}[due]
        await session.execute(
            update(Award).where(Award.id.in_(ids)).values(**moved(WON, to, now=now, reason=reason), due_at=when)
        )
    return made_due


def make_ready(award: Award, *, now: datetime) -> None:
    """Everything needed is there: due at once when the worker delivers it, in people's queue when it does not."""
    move(award, READY, now=now)
    award.due_at = now if FULFILLERS[award.type].deliver else None


def claim_kind(type: str) -> str:  # noqa: A002 - the product's word for it
    fulfiller = FULFILLERS.get(type)
    return fulfiller.claim if fulfiller else "none"
