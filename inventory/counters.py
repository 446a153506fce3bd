"""Laying the counters down, and looking at them: what recovery, publishing and the audit need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.claims import KEYS_KEPT
from inventory.connection import Connection, InventoryAway, RedisError
from inventory.keys import LaneKeys
from inventory.scripts import script


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of one tally still to be given in a period: from `next` on, and the gaps below it."""

    next: int = 1
    gaps: tuple[int, ...] = ()
    period: int = 0

    def __str__(self) -> str:
        return f"{self.period} {self.next} {','.join(map(str, self.gaps))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """A lane's counters as the ledger has them. `tallies` holds every tally of the campaign."""

    version: int
    seq: int
    day: int
    tallies: Mapping[str, Numbers]

    def fields(self) -> dict[str, str]:
        numbers = {"version": self.version, "seq": self.seq, "committed": self.seq, "day": self.day}
        return {**{name: str(number) for name, number in numbers.items()}, **_tally_fields(self.tallies)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCounters:
    """What the ledger knows of one member: plays so far, those of `day`, the latest one and its hour, how many grants they had, and the latest keys.

    `keys` are oldest first; `tallies` holds the tallies of the member that have given a number.
    """

    plays: int
    day: int
    day_plays: int
    at_ms: int
    play: str
    grants: int
    tallies: Mapping[str, Numbers]
    keys: Sequence[tuple[int, str, str, str]]
    """(ordinal, request key, fingerprint, entry id)."""

    def fields(self) -> dict[str, str]:
        facts = {"plays": self.plays, "day": self.day, "day_plays": self.day_plays, "at": self.at_ms, "play": self.play}
        facts |= {"grants": self.grants}
        fields = {**{name: str(fact) for name, fact in facts.items()}, **_tally_fields(self.tallies)}
        for ordinal, key, fingerprint, entry_id in self.keys[-KEYS_KEPT:]:
            fields[f"key:{key}"] = f"{fingerprint} {entry_id}"
            fields[f"kept:{ordinal % KEYS_KEPT}"] = key
        return fields


def _tally_fields(tallies: Mapping[str, Numbers]) -> dict[str, str]:
    return {f"tally:{name}": str(numbers) for name, numbers in tallies.items()}


async def fence(connection: Connection, keys: LaneKeys, *, epoch: int) -> str:
    return await _word(connection, "fence", (keys.counters,), (epoch,))


async def load(connection: Connection, keys: LaneKeys, *, epoch: int, counters: Counters) -> str:
    arguments: tuple[str | int, ...] = (epoch, *_flat(counters.fields()))
    return await _word(connection, "load", (keys.counters, keys.plays), arguments)


async def load_member(
    connection: Connection, keys: LaneKeys, *, epoch: int, member: str, counters: MemberCounters
) -> str:
    arguments: tuple[str | int, ...] = (epoch, *_flat(counters.fields()))
    return await _word(connection, "load_member", (keys.counters, keys.member(member)), arguments)


async def note_grants(connection: Connection, keys: LaneKeys, *, epoch: int, member: str, grants: int) -> str:
    return await _word(connection, "note_grants", (keys.counters, keys.member(member)), (epoch, grants))


async def set_state(connection: Connection, keys: LaneKeys, *, epoch: int, version: int, state: str) -> str:
    return await _word(connection, "set_state", (keys.counters,), (epoch, version, state))


async def look(connection: Connection, keys: LaneKeys) -> dict[str, str]:
    """The counters as they stand; empty when there are none."""
    return await _hash(connection, keys.counters)


async def look_at_member(connection: Connection, keys: LaneKeys, member: str) -> dict[str, str]:
    return await _hash(connection, keys.member(member))


async def kept_plays(connection: Connection, keys: LaneKeys, member: str, *, epoch: int) -> dict[str, tuple[int, int]]:
    """What a retry of this member would be answered from: request key -> (epoch, play number); empty in another epoch."""
    found = await look_at_member(connection, keys, member)
    if found.get("epoch") != str(epoch):
        return {}
    ids = {field.removeprefix("key:"): kept.split()[-1] for field, kept in found.items() if field.startswith("key:")}
    numbers = {key: entry_id.split("-") for key, entry_id in ids.items()}
    return {key: (int(of_epoch), int(seq)) for key, (of_epoch, seq) in numbers.items()}


async def _hash(connection: Connection, key: str) -> dict[str, str]:
    try:
        found: Any = await connection.calm.hgetall(key)
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error
    return dict(found)


async def _word(connection: Connection, name: str, keys: tuple[str, ...], arguments: Sequence[str | int]) -> str:
    word, *_ = await connection.run(script(name), keys, arguments)
    return str(word)


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]
