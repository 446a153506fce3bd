"""Deaths and lost answers: a process of ours that dies at any step, a wallet of which one call in ten goes unanswered."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from prizes.wallet.contract import NeverSent, Transfer, Unknown, Wallet, WalletOutcome

STEPS = ("before commit", "after commit", "before call", "after call")


class Died(BaseException):
    """The process is gone: nothing catches this but whoever starts another."""


class Fate:
    """Decides who dies where; `percent` of all steps are a process's last."""

    def __init__(self, dice: Random, *, percent: int) -> None:
        self.deaths: Counter[str] = Counter()
        self._dice = dice
        self._percent = percent

    def meet(self, step: str) -> None:
        if self._dice.randrange(100) < self._percent:
            self.deaths[step] += 1
            raise Died(step)

    def spare_all(self) -> None:
        self._percent = 0


class MortalDatabase(Database):
    """The database of a process that may die before it commits, or after that and before it knows."""

    def __init__(self, database: Database, fate: Fate) -> None:
        self._over(database.engine)
        self._turn = database._turn
        self._fate = fate

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with super().transaction() as session:
            yield session
            self._fate.meet("before commit")
        self._fate.meet("after commit")


class Unreliable:
    """A wallet of which `percent` of the calls are lost: before they arrive, after they did, or known never to have been sent.

    The process that calls may die before the call and after it.
    """

    def __init__(self, wallet: Wallet, fate: Fate, dice: Random, *, percent: int) -> None:
        self.traits = wallet.traits
        self.lost: Counter[str] = Counter()
        self._wallet = wallet
        self._fate = fate
        self._dice = dice
        self._percent = percent

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        return await self._perhaps(lambda: self._wallet.debit(transfer))

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return await self._perhaps(lambda: self._wallet.refund(debit))

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return await self._perhaps(lambda: self._wallet.confirm(debit))

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        return await self._wallet.credit(transfer)

    async def query(self, transfer_id: str) -> WalletOutcome:
        return await self._wallet.query(transfer_id)

    async def _perhaps(self, call: Callable[[], Awaitable[WalletOutcome]]) -> WalletOutcome:
        self._fate.meet("before call")
        fault = self._dice.choice(("before", "after", "never")) if self._dice.randrange(100) < self._percent else ""
        self.lost[fault] += 1
        if fault == "never":
            return NeverSent(reason="not-today")
        outcome = Unknown(reason="answer-lost") if fault == "before" else await call()
        self._fate.meet("after call")
        return Unknown(reason="answer-lost") if fault == "after" else outcome
