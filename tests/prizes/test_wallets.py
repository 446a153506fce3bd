"""The conformance suite: what every wallet promises, asked of all three; the mall's own over a real network."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from core.db import Database
from prizes.wallet.contract import (
    CLOSED,
    ID_REUSED,
    INSUFFICIENT,
    NO_SUCH_DEBIT,
    UNKNOWN_MEMBER,
    Done,
    NeverSent,
    Refused,
    Unknown,
    Wallet,
    WalletOutcome,
    refund_id,
    wait_before,
)
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.settling import UNDONE, settle_credit, settle_debit
from tests.prizes.sandbox import SandboxWallet
from tests.prizes.wallets import (
    NOBODY,
    STRANGER,
    HttpStand,
    LedgerStand,
    Stand,
    a_duiba_wallet,
    a_signed_wallet,
    a_transfer,
)
from tests.support.arguments import CountingIds, HandClock
from tests.support.ports import free_port

many_at_once = pytest.mark.parametrize("answer_seconds_max", [20], ids=[""])
"""Twelve calls at once on a busy machine take longer than one, and none of them hangs."""
AFTER_SUCCESS = ("timeout_after_success", "error_after_success", "garbage", "oversize", "redirect")
BEFORE_SUCCESS = ("lost_before_success", "error_before")


def asked(wallet: Wallet, answer: WalletOutcome) -> WalletOutcome:
    """What a query tells: the answer, or that this wallet cannot be asked."""
    return answer if wallet.traits.can_be_asked else Unknown(reason="cannot-be-asked")


async def kind_of_query(wallet: Wallet, transfer_id: str) -> type[WalletOutcome]:
    return type(await wallet.query(transfer_id))


async def test_a_debit_takes_points_and_is_told_of(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    outcome = await stand.wallet.debit(debit)
    assert isinstance(outcome, Done)
    assert (outcome.balance, outcome.again) == (70, False)
    assert outcome.reference
    assert await stand.points() == 70
    told = await stand.wallet.query(debit.id)
    assert isinstance(told, Done if stand.wallet.traits.can_be_asked else Unknown)


async def test_points_that_are_not_there_are_not_taken(stand: Stand) -> None:
    await stand.give(29)
    debit = a_transfer(30)
    assert await stand.wallet.debit(debit) == Refused(reason=INSUFFICIENT)
    assert await stand.wallet.debit(a_transfer(1, member_id=STRANGER)) == Refused(reason=INSUFFICIENT)
    assert await stand.points() == 29
    assert await kind_of_query(stand.wallet, debit.id) is not Done


async def test_the_last_point_can_be_spent(stand: Stand) -> None:
    await stand.give(30)
    outcome = await stand.wallet.debit(a_transfer(30))
    assert isinstance(outcome, Done)
    assert outcome.balance == await stand.points() == 0


async def test_the_same_debit_again_changes_nothing_and_says_so(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    first, second = await stand.wallet.debit(debit), await stand.wallet.debit(debit)
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert second.reference == first.reference
    assert second.again is stand.wallet.traits.can_be_asked  # the dialect has no word for it
    assert await stand.points() == 70


async def test_an_id_that_was_used_for_something_else_moves_nothing(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    await stand.wallet.debit(debit)
    for other in (a_transfer(31, id=debit.id), a_transfer(30, id=debit.id, member_id=STRANGER)):
        assert not isinstance(await stand.wallet.debit(other), Done)
    assert not isinstance(await stand.wallet.credit(debit), Done)
    assert (await stand.points(), await stand.points(member=STRANGER)) == (70, 0)


@many_at_once
async def test_debits_at_once_never_take_more_than_there_is(stand: Stand) -> None:
    await stand.give(100)
    outcomes = await asyncio.gather(*(stand.wallet.debit(a_transfer(30)) for _ in range(12)))
    assert Counter(type(each) for each in outcomes) == {Done: 3, Refused: 9}
    assert await stand.points() == 10


@many_at_once
async def test_one_debit_sent_at_once_from_many_sides_is_taken_once(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    outcomes = await asyncio.gather(*(stand.wallet.debit(debit) for _ in range(12)))
    assert {type(each) for each in outcomes} == {Done}
    assert await stand.points() == 70


@many_at_once
async def test_a_refund_gives_back_the_whole_debit_once(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    await stand.wallet.debit(debit)
    first = await stand.wallet.refund(debit)
    assert isinstance(first, Done)
    assert await stand.points() == 100
    again = await asyncio.gather(*(stand.wallet.refund(debit) for _ in range(8)))
    assert {type(each) for each in again} == {Done}
    assert await stand.points() == 100
    assert await kind_of_query(stand.wallet, refund_id(debit.id)) is (
        Done if stand.wallet.traits.can_be_asked else Unknown
    )


async def test_a_refund_of_a_debit_that_never_came_closes_it(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    refund = await stand.wallet.refund(debit)
    assert refund == Refused(reason=NO_SUCH_DEBIT) or not stand.wallet.traits.can_be_asked
    assert isinstance(await stand.wallet.debit(debit), Refused)
    assert isinstance(await stand.wallet.refund(debit), Done | Refused)
    assert await stand.points() == 100
    assert await stand.wallet.query(debit.id) == asked(stand.wallet, Refused(reason=CLOSED))


@many_at_once
async def test_a_debit_and_its_refund_at_once_leave_the_points_where_they_were(stand: Stand) -> None:
    await stand.give(300)
    debits = [a_transfer(10) for _ in range(10)]
    await asyncio.gather(*(call(each) for each in debits for call in (stand.wallet.debit, stand.wallet.refund)))
    assert await stand.points() == 300


async def test_what_was_confirmed_stays_taken(stand: Stand) -> None:
    await stand.give(100)
    debit = a_transfer(30)
    await stand.wallet.debit(debit)
    assert {type(await stand.wallet.confirm(debit)) for _ in range(2)} == {Done}
    assert await stand.points() == 70


@many_at_once
async def test_a_credit_gives_points_once_however_often_it_is_sent(stand: Stand) -> None:
    credit = a_transfer(66, cause="award")
    outcomes = await asyncio.gather(*(stand.wallet.credit(credit) for _ in range(8)))
    assert {type(each) for each in outcomes} == {Done}
    assert isinstance(await settle_credit(stand.wallet, credit), Done)
    assert await stand.points() == 66


async def test_what_was_never_sent_is_not_known(stand: Stand) -> None:
    assert await kind_of_query(stand.wallet, a_transfer().id) is (
        NeverSent if stand.wallet.traits.can_be_asked else Unknown
    )


async def test_a_settled_debit_is_taken_or_will_never_be(stand: Stand) -> None:
    await stand.give(100)
    sent, lost = a_transfer(30), a_transfer(20)
    await stand.wallet.debit(sent)
    outcomes = [await settle_debit(stand.wallet, each) for each in (sent, lost)]
    if stand.wallet.traits.can_be_asked:
        assert [type(each) for each in outcomes] == [Done, Done]
        assert await stand.points() == 50
    else:
        assert outcomes == [Refused(reason=UNDONE)] * 2
        assert await stand.points() == 100


async def test_tries_of_a_notice_are_bounded(stand: Stand) -> None:
    waits = [wait_before(stand.wallet, tries=tries) for tries in range(1, 20)]
    assert waits[0] is not None
    assert waits[-1] is None
    assert [wait for wait in waits if wait] == list(stand.wallet.traits.waits)


@pytest.mark.parametrize("mode", AFTER_SUCCESS)
async def test_an_answer_that_says_nothing_leaves_a_debit_unknown_and_it_is_settled(far: HttpStand, mode: str) -> None:
    await far.give(100)
    debit = a_transfer(30)
    await far.sandbox.fault(mode, times=1)
    assert isinstance(await far.wallet.debit(debit), Unknown)
    assert await far.points() == 70
    settled = await settle_debit(far.wallet, debit)
    assert isinstance(settled, Done if far.wallet.traits.can_be_asked else Refused)
    assert await far.points() == (70 if isinstance(settled, Done) else 100)
    assert max(each["moves"] for each in (await far.sandbox.transfers()).values()) == 1


@pytest.mark.parametrize("mode", BEFORE_SUCCESS)
async def test_a_call_that_was_lost_leaves_a_debit_unknown_and_it_is_settled(far: HttpStand, mode: str) -> None:
    await far.give(100)
    debit = a_transfer(30)
    await far.sandbox.fault(mode, times=1)
    assert isinstance(await far.wallet.debit(debit), Unknown)
    assert await far.points() == 100
    settled = await settle_debit(far.wallet, debit)
    assert isinstance(settled, Done if far.wallet.traits.can_be_asked else Refused)
    assert await far.points() == (70 if isinstance(settled, Done) else 100)


@pytest.mark.parametrize("mode", [*AFTER_SUCCESS, *BEFORE_SUCCESS])
async def test_a_refund_of_unknown_outcome_is_sent_again_until_it_is_done(far: HttpStand, mode: str) -> None:
    await far.give(100)
    debit = a_transfer(30)
    await far.wallet.debit(debit)
    await far.sandbox.fault(mode, times=1)
    assert isinstance(await far.wallet.refund(debit), Unknown)
    assert isinstance(await far.wallet.refund(debit), Done)
    assert await far.points() == 100


@pytest.mark.parametrize("mode", [*AFTER_SUCCESS, *BEFORE_SUCCESS])
async def test_a_credit_of_unknown_outcome_is_settled_by_one_step(far: HttpStand, mode: str) -> None:
    credit = a_transfer(66)
    await far.sandbox.fault(mode, times=1)
    assert isinstance(await far.wallet.credit(credit), Unknown)
    assert isinstance(await settle_credit(far.wallet, credit), Done)
    assert await far.points() == 66


async def test_a_wallet_that_refuses_takes_nothing(far: HttpStand) -> None:
    await far.give(100)
    debit = a_transfer(30)
    await far.sandbox.fault("refuse", times=1)
    assert isinstance(await far.wallet.debit(debit), Refused)
    assert isinstance(await far.wallet.debit(debit), Refused)
    assert await far.points() == 100
    assert await kind_of_query(far.wallet, debit.id) is (Refused if far.wallet.traits.can_be_asked else Unknown)


async def test_a_wallet_with_no_time_was_sent_nothing(far: HttpStand) -> None:
    """Of the dialect's malls nobody knows what a 429 means."""
    await far.give(100)
    debit = a_transfer(30)
    await far.sandbox.fault("rate_limit", times=1)
    outcome = await far.wallet.debit(debit)
    assert isinstance(outcome, NeverSent if far.wallet.traits.can_be_asked else Unknown)
    assert await far.points() == 100


async def test_a_wallet_that_is_not_there_was_sent_nothing(http: httpx.AsyncClient, clock: HandClock) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for wallet in (a_signed_wallet(nowhere, http, clock), a_duiba_wallet(nowhere, http, clock)):
        for call in (wallet.debit, wallet.refund, wallet.credit):
            assert isinstance(await call(a_transfer()), NeverSent)
        assert isinstance(await wallet.query(a_transfer().id), Unknown)


async def test_a_ledger_whose_database_is_away_says_that_it_does_not_know(clock: HandClock, tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'without-tables.db'}")
    wallet = LedgerWallet(database=database, clock=clock, ids=CountingIds())
    for call in (wallet.debit, wallet.refund, wallet.credit):
        assert isinstance(await call(a_transfer()), Unknown)
    assert isinstance(await wallet.query(a_transfer().id), Unknown)
    await database.close()


async def test_nothing_is_sent_for_a_member_the_mall_does_not_know(far: HttpStand) -> None:
    for call in (far.wallet.debit, far.wallet.refund, far.wallet.credit):
        assert await call(a_transfer(member_id=NOBODY)) == Refused(reason=UNKNOWN_MEMBER)
    assert await far.sandbox.transfers() == {}


async def test_an_answer_about_another_transfer_proves_nothing(
    sandbox_wallet: SandboxWallet, http: httpx.AsyncClient, clock: HandClock
) -> None:
    stand = HttpStand(a_signed_wallet(sandbox_wallet.url, http, clock), sandbox_wallet)
    await stand.give(100)
    debit = a_transfer(30)
    await sandbox_wallet.fault("other_transfer", times=1)
    assert await stand.wallet.debit(debit) == Unknown(reason="answer-to-another-transfer")
    assert isinstance(await settle_debit(stand.wallet, debit), Done)


async def test_a_wrong_secret_moves_nothing(
    sandbox_wallet: SandboxWallet, http: httpx.AsyncClient, clock: HandClock
) -> None:
    stand = HttpStand(a_signed_wallet(sandbox_wallet.url, http, clock, secret="another"), sandbox_wallet)
    await stand.give(100)
    assert await stand.wallet.debit(a_transfer()) == NeverSent(reason="http-401")
    dialect = a_duiba_wallet(sandbox_wallet.url, http, clock, app_secret="another")
    assert isinstance(await dialect.debit(a_transfer()), Refused)
    assert await stand.points() == 100


async def test_an_id_reused_in_the_ledger_is_named(database: Database, clock: HandClock, ids: CountingIds) -> None:
    stand = LedgerStand(database, clock, ids)
    await stand.give(100)
    debit = a_transfer(30)
    await stand.wallet.debit(debit)
    assert await stand.wallet.debit(a_transfer(31, id=debit.id)) == Refused(reason=ID_REUSED)
    assert await stand.wallet.refund(a_transfer(31, id=debit.id)) == Refused(reason=ID_REUSED)
