"""The contract of fulfilment: what a product type must know to be given away, and what a delivery may come to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.db import Database
from prizes.models import Award
from prizes.personal import Contact
from prizes.vault import Vault
from prizes.wallet.contract import Wallet


class Verdict(StrEnum):
    DELIVERED = "delivered"
    ACCEPTED = "accepted"  # taken on, not done: ask again
    REFUSED = "refused"  # the supplier will not, for good
    UNKNOWN = "unknown"  # it may or may not have happened: ask before sending again
    RETRY = "retry"  # it certainly did not happen; from a query: the supplier has never heard of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt came to. `reference` is the other side's name for it; `reason` never holds personal data.

    `starved` marks a retry for want of something on our side (an empty code pool): it waits, and is no failure.
    """

    verdict: Verdict
    reference: str | None = None
    reason: str | None = None
    starved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An award to be delivered. Its id is the idempotency key of every attempt."""

    award_id: str
    mall_id: str
    member_id: str
    prize: Mapping[str, Any]
    contact: Contact | None = field(repr=False)


class Supplier(Protocol):
    """Somebody outside who delivers; both calls answer with an outcome and never raise."""

    async def order(self, order_id: str, body: Mapping[str, Any]) -> Outcome: ...

    async def query(self, order_id: str) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What fulfillers work with. `suppliers` holds those that are configured, by name."""

    database: Database
    clock: Clock
    vault: Vault
    wallet: Wallet
    suppliers: Mapping[str, Supplier]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """What a product type checks before a product of it may be catalogued."""

    points: int
    detail: str


Faults = list[tuple[str, str]]
Act = Callable[[Order, Means], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfiller:
    """One product type's way to the winner. A type with no `deliver` waits in a queue for people (parcels)."""

    type: str
    form: Literal["virtual", "physical"]
    claim: Literal["none", "phone", "address"]
    check: Callable[[ProductFacts], Faults]
    """(field, reason) of everything that makes such a product undeliverable."""
    show: Callable[[AsyncSession, Award, Means], Awaitable[Mapping[str, Any] | None]]
    """What the winner sees of it, or None while there is nothing to see."""
    deliver: Act | None = None
    query: Act | None = None
    supplier: str | None = None
    """Whose circuit breaker guards the calls; None when nobody outside is called."""
