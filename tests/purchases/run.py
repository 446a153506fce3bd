"""One run: so many purchases through one wallet, and everything that must hold afterwards."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import func, select

from core.db import Database
from core.errors import Refusal
from core.ids import TimeOrderedIds
from earning.models import ChanceGrant
from earning.purchase_checks import Sums, conserved, ledger_sums_of, sums_of
from earning.purchase_models import ENDS, ChancePurchase
from earning.purchases import HONOURED, Limit, Order, PurchaseLimit
from earning.purchasing import Purchasing
from earning.statement import Statement, match_day
from prizes.invariants import wallet_balances
from prizes.wallet.contract import Wallet
from tests.earning.shop import PRICE, Shop
from tests.prizes.wallets import HttpStand, Stand
from tests.purchases.faults import Died, Fate, MortalDatabase, Unreliable
from tests.support.arguments import CountingEntropy, HandClock

MEMBERS = 40
AT_ONCE = 16
BATCH = 100
LOST_PERCENT = 10
DEATHS_PERCENT = 2
ROUNDS_MAX = 400
SANDBOX_FAULTS = ("error_before", "error_after_success", "garbage", "rate_limit", "oversize", "lost_before_success")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a run: `broken` names everything that does not hold."""

    states: Counter[str]
    deaths: Counter[str]
    sums: Sums
    refused: int
    statements: Sequence[Statement]
    broken: Sequence[str]


class Market:
    """Members who buy, ask again after a silence, and run out of points; processes that die, and those that take over."""

    def __init__(self, stand: Stand, *, database: Database, clock: HandClock, campaign: str, seed: int) -> None:
        self.dice = Random(seed)
        self.fate = Fate(self.dice, percent=DEATHS_PERCENT)
        self.stand = stand
        self.clock = clock
        self.database = database
        self.campaign = campaign
        self.members = [str(UUID(int=0xA000 + number)) for number in range(MEMBERS)]
        wallet: Wallet = Unreliable(
            stand.wallet, self.fate, self.dice, percent=0 if isinstance(stand, HttpStand) else LOST_PERCENT
        )
        self.purchasing = Purchasing(
            database=MortalDatabase(database, self.fate),
            wallet=wallet,
            clock=clock,
            ids=TimeOrderedIds(),
            entropy=CountingEntropy(str(seed)),
        )
        self.shop = Shop(database, clock, campaign, self.purchasing)
        self.refused = 0
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def open(self, *, count: int) -> int:
        """Give every member points for nine tenths of what they will want; how many."""
        if isinstance(self.stand, HttpStand):
            await self.stand.sandbox.fault(*SANDBOX_FAULTS, percent=LOST_PERCENT, seed=self.dice.randrange(1000))
        points = count * 2 * PRICE * 9 // (10 * MEMBERS)
        for member in self.members:
            await self.stand.give(points, member=member)
        return points

    async def trade(self, *, count: int) -> None:
        done = 0
        while done < count:
            some = min(BATCH, count - done)
            await asyncio.gather(*(self._one(done + number) for number in range(some)))
            await self._work()
            self.clock.advance(seconds=20)
            done += some

    async def settle(self) -> None:
        """Nobody dies any more: everything that was begun comes to its end."""
        self.fate.spare_all()
        for _ in range(ROUNDS_MAX):
            while await self.purchasing.run_once():
                pass
            open_ones = select(func.min(ChancePurchase.due_at)).where(ChancePurchase.state.not_in(ENDS))
            async with self.database.reading() as session:
                due = await session.scalar(open_ones)
            if due is None:
                return
            self.clock.set(max(due, self.clock.now()))
            self.clock.advance(seconds=61)

    async def _one(self, number: int) -> None:
        member = self.members[number % MEMBERS]
        order = self.shop.order(
            self.dice.randint(1, 3),
            key=str(uuid4()),
            member=member,
            limits=(Limit(tally="all", period=0, most=max(60, number)),) if number % 3 else (),
            honour_until=self.clock.now() if number % 50 == 0 else self.clock.now() + HONOURED,
        )
        async with self._turns:
            for _ in range(self.dice.randint(1, 3)):
                if await self._ask(order):
                    return

    async def _ask(self, order: Order) -> bool:
        """One request, by a process that may die; whether the member heard anything."""
        try:
            await self.purchasing.buy(order)
        except Died:
            return False
        except PurchaseLimit:
            self.refused += 1
        except Refusal as refusal:
            raise AssertionError(str(refusal)) from refusal
        return True

    async def _work(self) -> None:
        try:
            await self.purchasing.run_once()
        except Died:
            return
        except BaseExceptionGroup as deaths:
            if deaths.split(Died)[1] is not None:
                raise
        gc.collect()  # a cursor that was cancelled keeps its transaction until it is gone, and the dead hold nothing


async def run(
    stand: Stand,
    *,
    database: Database,
    clock: HandClock,
    campaign: str,
    count: int,
    seed: int = 1,
    patient: Wallet | None = None,
) -> Found:
    """`patient` is the same wallet, waited for long enough that a slow machine is no difference in the statement."""
    market = Market(stand, database=database, clock=clock, campaign=campaign, seed=seed)
    begun = clock.now()
    given = await market.open(count=count)
    await market.trade(count=count)
    await market.settle()
    if isinstance(stand, HttpStand):
        await stand.sandbox.fault("none")
    async with database.reading() as session:
        states = Counter(
            dict(
                (await session.execute(select(ChancePurchase.state, func.count()).group_by(ChancePurchase.state))).all()
            )
        )
        sums = await sums_of(session, campaign=campaign)
        _, broken = await conserved(session, campaign=campaign)
    days = [begun.date().fromordinal(day) for day in range(begun.toordinal(), clock.now().toordinal() + 1)]
    statements = [await match_day(database, patient or stand.wallet, day=day) for day in days]
    told = [f"{each.day}: {each.differences[0]}" for each in statements if not each.agrees]
    unended = [f"{count} purchases are {state}" for state, count in states.items() if state not in ENDS]
    return Found(
        states=states,
        deaths=market.fate.deaths,
        sums=sums,
        refused=market.refused,
        statements=statements,
        broken=[*broken, *told, *unended, *await _unlike_the_book(market, given=given, sums=sums)],
    )


async def _unlike_the_book(market: Market, *, given: int, sums: Sums) -> list[str]:
    """What the wallet's own book says otherwise: member by member, and in all."""
    stand, broken = market.stand, []
    granted = select(ChanceGrant.member_id, func.sum(ChanceGrant.amount)).where(
        ChanceGrant.campaign_id == market.campaign
    )
    async with market.database.reading() as session:
        chances = dict((await session.execute(granted.group_by(ChanceGrant.member_id))).all())
        ledger = await ledger_sums_of(session, campaign=market.campaign)
        _, unbalanced = await wallet_balances(session)
    for member in market.members:
        left, wanted = await stand.points(member=member), given - int(chances.get(member, 0)) * PRICE
        if left != wanted:
            broken.append(f"member {member} has {left} points, and should have {wanted}")
    if isinstance(stand, HttpStand):
        made = (await stand.sandbox.transfers()).values()
        taken = sum(each["points"] for each in made if each["kind"] == "debit" and each["moves"])
        back = sum(each["points"] for each in made if each["kind"] == "refund" and each["moves"])
        broken += [f"transfer {each['id']} moved {each['moves']} times" for each in made if each["moves"] > 1]
    else:
        taken, back = ledger
    if taken - back != sums.granted:
        broken.append(f"the wallet took {taken} and gave back {back}, and {sums.granted} were granted")
    return [*broken, *unbalanced]
