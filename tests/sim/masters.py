"""Two writable masters, and what happens to data: snapshots come back, keys get lost, one becomes the other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import redis

PLAYED_AT = 14
ALWAYS = 1 << 50
Snapshot = dict[bytes, bytes]


@dataclass
class Masters:
    clients: Sequence[redis.Redis]

    def take(self, master: int) -> Snapshot:
        client = self.clients[master]
        keys: Any = client.keys("*")
        dumps: Any = {key: client.dump(key) for key in sorted(keys)}
        return dict(dumps)

    def restore(self, master: int, snapshot: Snapshot) -> None:
        self.flush(master)
        for key, dump in snapshot.items():
            self.clients[master].restore(key, 0, dump)

    def restore_one(self, master: int, snapshot: Snapshot, rng: Random) -> None:
        """A torn restore: one key is as it was then, the others as they are."""
        if snapshot:
            key = rng.choice(sorted(snapshot))
            self.clients[master].restore(key, 0, snapshot[key], replace=True)

    def flush(self, master: int) -> None:
        self.clients[master].flushdb()

    def lose(self, master: int, *, kind: str, rng: Random) -> None:
        keys = sorted(key for key in self.clients[master].keys("*") if kind.encode() in key)
        if keys:
            self.clients[master].delete(rng.choice(keys))

    def cut_stream(self, master: int, rng: Random) -> None:
        """The newest entries are gone, as after a log cut short; the counters stay."""
        keys: Any = self.clients[master].keys("*:plays")
        for key in keys:
            newest: Any = self.clients[master].xrevrange(key, count=rng.randint(1, 3))
            with contextlib.suppress(redis.ResponseError):
                self.clients[master].xdel(key, *[entry_id for entry_id, _ in newest])

    def copy(self, source: int, target: int) -> None:
        self.restore(target, self.take(source))

    def played_before(self, master: int, *, newest: int) -> int:
        """The instant before which all but the newest few entries were played, in ms."""
        client: Any = self.clients[master]
        streams = [client.xrange(key) for key in client.keys("*:plays")]
        entries = [fields[b"play"].split(b"|") for stream in streams for _, fields in stream]
        instants = sorted(int(entry[PLAYED_AT]) for entry in entries)
        return instants[-newest] if 0 < newest <= len(instants) else 0 if newest else ALWAYS
