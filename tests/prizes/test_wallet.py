"""The built-in wallet: one transfer per cause, two entries per transfer."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select, update

from core.db import Database
from prizes.invariants import wallet_balances
from prizes.models import WalletEntry
from prizes.wallet.ledger import MALL as ISSUER
from prizes.wallet.ledger import LedgerWallet
from tests.prizes.factories import MALL, MEMBER
from tests.support.arguments import NOON, CountingIds

CAUSE = "00000000-0000-0000-0000-0000000000c1"
ANOTHER_CAUSE = "00000000-0000-0000-0000-0000000000c2"
ANOTHER_MEMBER = "00000000-0000-0000-0000-0000000000d1"


async def credit(
    database: Database, wallet: LedgerWallet, *, cause: str, member: str = MEMBER, points: int = 66
) -> None:
    async with database.transaction() as session:
        await wallet.credit(
            session, transfer_id=cause, mall_id=MALL, member_id=member, points=points, cause="award", at=NOON
        )


async def test_a_cause_moves_points_once_however_often_it_is_told(database: Database, ids: CountingIds) -> None:
    wallet = LedgerWallet(ids)
    await asyncio.gather(*(credit(database, wallet, cause=CAUSE) for _ in range(12)))
    await credit(database, wallet, cause=ANOTHER_CAUSE, member=ANOTHER_MEMBER, points=5)
    async with database.reading() as session:
        assert await wallet.has(session, transfer_id=CAUSE)
        assert await wallet.balance(session, mall_id=MALL, member_id=MEMBER) == 66
        assert await wallet.balance(session, mall_id=MALL, member_id=ANOTHER_MEMBER) == 5
        assert await wallet.balance(session, mall_id=MALL, member_id=ISSUER) == -71
        assert await session.scalar(select(func.count()).select_from(WalletEntry)) == 4
        assert await wallet_balances(session) == (2, [])


async def test_an_entry_that_was_tampered_with_is_found(database: Database, ids: CountingIds) -> None:
    await credit(database, LedgerWallet(ids), cause=CAUSE)
    async with database.transaction() as session:
        await session.execute(update(WalletEntry).where(WalletEntry.points > 0).values(points=67))
    async with database.reading() as session:
        assert await wallet_balances(session) == (1, [f"transfer {CAUSE} does not balance"])
