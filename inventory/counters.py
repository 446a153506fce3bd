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
    """Numbers of one kind still to be given: from `next` on, and the gaps below it."""

    next: int
    gaps: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.next} {','.join(map(str, self.gaps))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """A lane's counters as the ledger has them. `units` and `day_numbers` hold every line that counts them."""

    version: int
    seq: int
    day: int
    units: Mapping[str, Numbers]
    day_numbers: Mapping[str, Numbers]

    def fields(self) -> dict[str, str]:
        lines = {f"units:{line}": str(numbers) for line, numbers in self.units.items()}
        days = {f"days:{line}": f"{self.day} {numbers}" for line, numbers in self.day_numbers.items()}
        return {
            "version": str(self.version),
            "seq": str(self.seq),
            "committed": str(self.seq),
            "day": str(self.day),
            **lines,
            **days,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCounters:
    """What the ledger knows of one member: plays so far, those of `day`, and the latest keys, oldest first."""

    plays: int
    day: int
    day_plays: int
    keys: Sequence[tuple[int, str, str, str]]
    """(ordinal, request key, fingerprint, entry id)."""

    def fields(self) -> dict[str, str]:
        fields = {"plays": str(self.plays), "day": str(self.day), "day_plays": str(self.day_plays)}
        for ordinal, key, fingerprint, entry_id in self.keys[-KEYS_KEPT:]:
            fields[f"key:{key}"] = f"{fingerprint} {entry_id}"
            fields[f"kept:{ordinal % KEYS_KEPT}"] = key
        return fields


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
