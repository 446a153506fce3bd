"""One top-up per award, whatever the supplier does and whenever a worker dies; against the real sandbox supplier."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from core.db import Database
from prizes import interventions, queries
from prizes.fulfilment.attempts import settle
from prizes.fulfilment.contract import Outcome, Verdict
from prizes.fulfilment.deliveries import Fulfilment
from prizes.fulfilment.router import FULFILLERS
from prizes.invariants import codes_given_once, one_delivery, wallet_balances
from prizes.wallet.records import balance
from tests.prizes.conftest import a_worker
from tests.prizes.factories import MALL, a_claimed_topup, a_product, an_award, run_out, the_award
from tests.prizes.sandbox import Sandbox
from tests.support.arguments import CountingEntropy, CountingIds, HandClock

TRANSIENT = [
    "timeout_after_success",
    "error_after_success",
    "garbage",
    "oversize",
    "other_order",
    "redirect",
    "error_before",
    "rate_limit",
    "duplicate_callback",
    "late_failure",
]


async def history(database: Database, award_id: str) -> list[tuple[str, str | None]]:
    async with database.reading() as session:
        return [(each.act, each.outcome) for each in await queries.history(session, award_id=award_id)]


async def invariants_hold(database: Database, clock: HandClock) -> None:
    async with database.reading() as session:
        for checked, broken in (
            await codes_given_once(session),
            await one_delivery(session, now=clock.now()),
            await wallet_balances(session),
        ):
            assert checked >= 0
            assert broken == []


async def test_a_top_up_is_delivered_in_one_round(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await fulfilment.run_once()
    award = await the_award(database, award_id)
    assert (award.state, award.delivered_at, award.due_at) == ("delivered", clock.now(), None)
    assert await sandbox.top_ups(award_id) == 1
    assert await history(database, award_id) == [("deliver", "delivered")]
    await invariants_hold(database, clock)


@pytest.mark.parametrize("forgets", [False, True], ids=["idempotent supplier", "forgetful supplier"])
@pytest.mark.parametrize("mode", TRANSIENT)
async def test_a_fault_never_tops_up_twice(
    *, fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock, mode: str, forgets: bool
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault(mode, times=1, forgets=forgets)
    await run_out(fulfilment, clock)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1
    await invariants_hold(database, clock)


async def test_an_unknown_outcome_is_asked_about_before_anything_is_sent_again(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault("error_before", times=1)
    await fulfilment.run_once()
    assert (await the_award(database, award_id)).state == "unknown"
    await run_out(fulfilment, clock)
    assert await history(database, award_id) == [("deliver", "unknown"), ("query", "retry"), ("deliver", "delivered")]


async def test_accepted_is_not_delivered(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault("accept", settle_ms=300)
    await fulfilment.run_once()
    award = await the_award(database, award_id)
    assert (award.state, award.delivered_at) == ("sending", None)
    await asyncio.sleep(0.5)
    await run_out(fulfilment, clock, rounds=2)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await history(database, award_id) == [("deliver", "accepted"), ("query", "delivered")]
    assert await sandbox.top_ups(award_id) == 1


@pytest.mark.parametrize("mode", ["refuse", "accept_then_refuse"])
async def test_a_refusal_waits_for_an_operator_who_may_try_again(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock, mode: str
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault(mode, settle_ms=0)
    await fulfilment.run_once()
    await asyncio.sleep(0.1)
    await run_out(fulfilment, clock, rounds=3)
    award = await the_award(database, award_id)
    assert (award.state, award.reason) == ("refused", "number-not-served")
    assert await sandbox.top_ups(award_id) == 0
    await sandbox.fault("none")
    async with database.transaction() as session:
        award = await queries.of_mall(session, mall_id=MALL, award_id=award_id, for_update=True)
        await interventions.retry(session, award=award, now=clock.now())
    await run_out(fulfilment, clock, rounds=2)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1


async def test_after_enough_failures_an_award_is_dead_and_a_retry_asks_first(
    database: Database, sandbox: Sandbox, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient
) -> None:
    worker = a_worker(database, clock, ids, http, sandbox.url, attempts_max=2)
    award_id = await a_claimed_topup(worker)
    await sandbox.fault("error_before")
    await run_out(worker, clock)
    award = await the_award(database, award_id)
    assert (award.state, award.reason, award.due_at) == ("dead", "http-503", None)
    await sandbox.fault("none")
    async with database.transaction() as session:
        award = await queries.of_mall(session, mall_id=MALL, award_id=award_id, for_update=True)
        await interventions.retry(session, award=award, now=clock.now())
    await run_out(worker, clock)
    assert (await history(database, award_id))[-2:] == [("query", "retry"), ("deliver", "delivered")]
    assert await sandbox.top_ups(award_id) == 1


async def test_what_was_delivered_cannot_be_voided(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await fulfilment.run_once()
    async with database.transaction() as session:
        award = await queries.of_mall(session, mall_id=MALL, award_id=award_id, for_update=True)
        with pytest.raises(interventions.AwardNotStuck):
            await interventions.void(session, award=award, reason="a mistake", now=clock.now())
    assert (await the_award(database, award_id)).state == "delivered"


async def test_a_worker_that_dies_before_the_call_loses_nothing(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault("none", forgets=True)
    assert len(await fulfilment._lease(20)) == 1  # committed, and then the process is gone
    await fulfilment.run_once()
    assert await sandbox.orders() == {}, "the lease still holds"
    clock.advance(seconds=61)
    await run_out(fulfilment, clock)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1
    assert await history(database, award_id) == [("deliver", None), ("query", "retry"), ("deliver", "delivered")]


async def test_a_worker_that_dies_after_the_call_sends_nothing_twice(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault("none", forgets=True)
    (leased,) = await fulfilment._lease(20)
    await fulfilment._call(leased)  # topped up, and then the process is gone
    clock.advance(seconds=61)
    await run_out(fulfilment, clock)
    assert (await the_award(database, award_id)).state == "delivered"
    order = (await sandbox.orders())[award_id]
    assert (order["posts"], order["top_ups"]) == (1, 1)


async def test_a_worker_cancelled_in_mid_call_loses_nothing(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    await sandbox.fault("none", delay_ms=400, forgets=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fulfilment.run_once(), 0.2)
    await asyncio.sleep(0.4)
    await sandbox.fault("none", forgets=True)
    clock.advance(seconds=61)
    await run_out(fulfilment, clock)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1


async def test_the_word_of_a_worker_that_came_too_late_is_stale(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    (slow,) = await fulfilment._lease(20)
    clock.advance(seconds=61)
    await run_out(fulfilment, clock)
    async with database.transaction() as session:
        outcome = Outcome(verdict=Verdict.REFUSED, reason="too-late")
        counts = await settle(session, slow, outcome, attempts_max=10, entropy=CountingEntropy(), now=clock.now())
    assert not counts
    assert (await the_award(database, award_id)).state == "delivered"
    assert (await history(database, award_id))[0] == ("deliver", "stale")


async def test_an_award_that_waited_too_long_for_its_turn_is_left_to_the_next_lease(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_id = await a_claimed_topup(fulfilment)
    (leased,) = await fulfilment._lease(20)
    clock.advance(seconds=45)
    await fulfilment._attempt(leased)
    assert await sandbox.orders() == {}, "another worker might get it before this call ends"
    await run_out(fulfilment, clock)
    assert (await the_award(database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1


async def test_several_workers_share_the_awards(
    database: Database, sandbox: Sandbox, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient
) -> None:
    workers = [a_worker(database, clock, ids, http, sandbox.url, answer_seconds_max=20) for _ in range(3)]
    await sandbox.fault("none", forgets=True)
    award_ids = [await a_claimed_topup(workers[0]) for _ in range(25)]
    for _ in range(3):
        await asyncio.gather(*(worker.run_once() for worker in workers))
    orders = await sandbox.orders()
    assert {orders[award_id]["posts"] for award_id in award_ids} == {1}
    assert {(await the_award(database, award_id)).state for award_id in award_ids} == {"delivered"}


async def test_a_supplier_that_keeps_failing_is_left_alone_for_a_while(
    fulfilment: Fulfilment, database: Database, sandbox: Sandbox, clock: HandClock
) -> None:
    award_ids = [await a_claimed_topup(fulfilment) for _ in range(8)]
    await sandbox.fault("error_before")
    await fulfilment.run_once()
    failures = {(await the_award(database, each)).failures for each in award_ids}
    assert failures == {1}
    clock.advance(seconds=2)
    assert (await fulfilment.run_once()).moved == 0, "the breaker is open"
    await sandbox.fault("none")
    clock.advance(seconds=30)
    assert (await fulfilment.run_once()).moved == 1, "one call to see"
    await run_out(fulfilment, clock)
    assert {(await the_award(database, each)).state for each in award_ids} == {"delivered"}


async def test_without_a_supplier_an_award_waits_and_says_why(
    database: Database, sandbox: Sandbox, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient
) -> None:
    worker = a_worker(database, clock, ids, http, None)
    award_id = await a_claimed_topup(worker)
    await run_out(worker, clock, rounds=15)
    award = await the_award(database, award_id)
    assert (award.state, award.reason, award.failures) == ("retry", "supplier-not-configured", 0)
    await run_out(a_worker(database, clock, ids, http, sandbox.url), clock, rounds=2)
    assert (await the_award(database, award_id)).state == "delivered"


async def test_an_unreachable_supplier_was_certainly_not_reached(
    database: Database, clock: HandClock, ids: CountingIds, http: httpx.AsyncClient
) -> None:
    worker = a_worker(database, clock, ids, http, "http://127.0.0.1:9")
    award_id = await a_claimed_topup(worker)
    await worker.run_once()
    assert (await the_award(database, award_id)).state == "retry"
    assert await history(database, award_id) == [("deliver", "retry")]


async def test_points_and_links_arrive_by_themselves(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    points = await an_award(database, await a_product(database, "points"))
    link = await an_award(database, await a_product(database, "link"))
    await run_out(fulfilment, clock, rounds=2)
    async with database.reading() as session:
        for award_id, shown in (
            (points, {"kind": "points", "points": 66, "balance": 66}),
            (link, {"kind": "link", "url": "https://clinic.example/book"}),
        ):
            award = await queries.of_mall(session, mall_id=MALL, award_id=award_id)
            assert award.state == "delivered"
            assert await FULFILLERS[award.type].show(session, award, fulfilment.means) == shown


async def test_points_are_credited_once_even_when_a_worker_dies_after_crediting(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    award_id = await an_award(database, await a_product(database, "points"))
    await fulfilment._route_wins()
    (leased,) = await fulfilment._lease(20)
    await fulfilment._call(leased)
    clock.advance(seconds=61)
    await run_out(fulfilment, clock, rounds=2)
    award = await the_award(database, award_id)
    assert award.state == "delivered"
    async with database.reading() as session:
        assert await balance(session, mall_id=MALL, member_id=award.member_id, now=clock.now()) == 66
    await invariants_hold(database, clock)
