"""Wallets that simulated members pay with: ours and a mall's, both of which fall silent while processes die."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from core.errors import Refusal
from prizes.wallet.contract import (
    CLOSED,
    INSUFFICIENT,
    NO_SUCH_DEBIT,
    Done,
    NeverSent,
    Refused,
    Traits,
    Transfer,
    Unknown,
    Wallet,
    WalletOutcome,
)
from tests.sim.faults import Died, Point


class Gone(BaseException):
    """The process is gone, in the middle of a call: who calls takes any other failure for a silence."""


class Book:
    """A mall's wallet, kept by the mall: it outlives our processes, and knows nothing of us but what it was told.

    It takes and gives back once per id. One that cannot be asked tells of nothing but what it is told to do.
    """

    def __init__(self, *, points: dict[str, int], can_be_asked: bool) -> None:
        self.traits = Traits(can_be_asked=can_be_asked, is_ours=False, waits=(timedelta(seconds=1),) * 50)
        self.points = points
        self._debits: dict[str, int] = {}
        self._undone: set[str] = set()

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        if transfer.id in self._undone:
            return Refused(reason=CLOSED)
        if transfer.id in self._debits:
            return Done(again=True)
        if self.points[transfer.member_id] < transfer.points:
            return Refused(reason=INSUFFICIENT)
        self._debits[transfer.id] = transfer.points
        self.points[transfer.member_id] -= transfer.points
        return Done(balance=self.points[transfer.member_id])

    async def refund(self, debit: Transfer) -> WalletOutcome:
        taken = self._debits.get(debit.id)
        if taken is not None and debit.id not in self._undone:
            self.points[debit.member_id] += taken
        self._undone.add(debit.id)
        return Done() if taken is not None else Refused(reason=NO_SUCH_DEBIT)

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return Done()

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        raise AssertionError(f"nobody is credited {transfer.points} points here")

    async def query(self, transfer_id: str) -> WalletOutcome:
        if not self.traits.can_be_asked:
            return Unknown(reason="not-offered")
        if transfer_id in self._debits:
            return Done()
        return Refused(reason=CLOSED) if transfer_id in self._undone else NeverSent(reason="not-known")


class SimWallet:
    """The way of one process to a wallet. It may die before, during and after a call, which may be lost both ways."""

    def __init__(self, wallet: Wallet, point: Point) -> None:
        self.traits = wallet.traits
        self._wallet = wallet
        self._point = point

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        return await self._call(lambda: self._wallet.debit(transfer))

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return await self._call(lambda: self._wallet.refund(debit))

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return await self._call(lambda: self._wallet.confirm(debit))

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        return await self._call(lambda: self._wallet.credit(transfer))

    async def query(self, transfer_id: str) -> WalletOutcome:
        return await self._call(lambda: self._wallet.query(transfer_id), asks=True)

    async def _call(self, call: Callable[[], Awaitable[WalletOutcome]], *, asks: bool = False) -> WalletOutcome:
        try:
            if not asks and await self._is_lost("after dialling"):
                return NeverSent(reason="nobody-there")
            if await self._is_lost("after sending"):
                return Unknown(reason="answer-lost")
            outcome = await call()
            return Unknown(reason="answer-lost") if await self._is_lost("after answering") else outcome
        except Died:
            raise Gone from None

    async def _is_lost(self, place: str) -> bool:
        try:
            await self._point.hit(f"{place} of the wallet")
        except (Refusal, OSError):
            return True
        return False
