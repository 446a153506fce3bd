"""Parcels: the winner gives an address; people pack, ship and report the tracking number (`prizes.parcels`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from prizes.fulfilment.contract import Faults, Fulfiller, Means, ProductFacts
from prizes.models import Award, Parcel


def _check(_facts: ProductFacts) -> Faults:
    return []


async def _show(session: AsyncSession, award: Award, _means: Means) -> Mapping[str, Any] | None:
    parcel = await session.get(Parcel, award.id)
    if parcel is None or parcel.tracking_number is None:
        return None
    return {"kind": "tracking", "carrier": parcel.carrier, "number": parcel.tracking_number}


PARCEL = Fulfiller(type="parcel", form="physical", claim="address", check=_check, show=_show)
