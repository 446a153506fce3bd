"""The built-in wallet: double entry, points as integers, one transaction a call, and lots that are spent before they expire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.db import Database
from core.ids import Ids
from prizes.wallet.contract import (
    CLOSED,
    ID_REUSED,
    INSUFFICIENT,
    NO_SUCH_DEBIT,
    Done,
    NeverSent,
    Refused,
    Traits,
    Transfer,
    Unknown,
    WalletOutcome,
    refund_id,
)
from prizes.wallet.models import WalletAccount, WalletEntry, WalletLot, WalletTransfer
from prizes.wallet.posting import (
    CREDIT,
    DEBIT,
    REFUND,
    expire,
    fill,
    give_back,
    lock_account,
    post,
    spendable,
    take,
    write_down,
)

TRAITS: Final = Traits(
    can_be_asked=True, is_ours=True, waits=tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600))
)
ACCOUNTS_AT_ONCE_MAX: Final = 50


class LedgerWallet:
    """Points move between the mall's account and the member's. `points_last` is the life of credited points, None for ever."""

    traits = TRAITS

    def __init__(self, *, database: Database, clock: Clock, ids: Ids, points_last: timedelta | None = None) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._points_last = points_last

    async def credit(self, transfer: Transfer) -> WalletOutcome:
        return await _in_one(self._database.transaction, lambda session: self._credit(session, transfer))

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        return await _in_one(self._database.transaction, lambda session: self._debit(session, transfer))

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return await _in_one(self._database.transaction, lambda session: self._refund(session, debit))

    async def confirm(self, debit: Transfer) -> WalletOutcome:
        return Done(reference=debit.id)

    async def query(self, transfer_id: str) -> WalletOutcome:
        return await _in_one(self._database.reading, lambda session: _told(session, transfer_id))

    async def expire_due(self, *, limit: int = ACCOUNTS_AT_ONCE_MAX) -> bool:
        """Move expired points back to the mall, of so many accounts at most; whether some may be left."""
        now = self._clock.now()
        due = select(WalletLot.account_id).where(WalletLot.remaining > 0, WalletLot.expires_at <= now)
        async with self._database.reading() as session:
            found = (await session.scalars(due.distinct().limit(limit))).all()
        for account_id in found:
            async with self._database.transaction() as session:
                held = select(WalletAccount).where(WalletAccount.id == account_id).with_for_update(skip_locked=True)
                account = await session.scalar(held)
                if account is not None:
                    await expire(session, account, now=now, ids=self._ids)
        return len(found) >= limit

    async def _credit(self, session: AsyncSession, transfer: Transfer) -> WalletOutcome:
        account = await self._account(session, transfer)
        if not await write_down(session, self._row(transfer, CREDIT)):
            return await _repeated(session, transfer, kind=CREDIT)
        entry = await post(session, account, transfer_id=transfer.id, points=transfer.points, ids=self._ids)
        lasts = self._clock.now() + self._points_last if self._points_last else None
        fill(session, account, transfer_id=transfer.id, points=transfer.points, expires_at=lasts, ids=self._ids)
        return Done(reference=transfer.id, balance=entry.balance)

    async def _debit(self, session: AsyncSession, transfer: Transfer) -> WalletOutcome:
        account, now = await self._account(session, transfer), self._clock.now()
        if await session.get(WalletTransfer, transfer.id) is not None:
            return await _repeated(session, transfer, kind=DEBIT)
        await expire(session, account, now=now, ids=self._ids)
        if await spendable(session, account, now=now) < transfer.points:
            return Refused(reason=INSUFFICIENT)
        if not await write_down(session, self._row(transfer, DEBIT)):
            return await _repeated(session, transfer, kind=DEBIT)
        entry = await post(session, account, transfer_id=transfer.id, points=-transfer.points, ids=self._ids)
        await take(session, account, transfer_id=transfer.id, points=transfer.points, now=now)
        return Done(reference=transfer.id, balance=entry.balance)

    async def _refund(self, session: AsyncSession, debit: Transfer) -> WalletOutcome:
        account, now = await self._account(session, debit), self._clock.now()
        if await write_down(session, self._row(debit, CLOSED)):
            return Refused(reason=NO_SUCH_DEBIT)
        made = await _repeated(session, debit, kind=DEBIT)
        if not isinstance(made, Done):
            return Refused(reason=NO_SUCH_DEBIT) if made == Refused(reason=CLOSED) else made
        transfer_id = refund_id(debit.id)
        row = {**self._row(debit, REFUND), "id": transfer_id, "debit_id": debit.id}
        if not await write_down(session, row):
            return Done(reference=transfer_id, again=True)
        entry = await post(session, account, transfer_id=transfer_id, points=debit.points, ids=self._ids)
        await give_back(session, account, debit_id=debit.id, transfer_id=transfer_id, now=now, ids=self._ids)
        return Done(reference=transfer_id, balance=entry.balance)

    async def _account(self, session: AsyncSession, transfer: Transfer) -> WalletAccount:
        return await lock_account(session, ids=self._ids, mall_id=transfer.mall_id, member_id=transfer.member_id)

    def _row(self, transfer: Transfer, kind: str) -> dict[str, object]:
        return {
            "id": transfer.id,
            "mall_id": transfer.mall_id,
            "kind": kind,
            "cause": transfer.cause,
            "at": self._clock.now(),
        }


async def _in_one(
    open_session: Callable[[], AbstractAsyncContextManager[AsyncSession]],
    act: Callable[[AsyncSession], Awaitable[WalletOutcome]],
) -> WalletOutcome:
    """A failure rolls back; but a commit whose answer was lost may stand, so the outcome is unknown."""
    try:
        async with open_session() as session:
            return await act(session)
    except IntegrityError:
        raise  # a mistake of ours, not of the day
    except (DBAPIError, PoolTimeoutError, OSError) as fault:
        return Unknown(reason=type(fault).__name__)


async def _told(session: AsyncSession, transfer_id: str) -> WalletOutcome:
    transfer = await session.get(WalletTransfer, transfer_id)
    if transfer is None:
        return NeverSent(reason="no-such-transfer")
    return Refused(reason=CLOSED) if transfer.kind == CLOSED else Done(reference=transfer_id)


async def _repeated(session: AsyncSession, transfer: Transfer, *, kind: str) -> WalletOutcome:
    """What to say to an id that is taken: Done if by the very same transfer."""
    made = (
        await session.execute(
            select(
                WalletTransfer.kind,
                WalletTransfer.mall_id,
                WalletAccount.owner,
                WalletEntry.points,
                WalletEntry.balance,
            )
            .outerjoin(WalletEntry, (WalletEntry.transfer_id == WalletTransfer.id) & WalletEntry.number.is_not(None))
            .outerjoin(WalletAccount, WalletAccount.id == WalletEntry.account_id)
            .where(WalletTransfer.id == transfer.id)
        )
    ).one()
    if made.kind == CLOSED:
        return Refused(reason=CLOSED)
    signed = -transfer.points if kind == DEBIT else transfer.points
    if (made.kind, made.mall_id, made.owner, made.points) != (kind, transfer.mall_id, transfer.member_id, signed):
        return Refused(reason=ID_REUSED)
    return Done(reference=transfer.id, balance=made.balance, again=True)
