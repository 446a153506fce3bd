"""What the wallet remembers: what every member has, and every transfer by the number it came under."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

TRANSFERS_MAX: Final = 200_000


class OtherContent(Exception):
    """The number was used before for something else."""


class BookFull(Exception):
    """More transfers than a sandbox remembers."""


@dataclass(slots=True)
class Transfer:
    """`times` counts the calls that named it; `moves` how often points moved, which must never be above 1."""

    id: str
    kind: str
    member: str
    points: int
    status: str = "refused"
    reason: str | None = None
    times: int = 0
    moves: int = 0
    is_refunded: bool = False
    is_confirmed: bool = False

    @property
    def reference(self) -> str:
        return f"sandbox-{self.id[-12:]}"

    def counts(self) -> dict[str, Any]:
        return asdict(self)


class Book:
    """Points by member and transfers by number; whatever is asked twice happens once."""

    def __init__(self) -> None:
        self.accounts: dict[str, int] = {}
        self.transfers: dict[str, Transfer] = {}

    def balance(self, member: str) -> int:
        return self.accounts.get(member, 0)

    def open(self, transfer_id: str, *, kind: str, member: str, points: int) -> tuple[Transfer, bool]:
        """The transfer of that number, and whether it is new."""
        known = self.transfers.get(transfer_id)
        if known is None:
            if len(self.transfers) >= TRANSFERS_MAX:
                raise BookFull
            known = self.transfers[transfer_id] = Transfer(transfer_id, kind, member, points)
        elif (known.kind, known.member, known.points) != (kind, member, points):
            raise OtherContent
        known.times += 1
        return known, known.times == 1

    def move(self, transfer: Transfer, points: int) -> None:
        """Change the member's points by so many, if that leaves none missing."""
        after = self.balance(transfer.member) + points
        if after < 0:
            transfer.status, transfer.reason = "refused", "insufficient-points"
            return
        self.accounts[transfer.member] = after
        transfer.status, transfer.reason = "done", None
        transfer.moves += 1

    def refund(self, debit_id: str, *, refund_id: str, member: str, points: int) -> tuple[Transfer, bool]:
        """Give a debit back; one that never came is closed, so that it can never come."""
        debit, is_new = self.open(debit_id, kind="debit", member=member, points=points)
        if is_new:
            debit.reason = "closed"
        refund, is_first = self.open(refund_id, kind="refund", member=member, points=points)
        if not is_first:
            return refund, False
        if debit.status != "done" or debit.is_confirmed:
            refund.reason = "no-such-debit" if debit.status != "done" else "confirmed"
            return refund, True
        debit.is_refunded = True
        self.move(refund, debit.points)
        return refund, True

    def refuse(self, transfer: Transfer) -> None:
        transfer.status, transfer.reason = "refused", "not-today"
