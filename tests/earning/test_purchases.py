"""Chances for points, over each of the three wallets: granted, refused, asked about, given back; never half."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from core.db import Database
from earning.purchase_models import ENDS, ChancePurchase, ChancePurchaseNumber, State
from earning.purchase_steps import SENDS_MAX, try_again
from earning.purchases import LEASE, Limit, PurchaseLimit
from prizes.wallet.contract import Refused, Transfer, Unknown, WalletOutcome
from tests.earning.conftest import OpenShop
from tests.earning.shop import PRICE, Shop
from tests.prizes.factories import MEMBER
from tests.prizes.wallets import HttpStand, Stand, a_signed_wallet
from tests.support.arguments import HandClock

DAY = Limit(tally="day", period=20_000, most=7)
NOWHERE = "http://127.0.0.1:9"


async def test_points_become_chances_once_for_a_key(shop: Shop, stand: Stand) -> None:
    await stand.give(120)
    bought = await shop.buy(2, key="one")
    assert (bought.state, bought.points, bought.balance) == ("granted", 2 * PRICE, 20)
    again = await shop.buy(2, key="one")
    assert (again.id, await shop.chances(), await stand.points()) == (bought.id, 2, 20)
    await shop.run(rounds=1)
    ended = await shop.now(bought)
    assert (ended.state, ended.reason, ended.grant_number) == ("done", None, 1)
    assert await shop.broken() == []


async def test_too_few_points_take_nothing_and_count_for_nothing(shop: Shop, stand: Stand, database: Database) -> None:
    await stand.give(PRICE - 1)
    refused = await shop.buy(1, limits=(DAY,))
    assert (refused.state, refused.reason) == ("refused", "insufficient-points")
    assert (await shop.chances(), await stand.points()) == (0, PRICE - 1)
    async with database.reading() as session:
        assert (await session.scalars(select(ChancePurchaseNumber))).all() == []
    await shop.run(rounds=2)
    assert (await shop.now(refused)).state == "refused"
    assert await shop.broken() == []


@pytest.mark.parametrize(
    "mode",
    ["error_before", "error_after_success", "garbage", "timeout_after_success", "lost_before_success", "oversize"],
)
async def test_what_nobody_knows_is_settled_before_anything_is_sent_again(
    open_shop: OpenShop, far: HttpStand, mode: str
) -> None:
    shop = open_shop(far.wallet)
    await far.give(200)
    await far.sandbox.fault(mode, times=1)
    bought = await shop.buy(3)
    assert (bought.state, await shop.chances()) == ("unknown", 0)
    await shop.run(rounds=5)
    ended = await shop.now(bought)
    kept = 3 if far.wallet.traits.can_be_asked else 0
    assert ended.state == ("done" if kept else "refused")
    assert (await shop.chances(), await far.points()) == (kept, 200 - kept * PRICE)
    assert await shop.broken() == []


async def test_what_is_found_out_too_late_is_given_back(open_shop: OpenShop, far: HttpStand) -> None:
    shop = open_shop(far.wallet)
    await far.give(200)
    await far.sandbox.fault("error_after_success", times=1)
    bought = await shop.buy(3)
    shop.clock.set(bought.honour_until)
    await shop.run(rounds=3)
    ended = await shop.now(bought)
    assert (ended.state, ended.reason) == ("refunded", "too-late")
    assert (await shop.chances(), await far.points()) == (0, 200)
    assert await shop.broken() == []


async def test_an_answer_after_the_deadline_is_not_honoured_either(shop: Shop, stand: Stand, clock: HandClock) -> None:
    await stand.give(200)
    late = await shop.buy(1, honour_until=clock.now())
    assert (late.state, late.reason) == ("refunding", "too-late")
    await shop.run(rounds=1)
    assert ((await shop.now(late)).state, await shop.chances(), await stand.points()) == ("refunded", 0, 200)
    assert await shop.broken() == []


async def test_a_wallet_that_is_away_is_tried_again_and_then_given_up(
    open_shop: OpenShop, http: httpx.AsyncClient, clock: HandClock
) -> None:
    shop = open_shop(a_signed_wallet(NOWHERE, http, clock))
    bought = await shop.buy(1, limits=(DAY,))
    assert bought.state == "ready"
    await shop.run(rounds=SENDS_MAX)
    ended = await shop.now(bought)
    assert (ended.state, ended.reason, ended.attempt, ended.debited_at) == ("refused", "wallet-away", SENDS_MAX, None)


async def test_two_workers_take_a_purchase_up_once(open_shop: OpenShop, far: HttpStand) -> None:
    shop, other = open_shop(far.wallet), open_shop(far.wallet)
    await far.give(1000)
    await far.sandbox.fault("error_after_success", times=5)
    for _ in range(5):
        await shop.buy(1)
    shop.clock.advance(minutes=1)
    await asyncio.gather(shop.run(rounds=1, minutes=0), other.run(rounds=1, minutes=0))
    async with shop.database.reading() as session:
        attempts = (await session.scalars(select(ChancePurchase.attempt))).all()
    assert max(attempts) <= 3  # the debit, its settling, and perhaps its confirmation
    await shop.run(rounds=3)
    assert await shop.broken() == []


class Slow:
    """A wallet whose first debit is answered when the test says so."""

    def __init__(self, stand: Stand) -> None:
        self.traits = stand.wallet.traits
        self.query, self.confirm, self.refund = stand.wallet.query, stand.wallet.confirm, stand.wallet.refund
        self.credit = stand.wallet.credit
        self.go_on = asyncio.Event()
        self._wallet = stand.wallet
        self._is_first = True

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        outcome = await self._wallet.debit(transfer)
        if self._is_first:
            self._is_first = False
            await self.go_on.wait()
        return outcome


async def test_an_answer_that_comes_after_another_took_over_is_stale(open_shop: OpenShop, stand: Stand) -> None:
    await stand.give(200)
    wallet = Slow(stand)
    shop = open_shop(wallet)
    asked = asyncio.create_task(shop.buy(1))
    async with asyncio.timeout(10):
        while await stand.points() == 200:  # noqa: ASYNC110 (counted from outside)
            await asyncio.sleep(0.01)
    shop.clock.advance(seconds=LEASE.total_seconds())
    await shop.run(rounds=2)
    wallet.go_on.set()
    bought = await asked
    kept = 1 if wallet.traits.can_be_asked else 0
    assert bought.state == ("done" if kept else "refused")
    assert (await shop.chances(), await stand.points()) == (kept, 200 - kept * PRICE)
    assert await shop.broken() == []


async def test_250_at_once_buy_no_more_than_the_limit(shop: Shop, stand: Stand, database: Database) -> None:
    await stand.give(250 * PRICE)
    asked = (shop.buy(1, limits=(DAY, Limit(tally="all", period=0, most=9))) for _ in range(250))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, ChancePurchase) for each in told) == 7
    refused = [each for each in told if isinstance(each, PurchaseLimit)]
    assert len(refused) == 243
    assert refused[-1].facts == {"period": "day", "left": 0}
    assert (await shop.chances(), await stand.points()) == (7, 243 * PRICE)
    async with database.reading() as session:
        numbers = (await session.execute(select(ChancePurchaseNumber.tally, ChancePurchaseNumber.number))).all()
    assert sorted(numbers) == [(tally, number) for tally in ("all", "day") for number in range(1, 8)]
    assert await shop.broken() == []


async def test_250_times_the_same_key_is_one_purchase(shop: Shop, stand: Stand) -> None:
    await stand.give(250 * PRICE)
    told = await asyncio.gather(*(shop.buy(1, key="same") for _ in range(250)))
    assert len({each.id for each in told}) == 1
    assert (await shop.chances(), await stand.points()) == (1, 249 * PRICE)


async def test_a_purchase_that_came_to_nothing_leaves_its_numbers_to_the_next(shop: Shop, stand: Stand) -> None:
    limit = (Limit(tally="day", period=1, most=3),)
    await stand.give(2 * PRICE)
    assert (await shop.buy(3, limits=limit)).state == "refused"
    assert (await shop.buy(2, limits=limit)).state == "granted"
    with pytest.raises(PurchaseLimit) as refused:
        await shop.buy(2, limits=limit)
    assert refused.value.facts == {"period": "day", "left": 1}
    assert (await shop.buy(3, limits=(Limit(tally="day", period=2, most=3),))).state == "refused"


class Stubborn:
    """The wallet of a stand that takes points and will not give them back."""

    def __init__(self, stand: Stand) -> None:
        self.traits, self.query, self.confirm = stand.wallet.traits, stand.wallet.query, stand.wallet.confirm
        self.debit, self.credit, self._refund = stand.wallet.debit, stand.wallet.credit, stand.wallet.refund
        self.says: WalletOutcome | None = Refused(reason="not-today")

    async def refund(self, debit: Transfer) -> WalletOutcome:
        return self.says or await self._refund(debit)


@pytest.mark.parametrize("says", [Refused(reason="not-today"), Unknown(reason="away")])
async def test_points_that_do_not_come_back_wait_for_people(
    open_shop: OpenShop, stand: Stand, clock: HandClock, says: WalletOutcome
) -> None:
    await stand.give(200)
    wallet = Stubborn(stand)
    wallet.says = says
    shop = open_shop(wallet)
    late = await shop.buy(1, honour_until=clock.now())
    await shop.run(rounds=30, minutes=60)
    stuck = await shop.now(late)
    assert (stuck.state, stuck.reason, stuck.due_at) == ("stuck", says.reason, None)
    assert await shop.broken() == []  # they are in flight, and known to be
    wallet.says = None
    async with shop.database.transaction() as session:
        await try_again(session, await session.get_one(ChancePurchase, late.id), now=clock.now())
    await shop.run(rounds=1)
    assert ((await shop.now(late)).state, await stand.points()) == ("refunded", 200)


async def test_bought_chances_expire_when_they_were_said_to(shop: Shop, stand: Stand, clock: HandClock) -> None:
    await stand.give(200)
    await shop.buy(2, expires_at=clock.now() + timedelta(days=1))
    await shop.buy(1)
    assert await shop.chances() == 3
    clock.advance(days=1)
    assert await shop.chances() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "granted"},
        {"state": "done", "came_from": "granted", "due_at": None},
        {"state": "refunded", "came_from": "done"},
        {"state": "refused", "came_from": "granted", "due_at": None, "grant_number": None},
        {"came_from": "unknown", "grant_number": 5},
        {"points": 1},
    ],
)
async def test_the_table_takes_no_step_that_is_not_legal(
    open_shop: OpenShop, far: HttpStand, changes: dict[str, object]
) -> None:
    shop = open_shop(far.wallet)
    await far.sandbox.fault("error_before")
    bought = await shop.buy(1)
    with pytest.raises(IntegrityError):
        async with shop.database.transaction() as session:
            await session.execute(update(ChancePurchase).where(ChancePurchase.id == bought.id).values(**changes))
    assert (await shop.now(bought)).state == State.UNKNOWN


TAMPERINGS = {
    "a grant without a purchase": "UPDATE chance_purchase SET grant_number = NULL, state = 'stuck', came_from = 'refunding'",
    "a debit that the ledger does not know": "DELETE FROM wallet_entry WHERE number = 2",
    "a refund that nobody asked for": "UPDATE wallet_transfer SET kind = 'credit' WHERE kind = 'debit'",
    "other points than were paid": "UPDATE wallet_entry SET points = -1 WHERE number = 2",
}


@pytest.mark.parametrize("what", TAMPERINGS)
@pytest.mark.parametrize("stand", ["ledger"], indirect=True)
async def test_what_was_tampered_with_is_noticed(shop: Shop, stand: Stand, what: str) -> None:
    await stand.give(200)
    await shop.buy(1)
    await shop.run(rounds=1)
    assert await shop.broken() == []
    async with shop.database.transaction() as session:
        await session.execute(text(TAMPERINGS[what]))
    assert await shop.broken() != []


async def test_other_members_neither_wait_nor_share(shop: Shop, stand: Stand) -> None:
    members = [MEMBER, *(str(uuid4()) for _ in range(4))]
    for member in members:
        await stand.give(500, member=member)
    limit = (Limit(tally="day", period=1, most=2),)
    await asyncio.gather(*(shop.buy(2, member=member, limits=limit) for member in members))
    assert [await shop.chances(member=member) for member in members] == [2] * 5
    await shop.run(rounds=2)
    async with shop.database.reading() as session:
        assert set(await session.scalars(select(ChancePurchase.state))) <= set(ENDS)
