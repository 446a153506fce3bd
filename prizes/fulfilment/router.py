"""The one table: product type -> fulfiller. A new type is one module and one row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from prizes.awards import CLAIM_NEEDED, DEAD, READY, WON, move
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


def route(award: Award, *, now: datetime) -> None:
    """Move a fresh award to what its product type asks for next; one that was routed before stays as it is."""
    if award.state != WON:
        return
    fulfiller = FULFILLERS.get(award.type)
    if fulfiller is None:
        move(award, DEAD, now=now, reason=UNROUTABLE)
    elif fulfiller.claim == "none":
        make_ready(award, now=now)
    else:
        move(award, CLAIM_NEEDED, now=now)
        award.due_at = award.claim_before


def make_ready(award: Award, *, now: datetime) -> None:
    """Everything needed is there: due at once when the worker delivers it, in people's queue when it does not."""
    move(award, READY, now=now)
    award.due_at = now if FULFILLERS[award.type].deliver else None


def claim_kind(type: str) -> str:  # noqa: A002 - the product's word for it
    fulfiller = FULFILLERS.get(type)
    return fulfiller.claim if fulfiller else "none"
