"""What the built-in wallet says of a member: what they have, what expires when, and every change with the balance after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from prizes.wallet.contract import Wallet
from prizes.wallet.models import WalletAccount, WalletEntry, WalletLot, WalletTransfer

EXPIRING_SHOWN_MAX: Final = 20


class PointsKeptByMall(Refusal, code="points-kept-by-mall"):
    """The mall keeps its members' points itself: they are not ours to show."""


class Expiring(NamedTuple):
    points: int
    expires_at: datetime


class Record(NamedTuple):
    """One change: `number` counts the member's changes from 1, `points` are signed, `balance` is what was left after it."""

    number: int
    at: datetime
    kind: str
    cause: str
    points: int
    balance: int


def must_be_ours(wallet: Wallet) -> None:
    """PointsKeptByMall when the accounts are not our rows."""
    if not wallet.traits.is_ours:
        raise PointsKeptByMall


async def balance(session: AsyncSession, *, mall_id: str, member_id: str, now: datetime) -> int:
    """The points a member may spend: those that have expired do not count, though their transfer is still to come."""
    alive = or_(WalletLot.expires_at.is_(None), WalletLot.expires_at > now)
    total = (
        select(func.coalesce(func.sum(WalletLot.remaining), 0))
        .join(WalletAccount, WalletAccount.id == WalletLot.account_id)
        .where(_is_of(mall_id, member_id), WalletLot.remaining > 0, alive)
    )
    return int((await session.execute(total)).scalar_one())


async def expiring(session: AsyncSession, *, mall_id: str, member_id: str, now: datetime) -> Sequence[Expiring]:
    """What expires, by the time it does, soonest first; EXPIRING_SHOWN_MAX times at most."""
    soonest = (
        select(func.sum(WalletLot.remaining), WalletLot.expires_at)
        .join(WalletAccount, WalletAccount.id == WalletLot.account_id)
        .where(_is_of(mall_id, member_id), WalletLot.remaining > 0, WalletLot.expires_at > now)
        .group_by(WalletLot.expires_at)
        .order_by(WalletLot.expires_at)
        .limit(EXPIRING_SHOWN_MAX)
    )
    rows = await session.execute(soonest)
    return [Expiring(int(points), expires_at) for points, expires_at in rows if expires_at is not None]


async def page_of_member(
    session: AsyncSession, *, mall_id: str, member_id: str, before: int | None, limit: int
) -> Sequence[Record]:
    """Newest first, from the one before number `before` on."""
    page = (
        select(
            func.coalesce(WalletEntry.number, 0),
            WalletTransfer.at,
            WalletTransfer.kind,
            WalletTransfer.cause,
            WalletEntry.points,
            func.coalesce(WalletEntry.balance, 0),
        )
        .join(WalletAccount, WalletAccount.id == WalletEntry.account_id)
        .join(WalletTransfer, WalletTransfer.id == WalletEntry.transfer_id)
        .where(_is_of(mall_id, member_id), WalletEntry.number.is_not(None))
        .order_by(WalletEntry.number.desc())
        .limit(limit)
    )
    if before is not None:
        page = page.where(WalletEntry.number < before)
    return [Record(*row) for row in await session.execute(page)]


def _is_of(mall_id: str, member_id: str) -> ColumnElement[bool]:
    return and_(WalletAccount.mall_id == mall_id, WalletAccount.owner == member_id)
