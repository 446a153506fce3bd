"""The rows of a transfer: both entries, and the lots it fills or empties. A member's account is locked by whoever posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import Ids
from prizes.wallet.models import WalletAccount, WalletEntry, WalletLot, WalletTaking, WalletTransfer

MALL: Final = "mall"
CREDIT: Final = "credit"
DEBIT: Final = "debit"
REFUND: Final = "refund"
EXPIRY: Final = "expiry"
LOTS_AT_ONCE_MAX: Final = 200
REFUND_LASTS_MIN: Final = timedelta(days=7)


async def lock_account(session: AsyncSession, *, ids: Ids, mall_id: str, member_id: str) -> WalletAccount:
    """The member's account, opened if there was none, and ours alone until the transaction ends."""
    find = select(WalletAccount).filter_by(mall_id=mall_id, owner=member_id).with_for_update()
    account = await session.scalar(find)
    if account is None:
        opened = insert(session, WalletAccount).values(
            id=ids.new(), mall_id=mall_id, owner=member_id, balance=0, entries=0
        )
        await session.execute(opened.on_conflict_do_nothing())
        account = (await session.scalars(find)).one()
    return account


async def write_down(session: AsyncSession, transfer: dict[str, Any]) -> bool:
    """Take a transfer's id; False when it was taken before."""
    written = insert(session, WalletTransfer).values(**transfer).on_conflict_do_nothing().returning(WalletTransfer.id)
    return await session.scalar(written) is not None


async def post(
    session: AsyncSession, account: WalletAccount, *, transfer_id: str, points: int, ids: Ids
) -> WalletEntry:
    """Both entries of a transfer that was written down; `points` is the member's side of it. The member's entry comes back."""
    account.balance = (account.balance or 0) + points
    account.entries = (account.entries or 0) + 1
    entry = WalletEntry(
        transfer_id=transfer_id,
        account_id=account.id,
        points=points,
        number=account.entries,
        balance=account.balance,
    )
    mall = await _account_of_mall(session, ids=ids, mall_id=account.mall_id)
    session.add_all([entry, WalletEntry(transfer_id=transfer_id, account_id=mall, points=-points)])
    await session.flush()
    return entry


def fill(
    session: AsyncSession,
    account: WalletAccount,
    *,
    transfer_id: str,
    points: int,
    expires_at: datetime | None,
    ids: Ids,
) -> None:
    session.add(
        WalletLot(
            id=ids.new(),
            account_id=account.id,
            transfer_id=transfer_id,
            points=points,
            remaining=points,
            expires_at=expires_at,
        )
    )


async def spendable(session: AsyncSession, account: WalletAccount, *, now: datetime) -> int:
    """What the account holds in lots that have not expired."""
    total = select(func.coalesce(func.sum(WalletLot.remaining), 0)).where(
        WalletLot.account_id == account.id, WalletLot.remaining > 0, _lives(now)
    )
    return int((await session.execute(total)).scalar_one())


async def take(session: AsyncSession, account: WalletAccount, *, transfer_id: str, points: int, now: datetime) -> None:
    """Empty lots by so many points, the soonest to expire first; there must be enough."""
    wanted = points
    while wanted:
        lots = await _lots(session, account, _lives(now))
        if not lots:
            raise AssertionError(f"account {account.id} holds {wanted} points less than was counted")
        for lot in lots:
            wanted -= _empty(session, lot, transfer_id=transfer_id, points=min(wanted, lot.remaining))
            if not wanted:
                break
        await session.flush()


async def give_back(
    session: AsyncSession, account: WalletAccount, *, debit_id: str, transfer_id: str, now: datetime, ids: Ids
) -> None:
    """Fill lots with what a debit took: each expires when the lot it came from does, but not within REFUND_LASTS_MIN."""
    taken = await session.execute(
        select(WalletTaking.points, WalletLot.expires_at)
        .join(WalletLot, WalletLot.id == WalletTaking.lot_id)
        .where(WalletTaking.transfer_id == debit_id)
        .order_by(WalletLot.id)
    )
    soonest = now + REFUND_LASTS_MIN
    for points, expires_at in taken:
        lasts = expires_at and max(expires_at, soonest)
        fill(session, account, transfer_id=transfer_id, points=points, expires_at=lasts, ids=ids)
    await session.flush()


async def expire(session: AsyncSession, account: WalletAccount, *, now: datetime, ids: Ids) -> int:
    """Move what has expired back to the mall, LOTS_AT_ONCE_MAX lots at most in one transfer; how many lots there were."""
    lots = await _lots(session, account, WalletLot.expires_at <= now)
    if not lots:
        return 0
    transfer_id = ids.new()
    fresh = await write_down(
        session, {"id": transfer_id, "mall_id": account.mall_id, "kind": EXPIRY, "cause": EXPIRY, "at": now}
    )
    if not fresh:
        raise AssertionError(f"id {transfer_id} was handed out before")
    points = sum(_empty(session, lot, transfer_id=transfer_id, points=lot.remaining) for lot in lots)
    await post(session, account, transfer_id=transfer_id, points=-points, ids=ids)
    return len(lots)


def insert(session: AsyncSession, table: Any) -> Any:
    """An INSERT of the engine's own kind, which knows ON CONFLICT."""
    dialect = session.get_bind().dialect.name
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


def _empty(session: AsyncSession, lot: WalletLot, *, transfer_id: str, points: int) -> int:
    lot.remaining -= points
    session.add(WalletTaking(transfer_id=transfer_id, lot_id=lot.id, points=points))
    return points


async def _lots(session: AsyncSession, account: WalletAccount, which: ColumnElement[bool]) -> Sequence[WalletLot]:
    query = (
        select(WalletLot)
        .where(WalletLot.account_id == account.id, WalletLot.remaining > 0, which)
        .order_by(WalletLot.expires_at.asc().nulls_last(), WalletLot.id)
        .limit(LOTS_AT_ONCE_MAX)
    )
    return (await session.scalars(query)).all()


def _lives(now: datetime) -> ColumnElement[bool]:
    return or_(WalletLot.expires_at.is_(None), WalletLot.expires_at > now)


async def _account_of_mall(session: AsyncSession, *, ids: Ids, mall_id: str) -> str:
    key = {"mall_id": mall_id, "owner": MALL}
    find = select(WalletAccount.id).filter_by(**key)
    known = await session.scalar(find)
    if known is None:
        await session.execute(insert(session, WalletAccount).values(id=ids.new(), **key).on_conflict_do_nothing())
        known = (await session.execute(find)).scalar_one()
    return known
