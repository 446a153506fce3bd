"""Code pools: one code to one award for ever, sealed at rest, and an empty pool that is seen."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.db import Database
from core.errors import InvalidField
from prizes import codes
from prizes.fulfilment.deliveries import Fulfilment
from prizes.invariants import codes_given_once
from prizes.models import PoolCode, Product
from prizes.sheets import Report
from tests.prizes.conftest import a_worker
from tests.prizes.factories import MALL, a_product, an_award, run_out, the_award
from tests.support.arguments import NOON, CountingIds, HandClock


async def upload(fulfilment: Fulfilment, product: Product, text: str) -> Report:
    async with fulfilment.means.database.transaction() as session:
        return await codes.upload(
            session, product=product, raw=text.encode(), vault=fulfilment.vault, now=fulfilment.means.clock.now()
        )


async def code_of(fulfilment: Fulfilment, award_id: str) -> str | None:
    async with fulfilment.means.database.reading() as session:
        return await codes.read(session, award_id=award_id, vault=fulfilment.vault)


async def test_an_upload_reports_every_duplicate(fulfilment: Fulfilment, database: Database) -> None:
    product = await a_product(database, "coupon_code")
    first = await upload(fulfilment, product, "code\nAAA\nBBB\n\nAAA\n" + "x" * 201 + "\nB\x07B\n")
    assert first.new == ["2", "3"]
    assert [(fault.row, fault.reason) for fault in first.refused] == [
        (5, "the same as line 2"),
        (6, "longer than 200 characters"),
        (7, "holds characters that cannot be printed"),
    ]
    second = await upload(fulfilment, product, "\ufeffBBB\nCCC")
    assert second.new == ["2"]
    assert [(fault.row, fault.reason) for fault in second.refused] == [(1, "already in the pool")]


async def test_an_upload_without_codes_is_refused(fulfilment: Fulfilment, database: Database) -> None:
    product = await a_product(database, "coupon_code")
    with pytest.raises(InvalidField):
        await upload(fulfilment, product, "code\n\n")


async def test_only_coupon_products_have_a_pool(fulfilment: Fulfilment, database: Database) -> None:
    with pytest.raises(codes.NoCodePool):
        await upload(fulfilment, await a_product(database, "points"), "AAA")


async def test_codes_are_given_in_the_order_they_came_and_rest_sealed(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    product = await a_product(database, "coupon_code")
    await upload(fulfilment, product, "FIRST\nSECOND")
    awards = [await an_award(database, product) for _ in range(2)]
    await run_out(fulfilment, clock, rounds=2)
    assert {await code_of(fulfilment, award_id) for award_id in awards} == {"FIRST", "SECOND"}
    async with database.reading() as session:
        sealed = (await session.scalars(select(PoolCode.sealed))).all()
        assert len(sealed) == 2
        assert not any(b"FIRST" in each or b"SECOND" in each for each in sealed)
        assert await codes_given_once(session) == (2, [])


async def test_fifty_race_for_the_last_code_and_one_gets_it(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    product = await a_product(database, "coupon_code")
    await upload(fulfilment, product, "THE-LAST")
    awards = [await an_award(database, product) for _ in range(50)]

    async def take(award_id: str) -> int | None:
        async with database.transaction() as session:
            return await codes.give(session, award_id=award_id, product_id=product.id, now=clock.now())

    taken = await asyncio.gather(*(take(award_id) for award_id in awards))
    assert sorted(each is not None for each in taken) == [False] * 49 + [True]


async def test_three_workers_give_every_code_once(
    database: Database, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient
) -> None:
    workers = [a_worker(database, clock, ids, http, None) for _ in range(3)]
    product = await a_product(database, "coupon_code")
    await upload(workers[0], product, "\n".join(f"CODE-{number}" for number in range(20)))
    awards = [await an_award(database, product) for _ in range(30)]
    for _ in range(3):
        await asyncio.gather(*(worker.run_once() for worker in workers))
    held = [await code_of(workers[0], award_id) for award_id in awards]
    given = [code for code in held if code is not None]
    assert len(given) == len(set(given)) == 20
    states = [(await the_award(database, award_id)).state for award_id in awards]
    assert (states.count("delivered"), states.count("retry")) == (20, 10)


async def test_an_empty_pool_keeps_the_award_waiting_until_codes_come(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    product = await a_product(database, "coupon_code")
    award_id = await an_award(database, product)
    await run_out(fulfilment, clock, rounds=15)
    award = await the_award(database, award_id)
    assert (award.state, award.reason, award.failures) == ("retry", "code-pool-empty", 0)
    async with database.reading() as session:
        assert await codes.levels(session, mall_id=MALL, free_below=10) == [
            codes.PoolLevel(sku="COUPON-5", free=0, given=0, waiting=1)
        ]
    await fulfilment.run_once()
    await upload(fulfilment, product, "AT-LAST")
    await fulfilment.run_once()
    assert (await the_award(database, award_id)).state == "delivered"
    assert await code_of(fulfilment, award_id) == "AT-LAST"
    async with database.reading() as session:
        assert await codes.levels(session, mall_id=MALL, free_below=10) == [
            codes.PoolLevel(sku="COUPON-5", free=0, given=1, waiting=0)
        ]


async def test_the_database_itself_refuses_two_codes_for_one_award(fulfilment: Fulfilment, database: Database) -> None:
    product = await a_product(database, "coupon_code")
    await upload(fulfilment, product, "ONE\nTWO")
    award_id = await an_award(database, product)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(PoolCode).values(award_id=award_id))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(PoolCode).where(PoolCode.id == 1).values(award_id=str(UUID(int=9))))


async def test_the_invariant_sees_a_code_that_went_to_another_product(
    fulfilment: Fulfilment, database: Database
) -> None:
    product = await a_product(database, "coupon_code")
    await upload(fulfilment, product, "ONE")
    other = await an_award(database, await a_product(database, "points"))
    async with database.transaction() as session:
        await session.execute(update(PoolCode).values(award_id=other, given_at=NOON))
    async with database.reading() as session:
        checked, broken = await codes_given_once(session)
    assert (checked, len(broken)) == (1, 1)
