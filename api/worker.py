"""The worker: steps that are run again and again, each for itself, until somebody says stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

import structlog
from sqlalchemy import select

from api.auth.sessions import PURGE_ROWS_MAX, purge_expired
from api.house import House, open_house
from api.settings import Settings
from api.watching import Watch
from campaigns.models import Campaign, State
from core.clock import to_ms
from core.errors import Refusal
from prizes.wallet.ledger import LedgerWallet

YOUNG_MS = 1000  # a play that is younger is most likely being committed by the process that made it
BACKOFF_SECONDS_MAX = 30.0
BACKOFF_SECONDS_FIRST = 0.2
IDLE_GROWTH = 1.5
STOP_SECONDS_MAX = 20
ROUNDS_MAX = 20
TENDED_AFTER_END = timedelta(days=1)

log = structlog.get_logger()


class Found(IntEnum):
    """What a round of work came upon: nothing, some, or more than one round does."""

    NOTHING = 0
    SOME = 1
    MORE = 2


class Step(NamedTuple):
    """One kind of work. `run` does a bounded piece; if it left nothing, it rests `rest_seconds`.

    Resting though there was work makes pieces of a good size: what comes meanwhile is done together. Rounds that find
    nothing come ever less often, until they are `idle_seconds` apart.
    """

    name: str
    run: Callable[[], Awaitable[Found]]
    rest_seconds: float
    idle_seconds: float = 0.0


def steps_of(house: House) -> Sequence[Step]:
    """Everything the worker does for this house."""

    watch = Watch(house)

    async def forget_the_expired() -> Found:
        async with house.database.transaction() as session:
            return _left(has_more=await purge_expired(session, house.clock.now()) >= PURGE_ROWS_MAX)

    async def deliver() -> Found:
        moved, has_more = await house.fulfilment.run_once()
        return Found.SOME if moved and not has_more else _left(has_more=has_more)

    async def carry_on_purchases() -> Found:
        return _left(has_more=await house.purchasing.run_once())

    async def invite() -> Found:
        return _left(has_more=await house.inviting.run_once())

    async def end_rounds() -> Found:
        return _left(has_more=await house.campaigns.rounds.end_due(limit=ROUNDS_MAX) >= ROUNDS_MAX)

    async def expire_points() -> Found:
        return _left(has_more=isinstance(house.wallet, LedgerWallet) and await house.wallet.expire_due())

    async def check_invariants() -> Found:
        return _left(has_more=await watch.round())

    # Members wait for deliveries and purchases: they begin within a second, however long nothing came. What is in the
    # stream is the ledger's within five (I10), most of which is the age at which the worker looks at it.
    return [
        Step("campaigns", lambda: tend_campaigns(house), 0.5, idle_seconds=2),
        Step("raffles", lambda: tend_raffles(house), 2, idle_seconds=5),
        Step("deliveries", deliver, 0.25, idle_seconds=0.75),
        Step("purchases", carry_on_purchases, 1),
        Step("invitations", invite, 1, idle_seconds=2),
        Step("rounds", end_rounds, 1, idle_seconds=3),
        Step("points", expire_points, 60),
        Step("invariants", check_invariants, 60),
        Step("expired", forget_the_expired, 60),
    ]


def _left(*, has_more: bool) -> Found:
    return Found.MORE if has_more else Found.NOTHING


async def tend_campaigns(house: House) -> Found:
    """One round over every campaign that may have plays in flight; one that fails does not hold back the others."""
    found = Found.NOTHING
    async with house.database.reading() as session:
        lately = house.clock.now() - TENDED_AFTER_END
        due = await session.scalars(
            select(Campaign.id).where(Campaign.state != State.DRAFT, Campaign.ends_at > lately).order_by(Campaign.id)
        )
    for campaign in due:
        try:
            if await house.campaigns.mending.tend(campaign, up_to_ms=to_ms(house.clock.now()) - YOUNG_MS):
                found = Found.SOME
        except Refusal as refusal:
            log.warning("campaign not tended", campaign=campaign, refusal=str(refusal))
            found = Found.SOME
    return found


async def tend_raffles(house: House) -> Found:
    """One step of every raffle whose campaign is over; one that fails does not hold back the others."""
    has_more = False
    for campaign in await house.campaigns.raffles.due():
        try:
            has_more = await house.campaigns.raffles.tend(campaign) or has_more
        except Refusal as refusal:
            log.warning("raffle not tended", campaign=campaign, refusal=str(refusal))
    return _left(has_more=has_more)


async def work(steps: Sequence[Step], stop: asyncio.Event) -> None:
    """Run every step until `stop`; a step that fails is logged and tried again, ever more slowly, for ever."""
    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(_repeat(step, stop))


async def run_worker(settings: Settings) -> None:
    """The worker process: works until SIGTERM or SIGINT, then finishes what it holds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_house(settings) as house:
        log.info("worker ready")
        working = asyncio.create_task(work(steps_of(house), stop))
        await asyncio.wait([working, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        async with asyncio.timeout(STOP_SECONDS_MAX):
            await working


async def _repeat(step: Step, stop: asyncio.Event) -> None:
    failures, rest_seconds = 0, step.rest_seconds
    while not stop.is_set():
        try:
            found = await step.run()
        except Exception:
            failures += 1
            log.exception("step failed", step=step.name, failures=failures)
            await _rest(stop, min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2 ** min(failures, 16)))
            continue
        failures = 0
        idle_seconds = min(rest_seconds * IDLE_GROWTH, max(step.idle_seconds, step.rest_seconds))
        rest_seconds = step.rest_seconds if found else idle_seconds
        if found is not Found.MORE:
            await _rest(stop, rest_seconds)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
