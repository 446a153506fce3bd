"""What acts in a world: processes, and the requests on their way inside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaigns.plays import Asked, Decided
from campaigns.room import CampaignsRoom
from tests.sim.faults import Point, SimConnection, SimDatabase


@dataclass
class Process:
    """One operating system process, as far as the rooms can tell; a restart leaves it with cold caches."""

    name: str
    database: SimDatabase
    connection: SimConnection
    room: CampaignsRoom
    point: Point
    busy: bool = False

    async def play(self, asked: Asked) -> bytes:
        """The answer that the request gets, for one play or several."""
        return await (self.room.several if asked.times > 1 else self.room.plays).play(asked)

    async def decide(self, asked: Asked) -> Decided | None:
        """What Redis makes of the request; of several plays, the first, with the others after it."""
        parts = [replace(asked, place=place) for place in range(asked.times)]
        return await self.room.plays.decide(parts[0], after=parts[1:])


@dataclass
class Flight:
    """A request on its way inside a process: decided, perhaps settled, not shown yet."""

    process: Process
    asked: Asked
    decided: Decided
    is_settled: bool = False
