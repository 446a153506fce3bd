"""The contract of a wallet, so that a mall's own can stand in for the built-in one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Wallet(Protocol):
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
        """Give a member points once per transfer id; a second time changes nothing."""

    async def has(self, session: AsyncSession, *, transfer_id: str) -> bool:
        """Whether that transfer was made."""

    async def balance(self, session: AsyncSession, *, mall_id: str, member_id: str) -> int:
        """The member's points."""
