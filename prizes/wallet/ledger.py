"""The built-in wallet: double entry, points as integers, one transfer per cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import Ids
from prizes.models import WalletAccount, WalletEntry, WalletTransfer

MALL: Final = "mall"


class LedgerWallet:
    """Points move from the mall's account to the member's; balances are sums of entries, so nothing can drift."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    async def credit(
        self,
        session: AsyncSession,
        *,
        transfer_id: str,
        mall_id: str,
        member_id: str,
        points: int,
        cause: str,
        at: datetime,
    ) -> None:
        if points <= 0:
            raise AssertionError(f"a credit of {points} points")
        written = await session.execute(
            _insert(session, WalletTransfer)
            .values(id=transfer_id, mall_id=mall_id, cause=cause, at=at)
            .on_conflict_do_nothing()
            .returning(WalletTransfer.id)
        )
        if written.scalar_one_or_none() is None:
            return
        for owner, amount in ((MALL, -points), (member_id, points)):
            account_id = await self._account(session, mall_id=mall_id, owner=owner)
            session.add(WalletEntry(transfer_id=transfer_id, account_id=account_id, points=amount))
        await session.flush()

    async def has(self, session: AsyncSession, *, transfer_id: str) -> bool:
        return await session.get(WalletTransfer, transfer_id) is not None

    async def balance(self, session: AsyncSession, *, mall_id: str, member_id: str) -> int:
        total = await session.scalar(
            select(func.coalesce(func.sum(WalletEntry.points), 0))
            .join(WalletAccount, WalletAccount.id == WalletEntry.account_id)
            .where(WalletAccount.mall_id == mall_id, WalletAccount.owner == member_id)
        )
        return int(total or 0)

    async def _account(self, session: AsyncSession, *, mall_id: str, owner: str) -> str:
        key = {"mall_id": mall_id, "owner": owner}
        await session.execute(
            _insert(session, WalletAccount).values(id=self._ids.new(), **key).on_conflict_do_nothing()
        )
        return (await session.execute(select(WalletAccount.id).filter_by(**key))).scalar_one()


def _insert(session: AsyncSession, table: Any) -> Any:
    dialect = session.get_bind().dialect.name
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
