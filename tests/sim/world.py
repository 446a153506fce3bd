"""A world of one campaign: members, two API processes, a worker, an operator, and what befalls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy.exc import DBAPIError

from campaigns.plays import Asked
from campaigns.refusals import (
    AllPlaysTaken,
    CoolingDown,
    KeyReused,
    NoChanceLeft,
    NotOpenYet,
    Over,
    PartlyPlayed,
    Paused,
    TooFewChances,
)
from campaigns.room import furnish
from core.db import Database
from core.errors import Refusal
from core.sealing import Sealer
from inventory.connection import Connection
from inventory.stream import Entry
from tests.sim.faults import Died, Point, SimClock, SimConnection, SimDatabase, Sky, reply_lost
from tests.sim.inviters import Inviters
from tests.sim.journal import Journal
from tests.sim.masters import Masters, Snapshot
from tests.sim.processes import Flight, Process
from tests.sim.raffling import Raffling
from tests.sim.reviewers import Reviewers
from tests.sim.scratching import Scratching
from tests.support.arguments import CountingEntropy, CountingIds

DEFINITE = (
    *(AllPlaysTaken, CoolingDown, NoChanceLeft, NotOpenYet, Over, Paused, KeyReused),
    *(PartlyPlayed, TooFewChances),
)
REQUESTS_OPEN_MAX = 10
SNAPSHOTS_MAX = 4
NESTED_MAX = 1


@dataclass
class World(Inviters, Raffling, Reviewers, Scratching):
    """`reveals_early` is the ablation that shows what Redis decided before the ledger has it.

    `favours` names events that are to happen often, in place of the seed's own favourites.
    """

    seed: int
    campaign: str
    shared: Database
    masters: Masters
    connections: Sequence[Connection]
    campaign_number: int = 0
    reveals_early: bool = False
    favours: Sequence[str] = ()
    sky: Sky = field(default_factory=Sky)
    journal: Journal = field(default_factory=Journal)
    trace: list[str] = field(default_factory=list)
    is_calm: bool = False
    nested: int = 0

    def __post_init__(self) -> None:
        self.rng, self.dice = Random(self.seed), Random(f"reviews of {self.seed}")
        self.ids = CountingIds()
        self.begin_raffle()
        self.weights = self._swarm()
        self.crash, self.lost, self.interleave = (self.rng.choice((0, 0, 0.01, 0.04)) for _ in range(3))
        self.processes = [self._start(name) for name in ("api-0", "api-1", "worker")]
        self.members = [f"{self.seed:08x}-0000-7000-9000-{number:012x}" for number in range(self.rng.randint(2, 5))]
        self.requests: list[Asked] = []
        self.flights: list[Flight] = []
        self.snapshots: list[Snapshot] = []
        self.keys_made = 0
        self.begin_earning()
        self.begin_inviting()

    @property
    def apis(self) -> list[Process]:
        return self.processes[:2]

    @property
    def worker(self) -> Process:
        return self.processes[2]

    # What may happen, and how often in a swarm of seeds.

    def _swarm(self) -> dict[Callable[[], Coroutine[Any, Any, None]], float]:
        """Each seed favours some events and never sees others."""
        always = {self.play: 12.0, self.decide: 8.0, self.settle: 8.0, self.show: 8.0, self.tend: 3.0}
        sometimes = {
            self.play_again: 3.0, self.other_body: 1.0, self.tend_with_lag: 2.0, self.restart: 1.5,
            self.snapshot: 2.0, self.restore: 1.5, self.restore_one: 1.0, self.flush: 0.7, self.lose_counters: 0.7,
            self.lose_stream: 0.7, self.lose_member: 1.0, self.cut_stream: 0.7, self.split: 1.0, self.heal: 1.0,
            self.flurry: 2.0, self.pause: 0.7, self.resume: 1.5, self.add_stock: 1.0, self.extend: 0.7, self.next_day: 0.7,
        }  # fmt: skip
        if self.costs_chances:
            sometimes[self.grant] = 6.0
        favourites = [getattr(self, name) for name in self.favours] or self.rng.sample(list(sometimes), 2)
        seen = {
            event: weight * (6 if event in favourites else self.rng.choice((0.5, 1)))
            for event, weight in sometimes.items()
            if event in favourites or self.rng.random() < 0.5
        }
        return always | self.ways_to_earn | self.ways_to_draw | self.ways_to_scratch | seen

    async def step(self) -> None:
        event = self.rng.choices(list(self.weights), list(self.weights.values()))[0]
        await event()

    def say(self, words: str) -> None:
        self.trace.append("  " * self.nested + words)

    # Faults inside a step.

    async def hit(self, process: Process, place: str) -> None:
        if self.is_calm:
            return
        if self.rng.random() < self.crash:
            self.say(f"{process.name} dies {place}")
            raise Died
        if place.startswith("after") and self.rng.random() < self.lost:
            self.say(f"{process.name} loses the reply {place}")
            raise reply_lost(place)
        may_nest = self.nested < NESTED_MAX and not self.sky.open_transactions
        if may_nest and self.rng.random() < self.interleave * 3:
            self.say(f"{process.name} waits {place}:")
            self.nested += 1
            try:
                await self.step()
            finally:
                self.nested -= 1

    async def within(self, process: Process, act: Callable[[], Awaitable[None]]) -> None:
        """Let a process act; what its caller would see as a failure is one, and death is a restart."""
        if process.busy:
            return
        process.busy = True
        try:
            await act()
        except Died:
            self._replace(process)
        except (Refusal, DBAPIError, OSError) as error:
            self.say(f"  {type(error).__name__}: {error}")
        finally:
            process.busy = False

    def _start(self, name: str, master: int = 0) -> Process:
        async def hit(place: str) -> None:
            await self.hit(process, place)

        point = Point(hit, self.sky)
        database, connection = SimDatabase(self.shared, point), SimConnection(self.connections, point)
        connection.believe_in(master)
        entropy = CountingEntropy()
        room = furnish(
            database=database,
            connection=connection,
            sealer=Sealer(bytes(32), entropy),
            clock=SimClock(self.sky),
            ids=self.ids,
            entropy=entropy,
        )
        process = Process(name, database, connection, room, point)
        return process

    def _replace(self, process: Process) -> None:
        self.flights = [flight for flight in self.flights if flight.process is not process]
        self.processes[self.processes.index(process)] = self._start(process.name, process.connection.master)

    def idle(self, processes: Sequence[Process]) -> Process | None:
        idle = [process for process in processes if not process.busy]
        return self.rng.choice(idle) if idle else None

    # Members.

    def _ask(self) -> Asked:
        open_requests = [asked for asked in self.requests if not self.journal.has(asked)]
        if open_requests and (len(open_requests) >= REQUESTS_OPEN_MAX or self.rng.random() < 0.4):
            return self.reviewed(self.rng.choice(open_requests))
        self.keys_made += 1
        asked = Asked(
            campaign=self.campaign,
            member=self.rng.choice(self.members),
            key=f"key-{self.keys_made:04}",
            entry="{}",
            times=self.rng.choice((1, 1, 2, self.at_once_max)) if self.at_once_max > 1 else 1,
        )
        self.requests.append(asked)
        return self.reviewed(asked)

    async def play(self) -> None:
        if (process := self.idle(self.apis)) is not None:
            await self._play_on(process, self._ask())

    async def play_again(self) -> None:
        answered = [asked for asked in self.requests if self.journal.has(asked)]
        process = self.idle(self.apis)
        if answered and process is not None:
            await self._play_on(process, self.reviewed(self.rng.choice(answered)))

    async def _play_on(self, process: Process, asked: Asked) -> None:
        self.say(f"{process.name} plays {asked.key} of {asked.member[-2:]}")

        async def act() -> None:
            try:
                if self.reveals_early:
                    decided = await process.room.plays.decide(asked)
                    if decided is not None:
                        await self._reveal(process, asked, decided.entry)
                        await process.room.plays.settle(decided)
                    return
                answer = await process.play(asked)
            except DEFINITE as refusal:
                self._refused(asked, refusal)
                return
            self.say(f"  shown {_gist(answer)}")
            self.journal.note(asked, answer)

        await self.within(process, act)

    async def decide(self) -> None:
        process = self.idle(self.apis)
        if process is None:
            return
        asked = self._ask()
        self.say(f"{process.name} decides {asked.key} of {asked.member[-2:]}")

        async def act() -> None:
            try:
                decided = await process.decide(asked)
            except DEFINITE as refusal:
                self._refused(asked, refusal)
                return
            if decided is not None and asked.times == 1:  # several are left to the stream, as by a process that died
                entry = decided.entry
                self.say(f"  {entry.epoch}-{entry.seq} ordinal {entry.ordinal} {entry.awarded} {entry.unit or ''}")
                self.flights.append(Flight(process, asked, decided))
                if self.reveals_early:
                    await self._reveal(process, asked, entry)

        await self.within(process, act)

    async def flurry(self) -> None:
        """Several requests at once: decided, none committed yet."""
        for _ in range(self.rng.randint(2, 5)):
            await self.decide()

    async def settle(self) -> None:
        waiting = [flight for flight in self.flights if not flight.is_settled and not flight.process.busy]
        if not waiting:
            return
        flight = self.rng.choice(waiting)
        self.flights.remove(flight)
        self.say(f"{flight.process.name} settles {flight.asked.key}")

        async def act() -> None:
            flight.is_settled = await flight.process.room.plays.settle(flight.decided)
            self.say(f"  {'held' if flight.is_settled else 'not permitted'}")
            if flight.is_settled:
                self.flights.append(flight)

        await self.within(flight.process, act)

    async def show(self) -> None:
        waiting = [flight for flight in self.flights if flight.is_settled and not flight.process.busy]
        if not waiting:
            return
        flight = self.rng.choice(waiting)
        self.flights.remove(flight)
        await self.within(flight.process, lambda: self._reveal(flight.process, flight.asked, flight.decided.entry))

    async def _reveal(self, process: Process, asked: Asked, entry: Entry) -> None:
        answer = await process.room.plays.show(entry, self.campaign)
        self.say(f"  {process.name} shows {asked.key} {_gist(answer)}")
        self.journal.note(asked, answer)

    async def other_body(self) -> None:
        answered = [asked for asked in self.requests if self.journal.has(asked)]
        process = self.idle(self.apis)
        if not answered or process is None:
            return
        asked = self.rng.choice(answered)
        other = Asked(campaign=self.campaign, member=asked.member, key=asked.key, entry="{ }", times=asked.times)
        self.say(f"{process.name} is asked {asked.key} with another body")

        async def act() -> None:
            try:
                await process.play(other)
            except KeyReused:
                return
            except DEFINITE as refusal:
                self.journal.blame(f"I6: key {asked.key} with another body was told {refusal}")
                return
            self.journal.blame(f"I6: key {asked.key} was played with two bodies")

        await self.within(process, act)

    def _refused(self, asked: Asked, refusal: Refusal) -> None:
        self.say(f"  {refusal}")
        if self.journal.has(asked):
            self.journal.blame(f"I5: key {asked.key} was answered and is now refused: {refusal}")
        if isinstance(refusal, KeyReused):
            self.journal.blame(f"I6: key {asked.key} is refused its own body")

    # The worker and the operator.

    async def tend(self) -> None:
        worker = self.worker
        self.say("worker tends")
        await self.within(worker, lambda: worker.room.mending.tend(self.campaign))
        await self.deliver()

    async def tend_with_lag(self) -> None:
        """The worker leaves the newest plays to the API, as it does in its daily work."""
        worker = self.worker
        before = self.masters.played_before(worker.connection.master, newest=self.rng.choice((0, 2, 5)))
        self.say("worker tends what is old")
        await self.within(worker, lambda: worker.room.mending.tend(self.campaign, up_to_ms=before))

    # The sky and the masters.

    async def restart(self) -> None:
        if (process := self.idle(self.processes)) is not None:
            self.say(f"{process.name} is killed and started")
            self._replace(process)

    async def next_day(self) -> None:
        self.sky.days_shifted += self.rng.choice((1, 1, 1, -1))
        self.say(f"the day is shifted by {self.sky.days_shifted}")

    async def snapshot(self) -> None:
        self.say(f"snapshot {len(self.snapshots)}")
        self.snapshots = [*self.snapshots, self.masters.take(self._master())][-SNAPSHOTS_MAX:]

    async def restore(self) -> None:
        if self.snapshots:
            place, master = self.rng.randrange(len(self.snapshots)), self._master()
            self.say(f"master {master} is restored to snapshot {place}")
            self.masters.restore(master, self.snapshots[place])

    async def restore_one(self) -> None:
        if self.snapshots:
            self.say("one key is restored from a snapshot")
            self.masters.restore_one(self._master(), self.rng.choice(self.snapshots), self.rng)

    async def flush(self) -> None:
        self.say("everything is flushed")
        self.masters.flush(self._master())

    async def lose_counters(self) -> None:
        self._lose(":counters")

    async def lose_stream(self) -> None:
        self._lose(":plays")

    async def lose_member(self) -> None:
        self._lose(":member:")

    def _lose(self, kind: str) -> None:
        self.say(f"a key {kind} is lost")
        self.masters.lose(self._master(), kind=kind, rng=self.rng)

    async def cut_stream(self) -> None:
        self.say("the stream's tail is lost")
        self.masters.cut_stream(self._master(), self.rng)

    async def split(self) -> None:
        """A second master comes up with a copy (or a stale one), and some processes believe in it."""
        self.say("the masters split")
        if self.snapshots and self.rng.random() < 0.3:
            self.masters.restore(1, self.rng.choice(self.snapshots))
        else:
            self.masters.copy(0, 1)
        for process in self.processes[1:]:
            process.connection.believe_in(self.rng.randint(0, 1))

    async def heal(self) -> None:
        winner = self.rng.randint(0, 1)
        if winner and any(process.connection.master for process in self.processes):
            self.say("the second master wins")
            self.masters.copy(1, 0)
        else:
            self.say("the first master wins")
        for process in self.processes:
            process.connection.believe_in(0)

    def _master(self) -> int:
        return self.rng.choice([process.connection.master for process in self.processes])


def _gist(answer: bytes) -> str:
    return answer[:60].decode()
