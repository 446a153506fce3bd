"""A raffle: every play is also a ticket, and when the campaign is over one sealed draw ranks all tickets.

The tickets are sealed first: SHA-256 over one line for each in the order of their numbers, "number play member\\n", in which
a member is the first 16 hex digits of SHA-256("windfall-1|raffle-member|campaign|member"). Then the rank of ticket n is
HMAC-SHA256(campaign seed, "windfall-1|raffle|campaign|digest|beacon|n"), lowest first, and of equal ranks the lower number.
`beacon` is empty where none was announced. A member has `member_wins_max` places at most: their other tickets are passed
over. The first places take the prizes in the order of the config, unit by unit; those after them are runners-up.
"""

from __future__ import annotations

import hashlib
import hmac
from bisect import insort
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from campaigns.fairness import ALGORITHM
from campaigns.game import Text
from campaigns.limits import Key

PRIZES_MAX = 20
UNITS_MAX = 10_000
RUNNERS_UP_MAX = 10_000
MEMBER_WINS_MAX = 1_000
CLAIM_DAYS_MAX = 365
TAG_CHARS = 16


class RafflePrize(BaseModel):
    """So many units of one product, each for one ticket."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    product: Annotated[str, Field(min_length=1, max_length=64)]
    units: Annotated[int, Field(ge=1, le=UNITS_MAX)]


class Raffle(BaseModel):
    """What is drawn among all tickets. `beacon` says in words which public value is mixed in, for example of which hour.

    A prize that is not claimed in time, or that operators void, goes to the next runner-up while there is one.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"prizes": [{"key": "grand", "product": "PHONE-256", "units": 1}], "runners_up": 10}]
        },
    )

    prizes: Annotated[tuple[RafflePrize, ...], Field(min_length=1, max_length=PRIZES_MAX)]
    runners_up: Annotated[int, Field(ge=0, le=RUNNERS_UP_MAX)] = 0
    member_wins_max: Annotated[int, Field(ge=1, le=MEMBER_WINS_MAX)] = 1
    """How many tickets of one member may come to a place, winners and runners-up together."""
    claim_days: Annotated[int, Field(ge=1, le=CLAIM_DAYS_MAX)] | None = None
    """How long a winner may claim; as for the campaign's other prizes when nothing is said."""
    beacon: Text | None = None

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Raffle:
        keys = [prize.key for prize in self.prizes]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"raffle prize key used twice: {', '.join(twice)}")
        return self

    @property
    def units(self) -> int:
        """How many win: the places up to here have a prize, those after it are runners-up."""
        return sum(prize.units for prize in self.prizes)

    @property
    def places(self) -> int:
        return self.units + self.runners_up

    def prize_of(self, rank: int) -> tuple[RafflePrize, int] | None:
        """The prize of a rank and which unit of it, both counted from 1; None for a runner-up."""
        before = 0
        for prize in self.prizes:
            if rank <= before + prize.units:
                return prize, rank - before
            before += prize.units
        return None


class Ticket(NamedTuple):
    """One play as a ticket. `tag` stands for its member to those who may not know who that is."""

    number: int
    play: str
    tag: str


class Placed(NamedTuple):
    """A ticket that came to a place: the how-manieth of its member's, counted from 1."""

    ticket: Ticket
    of_member: int


def tag_of(campaign: str, member: str) -> str:
    told = f"{ALGORITHM}|raffle-member|{campaign}|{member}"
    return hashlib.sha256(told.encode()).hexdigest()[:TAG_CHARS]


class Seal:
    """Takes the tickets in the order of their numbers and digests them."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.tickets = 0

    def add(self, ticket: Ticket) -> None:
        self._digest.update(f"{ticket.number} {ticket.play} {ticket.tag}\n".encode())
        self.tickets += 1

    def digest(self) -> str:
        return self._digest.hexdigest()


class Drum:
    """Draws: keeps of every member no more than their best tickets, so it may be given any number of them, in any order."""

    def __init__(self, *, seed: bytes, campaign: str, digest: str, beacon: str, member_wins_max: int) -> None:
        self._seed = seed
        self._before = f"{ALGORITHM}|raffle|{campaign}|{digest}|{beacon}|"
        self._member_wins_max = member_wins_max
        self._best: dict[str, list[tuple[bytes, Ticket]]] = {}

    def add(self, ticket: Ticket) -> None:
        best = self._best.setdefault(ticket.tag, [])
        insort(best, (self.rank(ticket.number), ticket))
        if len(best) > self._member_wins_max:
            best.pop()

    def rank(self, number: int) -> bytes:
        return hmac.digest(self._seed, f"{self._before}{number}".encode(), "sha256")

    def places(self, count: int) -> Sequence[Placed]:
        """At most so many tickets, the best first."""
        every = (
            (rank, ticket, number)
            for best in self._best.values()
            for number, (rank, ticket) in enumerate(best, start=1)
        )
        return [Placed(ticket, number) for _, ticket, number in sorted(every)[:count]]
