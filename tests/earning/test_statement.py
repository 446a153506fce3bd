"""The daily statement: what we say we moved against what the wallet says, in both directions."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from earning.statement import match_day
from prizes.wallet.contract import Transfer, refund_id
from tests.earning.conftest import OpenShop
from tests.earning.shop import PRICE, Shop
from tests.prizes.factories import MALL, MEMBER
from tests.prizes.wallets import HttpStand, Stand
from tests.support.arguments import NOON, HandClock

ledger_only = pytest.mark.parametrize("stand", ["ledger"], indirect=True)


async def test_a_day_of_all_kinds_agrees(shop: Shop, stand: Stand, clock: HandClock) -> None:
    await stand.give(3 * PRICE)
    await shop.buy(1)
    await shop.buy(9)
    await shop.buy(1, honour_until=clock.now())
    await shop.run(rounds=2)
    statement = await match_day(shop.database, stand.wallet, day=NOON.date())
    asked = stand.wallet.traits.can_be_asked
    assert statement.agrees
    assert (statement.checked, statement.unasked, statement.in_flight) == ((4, 0, 0) if asked else (0, 4, 0))
    for other in (NOON - timedelta(days=1), NOON + timedelta(days=1)):
        assert (await match_day(shop.database, stand.wallet, day=other.date())).checked == 0
    assert (await match_day(shop.database, stand.wallet, day=NOON.date(), mall=str(uuid4()))).checked == 0


async def test_what_is_in_flight_is_counted_and_not_doubted(open_shop: OpenShop, far: HttpStand) -> None:
    shop = open_shop(far.wallet)
    await far.give(200)
    await far.sandbox.fault("error_after_success")
    await shop.buy(1)
    statement = await match_day(shop.database, far.wallet, day=NOON.date())
    assert (statement.agrees, statement.in_flight, statement.checked) == (True, 1, 0)


@pytest.mark.parametrize("far", ["signed"], indirect=True)
async def test_a_wallet_that_tells_otherwise_is_named(open_shop: OpenShop, far: HttpStand) -> None:
    shop = open_shop(far.wallet)
    await far.give(200)
    bought = await shop.buy(1)
    await far.sandbox.reset()
    statement = await match_day(shop.database, far.wallet, day=NOON.date())
    (difference,) = statement.differences
    assert (difference.transfer, difference.ours, difference.theirs) == (bought.id, "done", "not-done")


@ledger_only
@pytest.mark.parametrize(
    ("sql", "ours", "theirs"),
    [
        ("UPDATE wallet_entry SET points = -49, balance = 151 WHERE number = 2", "done: 50 points", "done: 49 points"),
        ("DELETE FROM wallet_entry WHERE number = 2", "done: 50 points", "not-done"),
    ],
)
async def test_entries_that_were_tampered_with_are_named(
    shop: Shop, stand: Stand, sql: str, ours: str, theirs: str
) -> None:
    await stand.give(200)
    await shop.buy(1)
    async with shop.database.transaction() as session:
        await session.execute(text(sql))
    (difference,) = (await match_day(shop.database, stand.wallet, day=NOON.date())).differences
    assert (difference.ours, difference.theirs) == (ours, theirs)


@ledger_only
async def test_a_debit_that_nobody_asked_for_is_named(shop: Shop, stand: Stand) -> None:
    await stand.give(200)
    stray = Transfer(id=str(uuid4()), mall_id=MALL, member_id=MEMBER, points=7, cause="chances")
    await stand.wallet.debit(stray)
    (difference,) = (await match_day(shop.database, stand.wallet, day=NOON.date())).differences
    assert (difference.transfer, difference.ours, difference.theirs) == (stray.id, "not known", "done: 7 points")


@ledger_only
async def test_a_refund_that_did_not_happen_is_named(shop: Shop, stand: Stand, clock: HandClock) -> None:
    await stand.give(200)
    late = await shop.buy(1, honour_until=clock.now())
    await shop.run(rounds=1)
    async with shop.database.transaction() as session:
        await session.execute(text("DELETE FROM wallet_entry WHERE number = 3"))
    (difference,) = (await match_day(shop.database, stand.wallet, day=NOON.date())).differences
    assert (difference.transfer, difference.kind, difference.theirs) == (refund_id(late.id), "refund", "not-done")
