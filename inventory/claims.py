"""One play's claim on what is scarce: the call of `lua/play.lua`, in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from inventory.connection import Connection
from inventory.keys import LaneKeys
from inventory.scripts import script

KEYS_KEPT = 32
"""How many of a member's latest idempotency keys the counters remember; the ledger knows them all."""
UNLIMITED = 1_000_000_000


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
    backlog_max: int

    def arguments(self) -> tuple[str, ...]:
        numbers = (self.epoch, self.version, self.opens_ms, self.closes_ms)
        limits = (self.plays_max, self.day_plays_max, self.backlog_max, KEYS_KEPT)
        return (*map(str, numbers), self.zone, *map(str, limits))


class Claim(NamedTuple):
    """What one play asks for. `last_unit` and `day_cap` are of the drawn line; None is unlimited."""

    play: str
    member: str
    request_key: str
    fingerprint: str
    ordinal: int
    word: int
    drawn: str
    fallback: str
    last_unit: int | None
    day_cap: int | None
    key_is_new: bool
    entry: str


class Taken(NamedTuple):
    """The claim became play `seq`; numbers that the awarded line does not count are None."""

    seq: int
    day: int
    day_ordinal: int
    awarded: str
    unit: int | None
    line_day_number: int | None
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
    """Nothing was taken; `word` says why (see the script's header)."""

    word: str
    fact: int | None = None


Verdict = Taken | Again | Ordinal | Refused


async def claim(connection: Connection, keys: LaneKeys, rules: tuple[str, ...], asked: Claim) -> Verdict:
    """One round trip. Raises InventoryAway when it is unknown whether the play was taken."""
    word, *facts = await connection.run(
        script("play"),
        (keys.counters, keys.member(asked.member), keys.plays),
        (*rules, *_arguments(asked)),
    )
    return _VERDICTS.get(word, _refused)(word, facts)


def _arguments(asked: Claim) -> tuple[str | int, ...]:
    return (
        asked.fallback,
        asked.drawn,
        "" if asked.last_unit is None else asked.last_unit,
        "" if asked.day_cap is None else asked.day_cap,
        asked.member,
        asked.request_key,
        asked.fingerprint,
        asked.ordinal,
        asked.word,
        asked.play,
        "1" if asked.key_is_new else "",
        asked.entry,
    )


def _taken(_word: str, facts: list[str]) -> Taken:
    seq, day, day_ordinal, awarded, unit, line_day_number, played_at_ms = facts
    return Taken(
        int(seq), int(day), int(day_ordinal), awarded, _number(unit), _number(line_day_number), int(played_at_ms)
    )


def _refused(word: str, facts: list[str]) -> Refused:
    return Refused(word, int(facts[0]) if facts else None)


def _number(text: str) -> int | None:
    return None if text == "" else int(text)


_VERDICTS: dict[str, Callable[[str, list[str]], Verdict]] = {
    "played": _taken,
    "again": lambda _, facts: Again(facts[0]),
    "ordinal": lambda _, facts: Ordinal(int(facts[0])),
}
