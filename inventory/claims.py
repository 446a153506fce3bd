"""One play's claim on what is scarce: the call of `lua/play.lua`, in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from inventory.connection import Connection
from inventory.keys import LaneKeys
from inventory.scripts import script

KEYS_KEPT = 32
"""How many of a member's latest idempotency keys the counters remember; the ledger knows them all."""
UNLIMITED = 1_000_000_000
CARD_LETTER = ord("#")
GROUPS_MAX = 90
"""How many lines a stretch of cards may tell apart: letters from # on, one byte each."""


Of = Literal["campaign", "member"]
Period = Literal["hour", "day", "week", "month", "all", "span", "run", "run_end", "long_run_end"]
"""When a tally begins anew. A span is as the claim says; a run goes on until a play ends it, a long run only past its last
number."""
_LETTERS: dict[Period, str] = {
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "m",
    "all": "a",
    "span": "s",
    "run": "r",
    "run_end": "e",
    "long_run_end": "l",
}


class Take(NamedTuple):
    """The next number of a tally, up to `last`: of the whole campaign or of the member, anew each period or never.

    A sum is taken `amount` at a time: its number is what it comes to, and no number is used for anything else.
    """

    name: str
    of: Of
    period: Period
    last: int
    amount: int = 1
    is_sum: bool = False

    def __str__(self) -> str:
        return f"{self.of[0]}{_LETTERS[self.period]}{self.last}+{self.amount}:{self.name};"


class Number(NamedTuple):
    """A number that was taken, and the period it counts in (0 where a tally never begins anew)."""

    tally: str
    period: int
    number: int


def unit_tally(line: str) -> str:
    """The tally of a line's units: a unit is the number that a play took of it."""
    return f"unit:{line}"


def sent(takes: Iterable[Take]) -> str:
    return "".join(map(str, takes))


def candidate(line: str, takes: Iterable[Take]) -> str:
    """A line that a play may be given, if every number it takes is to be had."""
    return f"{line} {sent(takes)}|"


def group(drawn: str, candidates: Iterable[str]) -> str:
    """What a play may be given that draws this line, in order."""
    return f"{drawn}>{''.join(candidates)}"


class Hours(NamedTuple):
    """From when on each card of a stretch may be taken, and until when any, in ms."""

    due_ms: Sequence[int]
    closes_ms: int

    def __str__(self) -> str:
        return f"{self.closes_ms}:{','.join(map(str, self.due_ms))}"


class Cards(NamedTuple):
    """A stretch of cards in a span: the group that each picks, from 0 on, from the card with number `first` on.

    Cards with hours are taken only when they are due and what they pick is to be had; else the play takes none, and
    what group 0 says.
    """

    take: Take
    span: int
    first: int
    groups: Sequence[int]
    hours: Hours | None = None

    def __str__(self) -> str:
        letters = "".join(chr(CARD_LETTER + place) for place in self.groups)
        return f"{self.take} {self.span} {self.first} {letters} {self.hours or ''}"


def written(numbers: Iterable[Number]) -> str:
    return "".join(f"{tally}={period}:{number};" for tally, period, number in numbers)


def read(text: str) -> tuple[Number, ...]:
    """Numbers as the script writes them. Raises ValueError for anything else."""
    numbers = []
    for each in text.split(";")[:-1]:
        tally, value = each.split("=")
        period, number = value.split(":")
        numbers.append(Number(tally, int(period), int(number)))
    return tuple(numbers)


def taken_of(tally: str, numbers: Iterable[Number]) -> Number | None:
    """The number that was taken of a tally, if one was."""
    return next((taken for taken in numbers if taken.tally == tally), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a version says about claims, ready to send. `zone` is `config.zone_table` flattened."""

    epoch: int
    version: int
    opens_ms: int
    closes_ms: int
    zone: str
    plays_max: int
    day_plays_max: int
    cooldown_ms: int
    backlog_max: int
    takes: str

    def arguments(self) -> tuple[str, ...]:
        numbers = (self.epoch, self.version, self.opens_ms, self.closes_ms)
        limits = (self.plays_max, self.day_plays_max, self.cooldown_ms, self.backlog_max, KEYS_KEPT)
        return (*map(str, numbers), self.zone, *map(str, limits), self.takes)


class Sources(NamedTuple):
    """Where a play's chance may come from, in the order in which they are spent: until when in ms, and what is taken.

    `grants` is how many grants the member has had, by what the claim knows.
    """

    grants: int
    takes: Sequence[tuple[int, Take]]

    def __str__(self) -> str:
        return f"{self.grants}>{''.join(f'{until_ms} {take}|' for until_ms, take in self.takes)}"


class Claim(NamedTuple):
    """What one play asks for. `groups` are candidates in the order they would be given, and `cards` says which group a card
    picks; without cards there is one. Without `sources` a play costs no chance. `of` plays are asked for from this one on:
    there must be room for all. It is not taken unless the member's latest play is `follows`, when that is said. `review` is
    the key of the rule that puts the play under review, and is only written down.
    """

    play: str
    member: str
    request_key: str
    fingerprint: str
    ordinal: int
    word: int
    groups: Sequence[str]
    cards: Cards | None
    key_is_new: bool
    entry: str
    sources: Sources | None = None
    of: int = 1
    follows: str = ""
    review: str = ""


class Taken(NamedTuple):
    """The claim became play `seq`, with these numbers. `previous` is the member's play before it."""

    seq: int
    previous: str | None
    day: int
    day_ordinal: int
    drawn: str
    awarded: str
    numbers: tuple[Number, ...]
    sources_left: int | None
    played_at_ms: int


@dataclass(frozen=True, slots=True)
class Again:
    """The key was used before, with the same body; its play has this stream entry, if it is there still."""

    entry_id: str


@dataclass(frozen=True, slots=True)
class Ordinal:
    """The member's next play has another number than the claim expected."""

    ordinal: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was taken; `word` says why (see the script's header), and `tally` which one has no number left."""

    word: str
    fact: int | None = None
    tally: str = ""


@dataclass(frozen=True, slots=True)
class OtherGrants:
    """The counters know of another number of the member's grants than the claim did."""

    grants: int


@dataclass(frozen=True, slots=True)
class OtherCard:
    """The next card lies outside the stretch that the claim knew."""

    card: int
    span: int


Verdict = Taken | Again | Ordinal | OtherCard | OtherGrants | Refused


async def claim(connection: Connection, keys: LaneKeys, rules: tuple[str, ...], asked: Claim) -> Verdict:
    """One round trip. Raises InventoryAway when it is unknown whether the play was taken."""
    return _verdict(await connection.run(script("play"), _keys(keys, asked), (*rules, *_arguments(asked))))


async def claim_all(
    connection: Connection, keys: LaneKeys, rules: tuple[str, ...], asked: Sequence[Claim]
) -> list[Verdict]:
    """A member's claims one after the other, with nobody's between them, in one round trip.

    Each follows the one before it: where one is not taken, none after it is.
    """
    chained = [asked[0], *(each._replace(follows=before.play) for before, each in pairwise(asked))]
    calls = [(_keys(keys, each), (*rules, *_arguments(each))) for each in chained]
    return [_verdict(reply) for reply in await connection.run_together(script("play"), calls)]


def _keys(keys: LaneKeys, asked: Claim) -> tuple[str, ...]:
    return (keys.counters, keys.member(asked.member), keys.plays)


def _verdict(reply: list[Any]) -> Verdict:
    word, *facts = reply
    return _VERDICTS.get(word, _refused)(word, facts)


def _arguments(asked: Claim) -> tuple[str | int, ...]:
    return (
        "/".join(asked.groups),
        asked.member,
        asked.request_key,
        asked.fingerprint,
        asked.ordinal,
        asked.word,
        asked.play,
        "1" if asked.key_is_new else "",
        str(asked.cards) if asked.cards is not None else "",
        asked.entry,
        str(asked.sources) if asked.sources is not None else "",
        asked.of,
        asked.follows,
        asked.review,
    )


def _taken(_word: str, facts: list[str]) -> Taken:
    seq, previous, day, day_ordinal, drawn, awarded, numbers, left, played_at_ms = facts
    numbered = (int(seq), previous or None, int(day), int(day_ordinal))
    return Taken(*numbered, drawn, awarded, read(numbers), number_or_none(left), int(played_at_ms))


def number_or_none(told: str | int) -> int | None:
    """A number that the script leaves empty where there is none."""
    return int(told) if told != "" else None


def _refused(word: str, facts: list[str]) -> Refused:
    return Refused(word, int(facts[0]) if facts else None, *facts[1:])


_VERDICTS: dict[str, Callable[[str, list[str]], Verdict]] = {
    "played": _taken,
    "again": lambda _, facts: Again(facts[0]),
    "ordinal": lambda _, facts: Ordinal(int(facts[0])),
    "grants": lambda _, facts: OtherGrants(int(facts[0])),
    "card": lambda _, facts: OtherCard(int(facts[0]), int(facts[1])),
}
