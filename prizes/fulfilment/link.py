"""Links: the winner is shown where to go; showing it is the delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from prizes.fulfilment.contract import Faults, Fulfiller, Means, Order, Outcome, ProductFacts, Verdict
from prizes.models import Award


def _check(facts: ProductFacts) -> Faults:
    return [] if _is_https(facts.detail) else [("detail", "must be an https:// address without spaces or credentials")]


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        plain = parts.username is None and parts.port != 0
    except ValueError:
        return False
    return plain and parts.scheme == "https" and bool(parts.hostname) and not any(each.isspace() for each in address)


async def _deliver(_order: Order, _means: Means) -> Outcome:
    return Outcome(verdict=Verdict.DELIVERED)


async def _show(_session: AsyncSession, award: Award, _means: Means) -> Mapping[str, Any]:
    return {"kind": "link", "url": award.prize["detail"]}


LINK = Fulfiller(type="link", form="virtual", claim="none", check=_check, deliver=_deliver, query=_deliver, show=_show)
