"""The built-in wallet: double entry, lots that are spent before they expire, and a record of every change."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from core.db import Database
from prizes.invariants import wallet_balances
from prizes.wallet.contract import INSUFFICIENT, Done, Refused, Transfer
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.models import WalletAccount, WalletEntry, WalletLot, WalletTaking, WalletTransfer
from prizes.wallet.posting import MALL as ISSUER
from prizes.wallet.posting import REFUND_LASTS_MIN
from prizes.wallet.records import Expiring, Record, balance, expiring, page_of_member
from tests.prizes.factories import MALL, MEMBER
from tests.prizes.wallets import a_transfer
from tests.support.arguments import NOON, CountingIds, HandClock

ANOTHER_MEMBER = "00000000-0000-0000-0000-0000000000d1"
DAY = timedelta(days=1)


@pytest.fixture
def wallet(database: Database, clock: HandClock, ids: CountingIds) -> LedgerWallet:
    """A wallet whose points last thirty days."""
    return LedgerWallet(database=database, clock=clock, ids=ids, points_last=30 * DAY)


async def credit(wallet: LedgerWallet, points: int, *, member: str = MEMBER) -> Transfer:
    transfer = a_transfer(points, member_id=member, cause="award")
    assert isinstance(await wallet.credit(transfer), Done)
    return transfer


async def debit(wallet: LedgerWallet, points: int) -> Transfer:
    transfer = a_transfer(points)
    assert isinstance(await wallet.debit(transfer), Done)
    return transfer


async def points(database: Database, clock: HandClock, *, member: str = MEMBER) -> int:
    async with database.reading() as session:
        return await balance(session, mall_id=MALL, member_id=member, now=clock.now())


async def what_expires(database: Database, clock: HandClock) -> Sequence[tuple[int, timedelta]]:
    """Points and how long after NOON they expire."""
    async with database.reading() as session:
        found = await expiring(session, mall_id=MALL, member_id=MEMBER, now=clock.now())
    assert all(isinstance(each, Expiring) for each in found)
    return [(each.points, each.expires_at - NOON) for each in found]


async def records(database: Database, *, before: int | None = None, limit: int = 20) -> Sequence[Record]:
    async with database.reading() as session:
        return await page_of_member(session, mall_id=MALL, member_id=MEMBER, before=before, limit=limit)


async def broken(database: Database) -> list[str]:
    async with database.reading() as session:
        checked, found = await wallet_balances(session)
        assert checked
        return found


async def test_a_cause_moves_points_once_however_often_it_is_told(database: Database, wallet: LedgerWallet) -> None:
    transfer = a_transfer(66, cause="award")
    await asyncio.gather(*(wallet.credit(transfer) for _ in range(12)))
    await credit(wallet, 5, member=ANOTHER_MEMBER)
    async with database.reading() as session:
        sums = select(WalletAccount.owner, func.sum(WalletEntry.points)).join(
            WalletEntry, WalletEntry.account_id == WalletAccount.id
        )
        assert {owner: int(sum_) for owner, sum_ in await session.execute(sums.group_by(WalletAccount.owner))} == {
            MEMBER: 66,
            ANOTHER_MEMBER: 5,
            ISSUER: -71,
        }
        assert await session.scalar(select(func.count()).select_from(WalletEntry)) == 4
        assert await wallet_balances(session) == (2, [])


async def test_points_that_expire_first_are_spent_first(
    database: Database, wallet: LedgerWallet, clock: HandClock, ids: CountingIds
) -> None:
    lasting = LedgerWallet(database=database, clock=clock, ids=ids)
    await credit(lasting, 5)
    clock.advance(days=2)
    await credit(wallet, 10)
    clock.set(NOON)
    await credit(wallet, 10)
    await debit(wallet, 12)
    assert await what_expires(database, clock) == [(8, 32 * DAY)]
    await debit(wallet, 10)
    assert await what_expires(database, clock) == []
    assert await points(database, clock) == 3
    assert await broken(database) == []


async def test_points_expire_at_their_instant_and_by_a_transfer_of_their_own(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    await credit(wallet, 10)
    clock.advance(days=1)
    await credit(wallet, 7)
    clock.set(NOON + 30 * DAY - timedelta(microseconds=1))
    assert await points(database, clock) == 17
    clock.set(NOON + 30 * DAY)
    assert await points(database, clock) == 7
    assert await wallet.debit(a_transfer(8)) == Refused(reason=INSUFFICIENT)
    await debit(wallet, 7)
    assert [(each.kind, each.points, each.balance) for each in await records(database)] == [
        ("debit", -7, 0),
        ("expiry", -10, 7),
        ("credit", 7, 17),
        ("credit", 10, 10),
    ]
    assert await broken(database) == []


async def test_the_task_moves_what_expired_a_bounded_piece_at_a_time(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    members = [f"00000000-0000-0000-0000-0000000000e{number}" for number in range(5)]
    for member in members:
        await credit(wallet, 10, member=member)
    assert not await wallet.expire_due(limit=2)
    clock.advance(days=30)
    assert [await wallet.expire_due(limit=2) for _ in range(3)] == [True, True, False]
    async with database.reading() as session:
        moved = select(func.count()).select_from(WalletTransfer).where(WalletTransfer.kind == "expiry")
        assert await session.scalar(moved) == len(members)
        assert await session.scalar(select(func.sum(WalletEntry.points)).where(WalletEntry.number.is_not(None))) == 0
    assert await broken(database) == []


async def test_expiry_and_debits_at_once_never_take_a_point_twice(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    await credit(wallet, 10)
    clock.advance(days=29)
    await credit(wallet, 10)
    clock.advance(days=1)
    debits = [wallet.debit(a_transfer(5)) for _ in range(4)]
    outcomes = await asyncio.gather(*debits, *(wallet.expire_due() for _ in range(3)))
    assert sum(isinstance(each, Done) for each in outcomes) == 2
    assert await points(database, clock) == 0
    assert await broken(database) == []


async def test_a_refund_expires_when_its_points_would_have(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    await credit(wallet, 10)
    clock.advance(days=2)
    await credit(wallet, 10)
    spent = await debit(wallet, 15)
    clock.advance(days=3)
    await wallet.refund(spent)
    assert await what_expires(database, clock) == [(10, 30 * DAY), (10, 32 * DAY)]
    assert await broken(database) == []


async def test_a_refund_of_points_that_expired_meanwhile_can_still_be_spent(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    await credit(wallet, 10)
    spent = await debit(wallet, 10)
    clock.advance(days=40)
    await wallet.refund(spent)
    assert await what_expires(database, clock) == [(10, 40 * DAY + REFUND_LASTS_MIN)]
    await debit(wallet, 10)
    assert await points(database, clock) == 0
    assert await broken(database) == []


async def test_more_lots_than_are_taken_at_once_are_spent_in_one_debit(
    database: Database, wallet: LedgerWallet, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prizes.wallet.posting.LOTS_AT_ONCE_MAX", 3)
    for _ in range(10):
        await credit(wallet, 2)
    await debit(wallet, 19)
    assert await points(database, clock) == 1
    for _ in range(9):
        await credit(wallet, 2)
    clock.advance(days=30)
    assert await wallet.debit(a_transfer(1)) == Refused(reason=INSUFFICIENT)
    assert await points(database, clock) == 0
    for _ in range(4):
        await wallet.expire_due()
    assert (await records(database))[0].balance == 0
    assert await broken(database) == []


async def test_the_records_page_by_page_are_every_change_once(
    database: Database, wallet: LedgerWallet, clock: HandClock
) -> None:
    await credit(wallet, 100)
    for number in range(7):
        clock.advance(hours=1)
        spent = await debit(wallet, number + 1)
    await wallet.refund(spent)
    whole = await records(database)
    assert [each.number for each in whole] == list(range(9, 0, -1))
    paged: list[Record] = []
    while page := await records(database, before=paged[-1].number if paged else None, limit=4):
        paged += page
    assert paged == list(whole)
    newest, *_, oldest = whole
    assert oldest == Record(1, NOON, "credit", "award", 100, 100)
    assert newest == Record(9, NOON + timedelta(hours=7), "refund", "chances", 7, 79)
    for later, earlier in itertools.pairwise(whole):
        assert later.balance == earlier.balance + later.points


async def test_an_account_below_zero_cannot_be_written(database: Database, wallet: LedgerWallet) -> None:
    await credit(wallet, 5)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(WalletAccount).values(balance=-1).where(WalletAccount.owner == MEMBER))


TAMPERING = {
    "does not balance": update(WalletEntry).where(WalletEntry.points > 0).values(points=67),
    "is not the sum of its entries": update(WalletAccount).where(WalletAccount.owner == MEMBER).values(balance=1),
    "is not the sum of its lots": update(WalletLot).where(WalletLot.remaining > 1).values(remaining=1),
    "does not lack what was taken": update(WalletTaking).values(points=1),
    "refunds no such debit": update(WalletTransfer).where(WalletTransfer.kind == "refund").values(debit_id=None),
}


@pytest.mark.parametrize("finding", TAMPERING)
async def test_rows_that_were_tampered_with_are_found(database: Database, wallet: LedgerWallet, finding: str) -> None:
    await credit(wallet, 66)
    await wallet.refund(await debit(wallet, 6))
    assert await broken(database) == []
    async with database.transaction() as session:
        await session.execute(TAMPERING[finding])
    assert any(each.endswith(finding) for each in await broken(database))
