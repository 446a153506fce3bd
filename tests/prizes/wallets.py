"""The three wallets, each with a hand at its book: what the conformance suite runs against."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid5

import httpx

from core.db import Database
from prizes.wallet.contract import Done, Transfer, Unknown, Wallet, WalletOutcome
from prizes.wallet.duiba import DuibaEndpoints, DuibaWallet
from prizes.wallet.hearing import Hearing
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.records import balance
from prizes.wallet.signed_http import SignedHttpWallet
from tests.prizes.factories import MALL, MEMBER
from tests.prizes.sandbox import APP_KEY, SECRET, SandboxWallet
from tests.support.arguments import CountingIds, HandClock

NOBODY = str(UUID(int=0xDEAD))
STRANGER = str(UUID(int=0xFACE))
SECONDS_MAX = 1.2
_numbers = itertools.count(1)


def a_transfer(points: int = 30, **changes: Any) -> Transfer:
    facts = {"mall_id": MALL, "member_id": MEMBER, "points": points, "cause": "chances"}
    fresh = str(uuid5(UUID(MALL), f"transfer {next(_numbers)}"))
    return Transfer(**{"id": fresh, **facts, **changes})


async def name_at_mall(member_id: str) -> str | None:
    """How the test's mall calls its members; it does not know NOBODY."""
    return None if member_id == NOBODY else f"会员 {member_id[-4:]}"


class Stand(Protocol):
    """A wallet under test, and its book read from the far side."""

    wallet: Wallet

    async def give(self, points: int, *, member: str = MEMBER) -> None: ...

    async def points(self, *, member: str = MEMBER) -> int: ...


@dataclass
class LedgerStand:
    database: Database
    clock: HandClock
    ids: CountingIds

    def __post_init__(self) -> None:
        self.wallet: Wallet = LedgerWallet(database=self.database, clock=self.clock, ids=self.ids)

    async def give(self, points: int, *, member: str = MEMBER) -> None:
        assert isinstance(await self.wallet.credit(a_transfer(points, member_id=member, cause="start")), Done)

    async def points(self, *, member: str = MEMBER) -> int:
        async with self.database.reading() as session:
            return await balance(session, mall_id=MALL, member_id=member, now=self.clock.now())


@dataclass
class HttpStand:
    wallet: Wallet
    sandbox: SandboxWallet

    async def give(self, points: int, *, member: str = MEMBER) -> None:
        await self.sandbox.give(str(await name_at_mall(member)), points)

    async def points(self, *, member: str = MEMBER) -> int:
        return await self.sandbox.points(str(await name_at_mall(member)))


def a_hearing(http: httpx.AsyncClient, *, answer_seconds_max: float = SECONDS_MAX) -> Hearing:
    return Hearing(http=http, answer_seconds_max=answer_seconds_max, name_at_mall=name_at_mall)


def a_signed_wallet(
    url: str,
    http: httpx.AsyncClient,
    clock: HandClock,
    *,
    secret: str = SECRET,
    answer_seconds_max: float = SECONDS_MAX,
) -> SignedHttpWallet:
    hearing = a_hearing(http, answer_seconds_max=answer_seconds_max)
    return SignedHttpWallet(url=url, secret=secret, hearing=hearing, clock=clock)


def a_duiba_wallet(
    url: str, http: httpx.AsyncClient, clock: HandClock, *, answer_seconds_max: float = SECONDS_MAX, **changes: Any
) -> DuibaWallet:
    endpoints = DuibaEndpoints(
        **{
            "debit_url": f"{url}/duiba/debit",
            "notice_url": f"{url}/duiba/notice",
            "credit_url": f"{url}/duiba/credit",
            "app_key": APP_KEY,
            "app_secret": SECRET,
            **changes,
        }
    )
    return DuibaWallet(endpoints, hearing=a_hearing(http, answer_seconds_max=answer_seconds_max), clock=clock)


class Forgetful:
    """A wallet of which every so many answers are lost, every second of them with the call itself."""

    def __init__(self, wallet: Wallet, *, every: int) -> None:
        self.traits = wallet.traits
        self.query = wallet.query
        self.lost = 0
        self._wallet = wallet
        self._calls = itertools.count(1)
        self._every = every

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        return await self._perhaps(self._wallet.debit, transfer)

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return await self._perhaps(self._wallet.refund, debit)

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return await self._perhaps(self._wallet.confirm, debit)

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        return await self._perhaps(self._wallet.credit, transfer)

    async def _perhaps(self, call: Any, transfer: Transfer) -> WalletOutcome:
        number = next(self._calls)
        if number % self._every:
            outcome: WalletOutcome = await call(transfer)
            return outcome
        self.lost += 1
        if self.lost % 2:
            await call(transfer)
        return Unknown(reason="answer-lost")
