"""The delivery worker's step: wins are routed and uncovered, claims lapse, due awards are leased, called and settled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, NamedTuple

import httpx
import structlog
from sqlalchemy import select

from core.clock import Clock
from core.db import Database
from core.ids import Entropy, Ids
from prizes import outbox
from prizes.awards import AWARD_WON, CLAIM_NEEDED
from prizes.claims import lapse_due
from prizes.covers import due_to_be_uncovered, uncover_due
from prizes.fulfilment.attempts import QUERY, Leased, is_due, lease, settle
from prizes.fulfilment.breaker import Breaker
from prizes.fulfilment.contract import Means, Order, Outcome, Supplier, Verdict
from prizes.fulfilment.phone_topup import SUPPLIER as TOPUP
from prizes.fulfilment.router import FULFILLERS, route_all
from prizes.fulfilment.suppliers.http import HttpSupplier
from prizes.models import Award
from prizes.personal import unmask
from prizes.vault import Vault
from prizes.wallet.contract import Wallet
from prizes.wallet.ledger import LedgerWallet

log = structlog.get_logger()

BATCH: Final = 8
CALLS_AT_ONCE_MAX: Final = 8
ROUTE_BATCH: Final = 500
CALL_MAX: Final = timedelta(seconds=30)
"""The longest a call may take, its timeouts notwithstanding; well under a lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentSettings:
    """`topup_secret` signs our calls to the phone credit supplier and its callbacks to us."""

    kek: bytes = field(repr=False)
    topup_url: str | None = None
    topup_secret: str | None = field(default=None, repr=False)
    answer_seconds_max: float = 10.0
    attempts_max: int = 10


class Round(NamedTuple):
    """How many awards a round moved or tried to move, and whether it left some for the next at once."""

    moved: int
    has_more: bool


class Fulfilment:
    """Holds the room's means and runs its worker step. Any number of processes may run it at once."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        entropy: Entropy,
        settings: FulfilmentSettings,
        http: httpx.AsyncClient,
        wallet: Wallet | None = None,
    ) -> None:
        self.settings = settings
        self.vault = Vault(kek=settings.kek, entropy=entropy)
        self.means = Means(
            database=database,
            clock=clock,
            vault=self.vault,
            wallet=wallet or LedgerWallet(database=database, clock=clock, ids=ids),
            suppliers=_suppliers(settings, http=http, clock=clock),
        )
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        self._breakers = {name: Breaker() for name in self.means.suppliers}

    async def run_once(self, *, limit: int = BATCH) -> Round:
        """One bounded round: wins are routed, those that waited long enough uncovered, claims lapse, due awards are attempted."""
        has_wins, has_covered, has_late, has_due = await self._look()
        routed, made_due = await self._route_wins() if has_wins else (0, 0)
        uncovered = await self._uncover(limit) if has_covered else 0
        lapsed = await self._lapse(limit) if has_late else 0
        leased = await self._lease(limit) if has_due or made_due or uncovered else []
        await self._attempt_all(leased)
        has_more = routed >= ROUTE_BATCH or max(uncovered, lapsed, len(leased)) >= limit
        return Round(moved=routed + uncovered + lapsed + len(leased), has_more=has_more)

    async def _look(self) -> Sequence[bool]:
        """Whether there are wins to route, claims past their deadline, awards due: with nothing to do, nothing is locked."""
        now = self._clock.now()
        late = select(Award.id).where(Award.state == CLAIM_NEEDED, Award.due_at <= now)
        due = select(Award.id).where(is_due(now))
        wins, covered = outbox.pending_rows(topic=AWARD_WON), due_to_be_uncovered(now)
        asked = select(*(each.exists() for each in (wins, covered, late, due)))
        async with self._database.reading() as session:
            return (await session.execute(asked)).one()

    async def _route_wins(self) -> tuple[int, int]:
        """How many wins were routed, and how many of them are due at once."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            rows = await outbox.take(session, topic=AWARD_WON, limit=ROUTE_BATCH)
            made_due = await route_all(session, list(rows.values()), now=now)
            await outbox.done(session, rows, now=now)
        return len(rows), made_due

    async def _uncover(self, limit: int) -> int:
        async with self._database.transaction() as session:
            return await uncover_due(session, limit=limit, now=self._clock.now())

    async def _lapse(self, limit: int) -> int:
        async with self._database.transaction() as session:
            return await lapse_due(session, limit=limit, now=self._clock.now())

    async def _lease(self, limit: int) -> Sequence[Leased]:
        """At most `limit` awards of every type whose supplier is not resting."""
        now = self._clock.now()
        leased: list[Leased] = []
        async with self._database.transaction() as session:
            for product_type, fulfiller in FULFILLERS.items():
                breaker = self._breakers.get(fulfiller.supplier or "")
                room = breaker.room(wanted=limit, now=now) if breaker else limit
                if fulfiller.deliver and room:
                    leased += await lease(session, product_type=product_type, limit=room, ids=self._ids, now=now)
        return leased

    async def _attempt_all(self, leased: Sequence[Leased]) -> None:
        async def attempt(each: Leased) -> None:
            async with self._calls:
                await self._attempt(each)

        async with asyncio.TaskGroup() as group:
            for each in leased:
                group.create_task(attempt(each))

    async def _attempt(self, leased: Leased) -> None:
        if self._clock.now() + CALL_MAX > leased.until:
            return  # waited too long for its turn: another worker may take it before we are done
        outcome = await self._call(leased)
        now = self._clock.now()
        self._tell_breaker(leased, outcome)
        async with self._database.transaction() as session:
            counts = await settle(
                session,
                leased,
                outcome,
                attempts_max=self.settings.attempts_max,
                entropy=self._entropy,
                now=now,
            )
        log.info(
            "delivery_attempt",
            award_id=leased.order.award_id,
            attempt=leased.attempt,
            act=leased.act,
            verdict=outcome.verdict.value,
            reason=outcome.reason,
            counts=counts,
        )

    async def _call(self, leased: Leased) -> Outcome:
        """The call itself. Whatever goes wrong on our side leaves the outcome unknown, which is the safe thing to say."""
        fulfiller = FULFILLERS[leased.order.prize["type"]]
        act = fulfiller.query if leased.act == QUERY else fulfiller.deliver
        if act is None:
            raise AssertionError(f"{fulfiller.type} is delivered by people")
        try:
            async with asyncio.timeout(CALL_MAX.total_seconds()):
                return await act(self._with_contact(leased), self.means)
        except Exception as fault:
            fault_name = type(fault).__name__  # and no traceback, whose message might hold what the winner gave
            log.warning("delivery_fault", award_id=leased.order.award_id, fault=fault_name)
            return Outcome(verdict=Verdict.UNKNOWN, reason=f"fault-{fault_name}")

    def _with_contact(self, leased: Leased) -> Order:
        if leased.sealed is None:
            return leased.order
        award_id = leased.order.award_id
        return replace(leased.order, contact=unmask(self.vault, award_id=award_id, sealed=leased.sealed))

    def _tell_breaker(self, leased: Leased, outcome: Outcome) -> None:
        breaker = self._breakers.get(FULFILLERS[leased.order.prize["type"]].supplier or "")
        if breaker is None or outcome.starved:
            return
        never_sent = outcome.verdict is Verdict.RETRY and leased.act != QUERY
        is_well = outcome.verdict is not Verdict.UNKNOWN and not never_sent
        breaker.record(is_well=is_well, now=self._clock.now())


def _suppliers(settings: FulfilmentSettings, *, http: httpx.AsyncClient, clock: Clock) -> dict[str, Supplier]:
    if settings.topup_url is None or settings.topup_secret is None:
        return {}
    supplier = HttpSupplier(
        url=settings.topup_url,
        secret=settings.topup_secret,
        http=http,
        clock=clock,
        answer_seconds_max=settings.answer_seconds_max,
    )
    return {TOPUP: supplier}
