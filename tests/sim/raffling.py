"""A campaign that ends while processes die, and its raffle drawn by several at once; and the same draw, said once more."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from campaigns.models import Campaign, Play
from campaigns.raffle_draws import SETTLES_AFTER, RaffleDraws
from campaigns.raffle_models import RaffleDraw, RafflePlace, RaffleWin
from campaigns.versions import Version
from core.db import Database
from prizes.awards import ENDS, HELD, LAPSED, VOID
from prizes.models import Award
from tests.sim.faults import SimClock
from tests.sim.ground import SHAPES
from tests.sim.journal import Journal
from tests.sim.masters import Masters, Snapshot
from tests.sim.operators import Operators
from tests.sim.processes import Process
from tests.support.arguments import CountingIds

STEPS_MAX = 60
INSTANT, LATER = timedelta(seconds=1), timedelta(hours=1)


class Raffling(Operators):
    """A part of the world, which has these too. `drawn` is what was read of the raffle once and must stay."""

    shared: Database
    journal: Journal
    ids: CountingIds
    masters: Masters
    snapshots: list[Snapshot]
    _master: Callable[[], int]

    def begin_raffle(self) -> None:
        self.drawn: dict[str, Any] = {}
        self.is_over = False

    @property
    def raffle(self) -> dict[str, Any]:
        found: dict[str, Any] = SHAPES[self.campaign_number].more.get("raffle", {})
        return found

    @property
    def ways_to_draw(self) -> dict[Callable[[], Awaitable[None]], float]:
        return {self.close: 1.0, self.draw_on: 8.0, self.lapse: 2.0, self.be_fast: 1.0} if self.raffle else {}

    async def be_fast(self) -> None:
        """By the clocks of those who draw it is over, though not for long enough; by all others it is not."""
        if not self.is_over:
            self.sky.stopped_at, self.sky.fast = await self._end_of_campaign() - INSTANT, SETTLES_AFTER
            self.say("the end has come by some clocks")

    async def close(self) -> None:
        """The end comes, by all clocks; now and then with counters that went back just before."""
        if self.is_over:
            return
        if self.snapshots and self.rng.random() < 0.4:
            self.say("the counters go back")
            self.masters.restore(self._master(), self.rng.choice(self.snapshots))
        await self._end()

    async def extend(self) -> None:
        if not self.is_over:
            await super().extend()

    async def draw_on(self) -> None:
        """One step of the raffle, by any process that may come to it."""
        process = self.idle(self.processes)
        if process is None:
            return
        self.say(f"{process.name} goes on with the raffle")
        await self.within(process, lambda: self._draw_on(process))
        await self._look()

    async def _draw_on(self, process: Process) -> None:
        if await self._draws(process).tend(self.campaign):
            self.say("  a step was taken")

    async def lapse(self) -> None:
        """Somebody does not claim, or operators void their prize; about what is held only reviewers decide."""
        process = self.idle(self.processes)
        of_raffle = select(Award.id).join(RaffleWin, RaffleWin.award_id == Award.id)
        open_ones = of_raffle.where(Award.state.not_in(ENDS | {HELD}))
        async with self.shared.reading() as session:
            found = (await session.scalars(open_ones.order_by(Award.id))).all()
        if process is None or not found:
            return
        award, state = self.rng.choice(found), self.rng.choice((LAPSED, VOID))
        self.say(f"award {award[-3:]} is {state}")

        async def act() -> None:
            async with process.database.transaction() as session:
                await session.execute(update(Award).where(Award.id == award).values(state=state, due_at=None))

        await self.within(process, act)

    def _draws(self, process: Process) -> RaffleDraws:
        return RaffleDraws(
            database=process.database,
            versions=process.room.versions,
            mending=process.room.mending,
            connection=process.connection,
            clock=SimClock(self.sky, is_own=True),
            ids=self.ids,
        )

    async def _end(self) -> None:
        self.is_over, self.sky.fast = True, timedelta()
        self.sky.stopped_at = await self._end_of_campaign() + LATER
        self.say("the campaign is over")

    async def _end_of_campaign(self) -> datetime:
        async with self.shared.reading() as session:
            ends_at = (await session.get_one(Campaign, self.campaign)).ends_at
        if ends_at is None:
            raise AssertionError("the campaign has no end")
        return ends_at

    # At rest.

    async def finish_raffle(self) -> None:
        """No more faults: the end comes if it has not, and the raffle is drawn to its last step."""
        if not self.raffle:
            return
        await self._end()
        for number in range(STEPS_MAX):
            if not await self._draws(self.processes[number % 3]).tend(self.campaign):
                return
            await self._look()
        self.journal.blame(f"L3: the raffle goes on after {STEPS_MAX} steps")

    async def _look(self) -> None:
        """What was sealed and drawn, read past all faults: none of it ever changes, and no win goes away."""
        draw, places, wins = await self._read()
        seal = (draw.version, draw.last_seq, draw.tickets, draw.digest, draw.sealed_at)
        now = {"seal": seal} if draw.sealed_at is not None else {}
        now |= {"places": tuple(_told(place) for place in places)} if draw.drawn_at is not None else {}
        now |= {f"win {win.prize} {win.unit} {win.turn}": (win.rank, win.award_id) for win, _ in wins}
        for name, told in self.drawn.items():
            if now.get(name) != told:
                self.journal.blame(f"R1: {name} was {told} and is now {now.get(name)}")
        self.drawn = self.drawn | now

    async def _read(self) -> tuple[RaffleDraw, Sequence[RafflePlace], Sequence[tuple[RaffleWin, str]]]:
        async with self.shared.reading() as session:
            draw = await session.get_one(RaffleDraw, self.campaign)
            of_campaign = RafflePlace.campaign_id == self.campaign
            places = await session.scalars(select(RafflePlace).where(of_campaign).order_by(RafflePlace.rank))
            wins = await session.execute(
                select(RaffleWin, Award.state)
                .join(Award, Award.id == RaffleWin.award_id)
                .where(RaffleWin.campaign_id == self.campaign)
                .order_by(RaffleWin.prize, RaffleWin.unit, RaffleWin.turn)
            )
            return draw, places.all(), [(win, state) for win, state in wins]

    async def examine_raffle(self, version: Version) -> None:
        """The draw said once more from the published seed, with nothing of the code that drew it."""
        if not self.raffle:
            return
        draw, places, wins = await self._read()
        if draw.drawn_at is None:
            self.journal.blame("R2: the campaign is over and its raffle was not drawn")
            return
        async with self.shared.reading() as session:
            of_campaign = Play.campaign_id == self.campaign
            plays = (await session.scalars(select(Play).where(of_campaign).order_by(Play.seq))).all()
        shown = {told["id"] for told in map(json.loads, self.journal.shown.values())}
        if missed := shown - {play.id for play in plays if play.seq <= (draw.last_seq or 0)}:
            self.journal.blame(f"R3: members were shown plays that are no tickets: {sorted(missed)}")
        digest, wanted = self._drawn_again(version, plays)
        if draw.digest != digest:
            self.journal.blame(f"R4: the tickets are not those that were sealed: {draw.digest}, {digest}")
        if [_told(place) for place in places] != wanted:
            self.journal.blame(f"R5: the places are {[_told(place) for place in places]}, and should be {wanted}")
        self._examine_wins(len(places), wins)

    def _drawn_again(self, version: Version, plays: Sequence[Play]) -> tuple[str, list[tuple[int, int, str, str, int]]]:
        sealed = hashlib.sha256()
        for play in plays:
            told = f"windfall-1|raffle-member|{self.campaign}|{play.member_id}"
            sealed.update(f"{play.seq} {play.id} {hashlib.sha256(told.encode()).hexdigest()[:16]}\n".encode())
        before = f"windfall-1|raffle|{self.campaign}|{sealed.hexdigest()}||"
        ranked = sorted(
            (hmac.digest(version.seed, f"{before}{play.seq}".encode(), "sha256"), play.seq) for play in plays
        )
        of_seq, most = {play.seq: play for play in plays}, self.raffle["member_wins_max"]
        places: list[tuple[int, int, str, str, int]] = []
        had: Counter[str] = Counter()
        for _, seq in ranked:
            play = of_seq[seq]
            had[play.member_id] += 1
            if had[play.member_id] <= most:
                places.append((len(places) + 1, seq, play.id, play.member_id, had[play.member_id]))
        units = sum(prize["units"] for prize in self.raffle["prizes"])
        return sealed.hexdigest(), places[: units + self.raffle["runners_up"]]

    def _examine_wins(self, places: int, wins: Sequence[tuple[RaffleWin, str]]) -> None:
        """Every unit has its winner; whatever was lost is the next runner-up's, while there is one."""
        units = [(prize["key"], unit + 1) for prize in self.raffle["prizes"] for unit in range(prize["units"])]
        turns: defaultdict[tuple[str, int], list[tuple[RaffleWin, str]]] = defaultdict(list)
        for win, state in wins:
            turns[win.prize, win.unit].append((win, state))
        for rank, unit in enumerate(units[:places], start=1):
            held = turns.pop(unit, [])
            if not held or held[0][0].rank != rank:
                self.journal.blame(f"R6: unit {unit} is not that of rank {rank}")
            if any(state not in (LAPSED, VOID) for _, state in held[:-1]):
                self.journal.blame(f"R6: unit {unit} was passed on though its holder had it")
        if turns:
            self.journal.blame(f"R6: units were given that nobody won: {sorted(turns)}")
        redrawn = sorted(win.rank for win, _ in wins if win.turn > 1)
        lost = sum(state in (LAPSED, VOID) for _, state in wins)
        runners_up = range(len(units) + 1, places + 1)
        if redrawn != list(runners_up[:lost]):
            self.journal.blame(f"R7: {lost} were lost and passed on to {redrawn} of {list(runners_up)}")


def _told(place: RafflePlace) -> tuple[int, int, str, str, int]:
    return place.rank, place.ticket, place.play_id, place.member_id, place.of_member
