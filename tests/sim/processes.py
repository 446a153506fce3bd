"""What acts in a world: processes, and the requests on their way inside them."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.plays import Asked, Decided
from campaigns.room import CampaignsRoom
from tests.sim.faults import SimConnection, SimDatabase


@dataclass
class Process:
    """One operating system process, as far as the rooms can tell; a restart leaves it with cold caches."""

    name: str
    database: SimDatabase
    connection: SimConnection
    room: CampaignsRoom
    busy: bool = False


@dataclass
class Flight:
    """A request on its way inside a process: decided, perhaps settled, not shown yet."""

    process: Process
    asked: Asked
    decided: Decided
    is_settled: bool = False
