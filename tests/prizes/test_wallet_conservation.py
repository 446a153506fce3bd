"""Conservation: over thousands of calls of which one in ten goes unanswered, no wallet makes or loses a point."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from core.db import Database
from prizes.invariants import wallet_balances
from prizes.wallet.contract import Done, Refused, Transfer, Wallet, WalletOutcome
from prizes.wallet.models import WalletEntry, WalletTransfer
from prizes.wallet.settling import settle_debit
from tests.prizes.wallets import Forgetful, HttpStand, Stand, a_transfer

PURCHASES = 1000
MEMBERS = 8
GIVEN = 4000
AT_ONCE = 16
STEPS_MAX = 40


@pytest.mark.long
async def test_no_point_is_made_or_lost_though_one_answer_in_ten_is(stand: Stand, database: Database) -> None:
    """Debits = consumed + refunded + in flight, and the wallet's book agrees."""
    members = [f"00000000-0000-0000-0000-{number:012x}" for number in range(0xA000, 0xA000 + MEMBERS)]
    for member in members:
        await stand.give(GIVEN, member=member)
    wallet: Wallet = stand.wallet
    if isinstance(stand, HttpStand):
        await stand.sandbox.fault("error_before", "error_after_success", "garbage", percent=10, seed=7)
    else:
        wallet = Forgetful(stand.wallet, every=10)
    debits = [
        a_transfer(1 + number % 37, member_id=members[number % MEMBERS], cause="chances") for number in range(PURCHASES)
    ]
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, debit: Transfer) -> str:
        async with turns:
            return await purchase(wallet, debit, ends=("consumed", "consumed", "refunded", "in flight")[number % 4])

    ends = await asyncio.gather(*(one(number, debit) for number, debit in enumerate(debits)))
    sums: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for debit, end in zip(debits, ends, strict=True):
        sums[end] += debit.points
        if end in ("consumed", "in flight"):
            held[debit.member_id] += debit.points
    assert {member: await stand.points(member=member) for member in members} == {
        member: GIVEN - held[member] for member in members
    }
    assert min(sums[end] for end in ("consumed", "refunded", "in flight")) > 0
    taken, given_back = await moved(stand, database)
    assert taken == given_back + sums["consumed"] + sums["in flight"]
    if not isinstance(stand, HttpStand):
        async with database.reading() as session:
            checked, broken = await wallet_balances(session)
            assert (checked >= PURCHASES, broken) == (True, [])


async def purchase(wallet: Wallet, debit: Transfer, *, ends: str) -> str:
    """One purchase by a caller who knows only what it was told: how it ended."""
    outcome: WalletOutcome = await wallet.debit(debit)
    for _ in range(STEPS_MAX):
        if isinstance(outcome, Done | Refused):
            break
        outcome = await settle_debit(wallet, debit)
    if isinstance(outcome, Refused):
        return f"not taken: {outcome.reason}"
    assert isinstance(outcome, Done)
    if ends == "in flight":
        return ends
    call = wallet.confirm if ends == "consumed" else wallet.refund
    for _ in range(STEPS_MAX):
        if isinstance(await call(debit), Done):
            return ends
    raise AssertionError(f"{debit.id} was never {ends}")


async def moved(stand: Stand, database: Database) -> tuple[int, int]:
    """The points that debits took and that refunds gave back, by the wallet's own book."""
    if isinstance(stand, HttpStand):
        made = [each for each in (await stand.sandbox.transfers()).values() if each["moves"]]
        assert max(each["moves"] for each in made) == 1
        sums = Counter({"debit": 0, "refund": 0})
        for each in made:
            sums[each["kind"]] += each["points"]
        return sums["debit"], sums["refund"]
    return await ledger_moved(database)


async def ledger_moved(database: Database) -> tuple[int, int]:
    total = (
        select(WalletTransfer.kind, func.sum(WalletEntry.points))
        .join(WalletEntry, WalletEntry.transfer_id == WalletTransfer.id)
        .where(WalletEntry.number.is_not(None))
        .group_by(WalletTransfer.kind)
    )
    async with database.reading() as session:
        sums = {kind: int(points) for kind, points in await session.execute(total)}
    return -sums["debit"], sums["refund"]
