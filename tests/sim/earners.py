"""How members come by chances while processes die: they buy them, redeem codes and are reported in events, and ask again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select

from campaigns.plays import Asked
from campaigns.refusals import NoChanceLeft
from campaigns.selling import InsufficientPoints, PurchaseRefused, Selling, Wanted
from core.db import Database
from core.errors import Refusal
from earning.events import Reported, receive
from earning.grants import Source, left_of
from earning.models import ChanceGrant
from earning.purchase_models import ENDS, GIVEN, ChancePurchase
from earning.purchasing import Purchasing
from earning.redeeming import Redeeming
from prizes.wallet.contract import Done, Transfer, Wallet
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.records import balance
from tests.sim.faults import Died, SimClock
from tests.sim.giving import CODES, HASHES, rule_of
from tests.sim.ground import SHAPES
from tests.sim.journal import Journal
from tests.sim.operators import Operators
from tests.sim.processes import Process
from tests.sim.wallets import Book, Gone, SimWallet
from tests.support.arguments import CountingEntropy, CountingIds
from tests.support.campaigns import MALL, WallClock

POINTS_AT_FIRST = 450
PLAYED_OUT_MAX = 200
ROUNDS_MAX = 400
OPEN_WISHES_MAX = 6
PASSES = [timedelta(seconds=5), timedelta(seconds=65), timedelta(minutes=4), timedelta(minutes=20)]


class Earners(Operators):
    """A part of the world, which has these too. `given` is what members were told once and for all, by what they asked."""

    shared: Database
    journal: Journal
    ids: CountingIds
    favours: Sequence[str]

    def begin_earning(self) -> None:
        self.given: dict[tuple[str, ...], Any] = {}
        self.wishes: list[Wanted] = []
        self.reports: list[Reported] = []
        self.now = SimClock(self.sky, is_own=True).now
        if self.costs_chances:
            self.sky.hand = WallClock().now().replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.book: Book | None = None
        if self.price and self.rng.random() < 0.6:
            points = dict.fromkeys(self.members, POINTS_AT_FIRST)
            self.book = Book(points=points, can_be_asked=self.rng.random() < 0.5)

    @property
    def price(self) -> int:
        """How many points a chance costs; 0 where none are sold."""
        chances = SHAPES[self.campaign_number].more.get("chances") or {}
        return int(chances.get("price", {}).get("points", 0))

    @property
    def ways_to_earn(self) -> dict[Callable[[], Awaitable[None]], float]:
        if not self.costs_chances:
            return {}
        ways = {self.redeem: 2.0, self.report: 2.0}
        ways |= {self.buy: 8.0, self.carry_on: 8.0, self.time_passes: 2.0} if self.price else {}
        return {way: weight * (6 if way.__name__ in self.favours else 1) for way, weight in ways.items()}

    async def open_accounts(self) -> None:
        """Members of whose points we keep the book ourselves have some at first."""
        if not self.price or self.book is not None:
            return
        for member in self.members:
            first = str(uuid5(UUID(member), "first points"))
            told = Transfer(id=first, mall_id=MALL, member_id=member, points=POINTS_AT_FIRST, cause="start")
            outcome = await self._ledger_wallet(self.shared).credit(told)
            assert isinstance(outcome, Done)

    # Purchases.

    async def buy(self) -> None:
        process = self.idle(self.apis)
        if process is None:
            return
        wanted = self._wish()
        self.say(f"{process.name} sells {wanted.chances} to {wanted.member[-2:]} by {wanted.key}")
        await self.within(process, lambda: self._buy(process, wanted))

    def _wish(self) -> Wanted:
        open_ones = [wish for wish in self.wishes if ("bought", wish.member, wish.key) not in self.given]
        if self.wishes and self.rng.random() < 0.1:
            return self.rng.choice(self.wishes)
        if open_ones and (len(open_ones) >= OPEN_WISHES_MAX or self.rng.random() < 0.4):
            return self.rng.choice(open_ones)
        member, key = self.rng.choice(self.members), f"wish-{len(self.wishes):03}"
        self.wishes.append(Wanted(campaign=self.campaign, member=member, key=key, chances=self.rng.randint(1, 3)))
        return self.wishes[-1]

    async def _buy(self, process: Process, wanted: Wanted) -> None:
        asked = ("bought", wanted.member, wanted.key)
        purchasing = self._purchasing(process)
        selling = Selling(
            database=process.database,
            versions=process.room.versions,
            admission=process.room.admission,
            purchasing=purchasing,
            clock=SimClock(self.sky, is_own=True),
        )
        try:
            purchase = await selling.buy(wanted)
        except (InsufficientPoints, PurchaseRefused) as refusal:
            self._note(asked, ("nothing", refusal.code))
        except Gone:
            raise Died from None
        except Refusal as refusal:  # there is no purchase yet
            self.say(f"  {refusal}")
            if asked in self.given:
                self.journal.blame(f"I5: {wanted.key} had been told {self.given[asked]} and is refused: {refusal}")
        else:
            self.say(f"  purchase {purchase.id[-3:]} is {purchase.state}")
            if purchase.state in GIVEN:
                self._note(asked, (purchase.id, purchase.chances, purchase.grant_number))

    async def carry_on(self) -> None:
        """A worker's round over the purchases that are due."""
        process = self.idle(self.processes)
        if process is not None:
            self.say(f"{process.name} carries purchases on")
            await self.within(process, lambda: self._carry_on(process))

    async def _carry_on(self, process: Process) -> None:
        try:
            await self._purchasing(process).run_once(limit=1)
        except BaseExceptionGroup as failed:
            (failure,) = failed.exceptions
            raise (Died() if isinstance(failure, Gone) else failure) from None

    async def time_passes(self) -> None:
        passed = self.rng.choice(PASSES)
        self.sky.hand = self.now() + passed
        self.say(f"{passed} pass")

    def _purchasing(self, process: Process) -> Purchasing:
        wallet: Wallet = self.book or self._ledger_wallet(process.database)
        return Purchasing(
            database=process.database,
            wallet=SimWallet(wallet, process.point),
            clock=SimClock(self.sky, is_own=True),
            ids=self.ids,
            entropy=CountingEntropy(process.name),
        )

    def _ledger_wallet(self, database: Database) -> LedgerWallet:
        return LedgerWallet(database=database, clock=SimClock(self.sky, is_own=True), ids=self.ids)

    # Codes and events.

    async def redeem(self) -> None:
        process = self.idle(self.apis)
        if process is None:
            return
        member, typed = self.rng.choice(self.members), self.rng.choice(CODES)
        self.say(f"{process.name} redeems {typed} of {member[-2:]}")
        await self.within(process, lambda: self._redeem(process, member, typed))

    async def _redeem(self, process: Process, member: str, typed: str) -> None:
        asked = ("redeemed", member, typed)
        redeeming = Redeeming(database=process.database, hashes=HASHES, ids=self.ids)
        try:
            told = await redeeming.redeem(
                campaign=self.campaign, member=member, typed=typed, day_ends_at=self.now(), now=self.now()
            )
        except Refusal as refusal:
            self.say(f"  {refusal}")
            if asked in self.given:
                self.journal.blame(f"I5: {typed} of {member} had been redeemed and is refused: {refusal}")
            return
        self.say(f"  {told.chances} chances")
        self._note(asked, told)

    async def report(self) -> None:
        process = self.idle(self.apis)
        if process is None:
            return
        if not self.reports or self.rng.random() < 0.7:
            member, number = self.rng.choice(self.members), len(self.reports)
            rule = rule_of(self.campaign)
            self.reports.append(Reported(f"order-{number:03}", rule, member, self.rng.randint(1, 5)))
        reported = self.rng.choice(self.reports[-3:])
        self.say(f"{process.name} is told {reported.event_id} of {reported.member[-2:]}: {reported.asked}")
        await self.within(process, lambda: self._report(process, reported))

    async def _report(self, process: Process, reported: Reported) -> None:
        received = await receive(process.database, mall=MALL, reported=reported, now=self.now())
        event = received.event
        self.say(f"  {event.granted} granted, number {event.grant_number}")
        self._note(("granted", reported.event_id), (event.granted, event.grant_number, event.expires_at))
        if event.grant_number is not None and self.rng.random() < 0.5:
            await process.room.paying.tell(self.campaign, reported.member, event.grant_number)

    def _note(self, asked: tuple[str, ...], told: Any) -> None:
        known = self.given.setdefault(asked, told)
        if known != told:
            self.journal.blame(f"I5: {' '.join(asked)} was told {known} and later {told}")

    # At rest.

    async def settle_earning(self) -> None:
        """Nothing fails any more: every purchase comes to its end, everybody asks once more, and every chance is played."""
        for _ in range(ROUNDS_MAX if self.price else 0):
            await self.carry_on()
            due = await self._next_due()
            if due is None:
                break
            self.sky.hand = max(due, self.now()) + timedelta(seconds=1)
        for wish in self.wishes:
            await self._buy(self.apis[0], wish)
        for asked in [*self.given]:
            if asked[0] == "redeemed":
                await self._redeem(self.apis[1], asked[1], asked[2])
        for reported in self.reports:
            await self._report(self.apis[0], reported)
        await self.settle_new_wishes()

    async def settle_new_wishes(self) -> None:
        """A wish that was refused for a limit may have become a purchase just now; without faults it ends at once."""
        for _ in range(ROUNDS_MAX if self.price else 0):
            await self.carry_on()
            if await self._next_due() is None:
                return

    async def play_out(self) -> None:
        """Where no chance is free and no limit holds anybody back, members play as often as the ledger says, and no more."""
        if not self.price:
            return
        await self.resume()
        for member in self.members:
            async with self.shared.reading() as session:
                left = await left_of(session, campaign=self.campaign, member=member, now=self.now())
            played = await self._play_out(member)
            if played != left:
                self.journal.blame(f"L4: {member} had {left} chances left and could play {played} times")

    async def _play_out(self, member: str) -> int:
        for number in range(PLAYED_OUT_MAX):
            asked = Asked(campaign=self.campaign, member=member, key=f"last-{number}", entry="{}")
            try:
                self.journal.note(asked, await self.apis[number % 2].play(asked))
            except NoChanceLeft:
                return number
        return PLAYED_OUT_MAX

    async def examine_earning(self) -> None:
        """What the wallet's own book says, member by member, and that nothing is under way."""
        if not self.price:
            return
        async with self.shared.reading() as session:
            states = select(ChancePurchase.state, func.count()).group_by(ChancePurchase.state)
            open_ones = {state: count for state, count in await session.execute(states) if state not in ENDS}
            bought = select(ChanceGrant.member_id, func.sum(ChanceGrant.amount)).group_by(ChanceGrant.member_id)
            bought = bought.where(ChanceGrant.source == Source.PURCHASE)
            chances = {member: int(amount) for member, amount in await session.execute(bought)}
            for member in self.members:
                wanted = POINTS_AT_FIRST - self.price * chances.get(member, 0)
                points = await balance(session, mall_id=MALL, member_id=member, now=self.now())
                points = points if self.book is None else self.book.points[member]
                if points != wanted:
                    self.journal.blame(f"I13: {member} has {points} points and should have {wanted}")
        if open_ones:
            self.journal.blame(f"L3: purchases are under way at rest: {open_ones}")

    async def _next_due(self) -> datetime | None:
        due = select(func.min(ChancePurchase.due_at)).where(ChancePurchase.state.not_in(ENDS))
        async with self.shared.reading() as session:
            return await session.scalar(due)
