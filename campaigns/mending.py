"""Finds out why the counters did not agree, and mends it: the answer to every word that is not about the member."""

from __future__ import annotations

from campaigns.drain import Drain
from campaigns.rebuild import member_counters
from campaigns.recovery import Recovery
from campaigns.versions import Running, Versions
from core.db import Database
from inventory import counters as lane
from inventory.connection import Connection


class Mending:
    def __init__(
        self, *, database: Database, versions: Versions, drain: Drain, recovery: Recovery, connection: Connection
    ) -> None:
        self._database = database
        self._versions = versions
        self._drain = drain
        self._recovery = recovery
        self._connection = connection

    async def mend(self, seen: Running, word: str, fact: int | None) -> None:
        """After the script said `word` to a claim made under `seen`."""
        now = await self._versions.look_again(seen.campaign)
        if not now.is_settled:
            await self._recovery.settle(seen.campaign)
        elif (now.epoch, now.version.number) != (seen.epoch, seen.version.number):
            return  # it was we who were behind
        elif word == "loaded" or (word == "other_version" and (fact or 0) < now.version.number):
            await self._recovery.settle(seen.campaign)
        else:
            await self._recovery.recover(seen.campaign, seen_epoch=seen.epoch, reason=word)

    async def check(self, seen: Running) -> None:
        """After the ledger did not permit a play made under `seen`: commit what goes before it, or recover."""
        now = await self._versions.look_again(seen.campaign)
        if now.epoch != seen.epoch:
            await self._recovery.settle(seen.campaign)
            return
        committed = (await self._versions.glance(now.campaign)).committed
        drained = await self._drain.catch_up(now, committed=committed)
        if not drained.agrees:
            await self.recover(now, reason="a play's numbers are taken" if drained.forks else "a play is missing")

    async def recover(self, seen: Running, *, reason: str) -> None:
        await self._recovery.recover(seen.campaign, seen_epoch=seen.epoch, reason=reason)

    async def load_member(self, running: Running, member: str) -> bool:
        """Lay down what the ledger knows of the member; False when the lane is not what we think it is.

        What the stream still holds of them goes into the ledger first, or the counters would not know it for good.
        """
        if await self._drain.holds(running, member):
            await self.check(running)
        async with self._database.reading() as session:
            known = await member_counters(session, campaign=running.campaign, member=member)
        word = await lane.load_member(
            self._connection, running.keys, epoch=running.epoch, member=member, counters=known
        )
        if word in {"loaded", "kept"}:
            return True
        await self.mend(running, word, None)
        return False

    async def tend(self, campaign: str, *, up_to_ms: int | None = None) -> bool:
        """The worker's round: settle what is not, see that the counters are the ledger's, drain.

        Whether there was anything to see to: plays past the watermark, or counters to mend.
        """
        seen = await self._versions.glance(campaign)  # before the counters: they never run behind the ledger
        running = await self._versions.as_of(campaign, seen)
        was_settled = running.is_settled
        if not was_settled:
            running = await self._recovery.settle(campaign)
            seen = await self._versions.glance(campaign)
        found = await lane.look(self._connection, running.keys)
        last = int(found.get("seq", 0))
        if found.get("epoch") != str(running.epoch) or found.get("state") in {None, "recovering"}:
            await self.recover(running, reason=f"counters stand at epoch {found.get('epoch', 'none')}")
        elif found.get("version") != str(running.version.number) or found["state"] == "loaded":
            await self._recovery.settle(campaign)
        elif last < seen.highest:
            await self.recover(running, reason="the ledger is ahead of the counters")
        else:  # always: counters that went back may know nothing of what the stream holds
            return await self._drain_lane(running, seen.committed, last, up_to_ms) or not was_settled
        return True

    async def _drain_lane(self, running: Running, committed: int, last: int, up_to_ms: int | None) -> bool:
        drained = await self._drain.catch_up(running, committed=committed, up_to_ms=up_to_ms)
        if not drained.agrees:
            await self.recover(running, reason="the stream does not fit the ledger")
        elif drained.is_complete and drained.committed < last and not await self._is_drained(running.campaign, last):
            await self.recover(running, reason="plays were lost from the stream")
        return last > committed or not drained.agrees

    async def _is_drained(self, campaign: str, last: int) -> bool:
        """Whether another worker has moved the watermark that far meanwhile."""
        return (await self._versions.glance(campaign)).committed >= last
