"""What operators do to a running campaign, each act through a process that is idle and may die of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from earning.grants import Source, give
from tests.sim.faults import Sky
from tests.sim.ground import SHAPES
from tests.sim.processes import Process
from tests.support.campaigns import WallClock, change

LIMITED_LINES = [
    [key for key, odds, stock, _, _ in shape.lines if stock is not None and odds != "moment"] for shape in SHAPES
]
"""To which stock may be added."""


class Operators:
    """A part of the world, which has these."""

    campaign: str
    campaign_number: int
    sky: Sky
    rng: Random
    processes: list[Process]
    members: list[str]
    keys_made: int
    say: Callable[[str], None]
    within: Callable[[Process, Callable[[], Awaitable[Any]]], Awaitable[None]]
    idle: Callable[[Sequence[Process]], Process | None]

    @property
    def costs_chances(self) -> bool:
        return SHAPES[self.campaign_number].more.get("chances") is not None

    @property
    def at_once_max(self) -> int:
        """How many plays a member may ask for at once."""
        return int(SHAPES[self.campaign_number].limits.get("plays_at_once_max", 1))

    async def pause(self) -> None:
        await self._operate("pause")

    async def resume(self) -> None:
        await self._operate("resume")

    async def add_stock(self) -> None:
        limited = LIMITED_LINES[self.campaign_number]
        if limited:
            await self._operate("add_stock", line=self.rng.choice(limited), units=self.rng.randint(1, 3))

    async def extend(self) -> None:
        await self._operate("extend", ends_at=WallClock().now() + timedelta(days=40, hours=self.rng.randint(0, 99)))

    async def grant(self) -> None:
        """Chances for somebody, of which the counters may or may not be told; now and then the same once more."""
        process = self.idle(self.processes)
        if process is None:
            return
        member, amount = self.rng.choice(self.members), self.rng.randint(1, 3)
        reference = f"grant-{self.rng.randint(1, 30)}-{member}-{amount}"
        tells = self.rng.random() < 0.5
        self.say(f"operator: grant {amount} to {member[-2:]}")

        async def act() -> None:
            running = await process.room.versions.running(self.campaign)
            async with process.database.transaction() as session:
                row = await give(
                    session,
                    campaign=self.campaign,
                    member=member,
                    amount=amount,
                    expires_at=None,
                    source=Source.API,
                    reference=reference,
                    now=WallClock().now(),
                )
                total = row.number
            if tells:
                await process.room.paying.note(running, member, total)

        await self.within(process, act)

    async def _operate(self, verb: str, **arguments: object) -> None:
        process = self.idle(self.processes)
        if process is None:
            return
        self.say(f"operator: {verb}")
        await self.within(process, lambda: change(process.database, process.room, self.campaign, verb, **arguments))
