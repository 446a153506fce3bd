"""Where a play's chance may come from, as far as this process knows; the counters say when there is more to know."""

from __future__ import annotations

from collections import OrderedDict

import structlog

from campaigns.chances import free_until
from campaigns.tallies import take_of_free
from campaigns.versions import Running, Versions
from core.clock import Clock, to_ms
from core.db import Database
from earning.grants import Held, in_order, look
from inventory import counters as lane
from inventory.claims import Sources, Take
from inventory.connection import Connection, InventoryAway

log = structlog.get_logger()
MEMBERS_KEPT = 100_000
NOTHING = Held(0, ())


class Paying:
    def __init__(self, *, database: Database, versions: Versions, connection: Connection, clock: Clock) -> None:
        self._database = database
        self._versions = versions
        self._connection = connection
        self._clock = clock
        self._held: OrderedDict[tuple[str, str], Held] = OrderedDict()

    def sources(self, running: Running, member: str) -> Sources | None:
        """None where plays cost no chance."""
        version = running.version
        if version.config.chances is None:
            return None
        held = self._held.get((running.campaign, member), NOTHING)
        now_ms = to_ms(self._clock.now())
        free = take_of_free(version.config)
        takes = in_order(held.open, free_until(version, free, now_ms=now_ms) if free is not None else None, free)
        return Sources(held.total, takes)

    async def learn(self, running: Running, member: str, *, counters_know: int | None = None) -> bool:
        """Read the member's grants again, and let the counters know of those they do not; whether a claim may differ now."""
        key = (running.campaign, member)
        before = self._held.get(key, NOTHING)
        held = await look(self._database, campaign=running.campaign, member=member, now=self._clock.now())
        self._held[key] = held
        self._held.move_to_end(key)
        if len(self._held) > MEMBERS_KEPT:
            self._held.popitem(last=False)
        known = before.total if counters_know is None else counters_know
        if held.total > known:
            await self.note(running, member, held.total)
        return _takes(held) != _takes(before) or held.total != known

    async def tell(self, campaign: str, member: str, total: int) -> None:
        """`note`, where it can be done; counters that do not hear of it now ask when they must."""
        try:
            await self.note(await self._versions.running(campaign), member, total)
        except InventoryAway as away:
            log.info("grant_not_told", campaign=campaign, reason=str(away))

    async def note(self, running: Running, member: str, total: int) -> None:
        """Let the counters know how many grants the member has had; they ask for the rest when they must."""
        await lane.note_grants(self._connection, running.keys, epoch=running.epoch, member=member, grants=total)


def _takes(held: Held) -> list[tuple[int, Take]]:
    return [(grant.expires_ms, grant.take) for grant in held.open]
