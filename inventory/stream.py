"""What the script wrote down before anything else: plays that the ledger may not have yet."""

from __future__ import annotations

from typing import Any, NamedTuple

import structlog

from inventory.claims import Number, number_or_none, taken_of, unit_tally
from inventory.claims import read as read_numbers
from inventory.connection import Connection, InventoryAway, RedisError
from inventory.keys import LaneKeys
from inventory.scripts import script

log = structlog.get_logger()


class Entry(NamedTuple):
    """One play as the script wrote it, with every number it took. `previous` is the member's play before it,
    `sources_left` how many chances were left after it, where plays cost chances, and `review` the key of the rule that put
    it under review, if one did."""

    epoch: int
    seq: int
    play: str
    previous: str | None
    member: str
    request_key: str
    fingerprint: str
    ordinal: int
    day: int
    day_ordinal: int
    drawn: str
    awarded: str
    numbers: tuple[Number, ...]
    sources_left: int | None
    word: int
    version: int
    played_at_ms: int
    review: str
    entry: str

    @property
    def unit(self) -> int | None:
        """The unit of the awarded line, if the line counts them."""
        taken = taken_of(unit_tally(self.awarded), self.numbers)
        return taken.number if taken is not None else None


class PoisonEntry(Exception):
    """A stream entry is not what the script writes."""

    def __init__(self, entry_id: str) -> None:
        super().__init__(f"entry {entry_id} cannot be read")
        self.entry_id = entry_id


async def read(
    connection: Connection, keys: LaneKeys, *, after: tuple[int, int] = (0, 0), entries_max: int = 500
) -> list[Entry]:
    """Entries after (epoch, seq), oldest first. One that cannot be read is left out, which makes a hole of it."""
    epoch, seq = after
    try:
        found: Any = await connection.calm.xrange(keys.plays, min=f"({epoch}-{seq}", count=entries_max)
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error
    return [entry for entry_id, fields in found if (entry := _parsed(entry_id, fields)) is not None]


async def one(connection: Connection, keys: LaneKeys, entry_id: str) -> Entry | None:
    """The entry with this id; None when it was trimmed, which means that the ledger has it."""
    try:
        found: Any = await connection.calm.xrange(keys.plays, min=entry_id, max=entry_id)
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error
    return _parsed(*found[0]) if found else None


async def trim(connection: Connection, keys: LaneKeys, *, epoch: int, committed: int) -> str:
    """Tell the lane how far the ledger has come, and drop the entries it has; the script's word comes back."""
    word, *_ = await connection.run(script("trim"), (keys.counters, keys.plays), (epoch, committed))
    return str(word)


def _parsed(entry_id: str, fields: dict[str, str]) -> Entry | None:
    try:
        return parse(entry_id, fields)
    except PoisonEntry:
        log.warning("stream.poison_entry", entry=entry_id)
        return None


def parse(entry_id: str, fields: dict[str, str]) -> Entry:
    try:
        epoch, seq = map(int, entry_id.split("-"))
        values = fields["play"].split("|", 16)
        play, previous, member, request_key, fingerprint, ordinal, day, day_ordinal, drawn, awarded = values[:10]
        numbers, left, word, version, played_at_ms, review, entry = values[10:]
        return Entry(
            epoch=epoch,
            seq=seq,
            play=play,
            previous=previous or None,
            member=member,
            request_key=request_key,
            fingerprint=fingerprint,
            ordinal=int(ordinal),
            day=int(day),
            day_ordinal=int(day_ordinal),
            drawn=drawn,
            awarded=awarded,
            numbers=read_numbers(numbers),
            sources_left=number_or_none(left),
            word=int(word),
            version=int(version),
            played_at_ms=int(played_at_ms),
            review=review,
            entry=entry,
        )
    except (KeyError, ValueError) as error:
        raise PoisonEntry(entry_id) from error
