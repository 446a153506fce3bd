"""The contract of a wallet: points move once per id, and a call comes to one of four things.

The built-in wallet keeps its accounts in our tables, the others in the mall's system. No caller may hold a transaction
open over a call: it would wait for itself in the first, and for the network in the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID, uuid5

POINTS_MAX: Final = 1_000_000_000_000
CAUSE_CHARS_MAX: Final = 32

INSUFFICIENT: Final = "insufficient-points"
NO_SUCH_DEBIT: Final = "no-such-debit"
CLOSED: Final = "closed"
ID_REUSED: Final = "id-reused"
UNKNOWN_MEMBER: Final = "unknown-member"
NOT_OFFERED: Final = "not-offered"

NameAtMall = Callable[[str], Awaitable[str | None]]
"""How the mall calls a member, by our id of the member; None when there is no such member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Points to be moved, at most POINTS_MAX. `id` is a UUID, the idempotency key of every attempt; `cause` is a word of ours.

    `reference` is the wallet's own name for a debit, when it told us one.
    """

    id: str
    mall_id: str
    member_id: str
    points: int
    cause: str
    reference: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.points <= POINTS_MAX:
            raise AssertionError(f"a transfer of {self.points} points")
        if not 0 < len(self.cause) <= CAUSE_CHARS_MAX:
            raise AssertionError(f"a cause of {len(self.cause)} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It happened, once. `balance` is what the wallet says the member has; `again` that it had happened before."""

    reference: str | None = None
    balance: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It did not happen and will not, for good. `reason` is a word."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may or may not have happened, or may happen yet: settle it before anything is sent again (`settling`)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSent:
    """It certainly did not happen; from a query: the wallet has never heard of it. The same may be sent again."""

    reason: str


WalletOutcome = Done | Refused | Unknown | NeverSent


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a caller must know of a wallet beyond its calls.

    `can_be_asked`: `query` answers, and sending a debit again is harmless. Otherwise an unknown debit is undone.
    `is_ours`: the accounts are our own rows, which `records` reads.
    `waits`: the pauses before the second, third … try of a refund or a confirmation; after the last, people look at it.
    """

    can_be_asked: bool
    is_ours: bool
    waits: tuple[timedelta, ...]


class Wallet(Protocol):
    """Every call answers with an outcome and never raises."""

    @property
    def traits(self) -> Traits: ...

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        """Take points from a member, once per id; Refused INSUFFICIENT when there are not enough."""

    async def refund(self, debit: Transfer) -> WalletOutcome:
        """Give back a debit, whole and once; one that is not there is closed: should it arrive later, it is refused.

        Done and Refused NO_SUCH_DEBIT both mean that the member has the points, for good. A confirmed debit is not for refund.
        """

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        """Say that what was paid for was given. Most wallets need not be told."""

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        """Give points to a member, once per id; sending it again is always harmless."""

    async def query(self, transfer_id: str) -> WalletOutcome:
        """What became of a transfer; Done for a debit says nothing of its refund, which has an id of its own."""


def refund_id(debit_id: str) -> str:
    """The id under which a debit is refunded."""
    return str(uuid5(UUID(debit_id), "refund"))


def wait_before(wallet: Wallet, *, tries: int) -> timedelta | None:
    """How long to wait after so many tries of a refund or a confirmation; None when it is for people."""
    return wallet.traits.waits[tries - 1] if tries <= len(wallet.traits.waits) else None
