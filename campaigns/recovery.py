"""When the counters are wrong: fence, drain what survives, rebuild from the ledger, check, reopen.

Opening a campaign, pausing it and resuming it are the same walk: each begins an epoch in SQL, and this brings Redis to
it. Every step can be repeated and can be done by two processes at once; none reveals anything.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

import structlog
from sqlalchemy import update

from campaigns.drain import Drain
from campaigns.models import Campaign, State, VoidPlay
from campaigns.rebuild import counters_of, missing_plays
from campaigns.versions import Running, Versions
from core.clock import Clock
from core.db import Database
from core.errors import Refusal
from inventory import counters as lane
from inventory.connection import Connection, InventoryAway

log = structlog.get_logger()

STATE_WORDS = {State.PUBLISHED: "open", State.PAUSED: "paused"}


class RecoveryFailed(Refusal, code="recovery-failed"):
    """The counters could not be brought to agree with the ledger; the campaign stays closed until they do."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class Recovery:
    def __init__(
        self, *, database: Database, versions: Versions, drain: Drain, connection: Connection, clock: Clock
    ) -> None:
        self._database = database
        self._versions = versions
        self._drain = drain
        self._connection = connection
        self._clock = clock
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def recover(self, campaign: str, *, seen_epoch: int, reason: str) -> Running:
        """Begin a new epoch, unless somebody has since `seen_epoch`, and settle it."""
        async with self._database.transaction() as session:
            begun = await session.execute(
                update(Campaign)
                .where(Campaign.id == campaign, Campaign.epoch == seen_epoch)
                .values(epoch=Campaign.epoch + 1)
                .returning(Campaign.epoch)
            )
            epoch = begun.scalar()
        if epoch is not None:
            log.warning("campaign.recovering", campaign=campaign, epoch=epoch, reason=reason)
        return await self.settle(campaign)

    async def follow(self, campaign: str) -> None:
        """Settle after an operator's change, if the counters can be reached; the worker does it otherwise."""
        try:
            await self.settle(campaign)
        except (InventoryAway, RecoveryFailed) as error:
            log.warning("campaign.not_settled_yet", campaign=campaign, reason=str(error))

    async def settle(self, campaign: str) -> Running:
        """Bring the counters to the campaign's epoch, version and state. Does nothing when they are there."""
        async with self._one_at_a_time[campaign]:
            running = await self._versions.look_again(campaign)
            if not running.is_settled:
                await self._walk(running)
                running = await self._versions.look_again(campaign)
            await self._set_state(running)
            return running

    async def _walk(self, running: Running) -> None:
        running = await self._fence(running)
        for fork in await self._drain.rescue(running):
            log.warning("play.not_permitted", campaign=running.campaign, epoch=fork.epoch, seq=fork.seq)
        truth = await self._close_books(running)
        if truth is None:
            return
        word = await lane.load(self._connection, running.keys, epoch=running.epoch, counters=truth)
        if word == "loaded":
            await self._check(running, truth)
        elif word != "kept":
            raise RecoveryFailed(reason=word)
        await self._note_settled(running)

    async def _fence(self, running: Running) -> Running:
        word = await lane.fence(self._connection, running.keys, epoch=running.epoch)
        if word == "fenced":
            return running
        # The counters are ahead of the ledger: SQL was restored from a backup. Its epoch must pass theirs.
        there = int((await lane.look(self._connection, running.keys)).get("epoch", 0))
        async with self._database.transaction() as session:
            await session.execute(
                update(Campaign).where(Campaign.id == running.campaign, Campaign.epoch <= there).values(epoch=there + 1)
            )
        return await self._fence(await self._versions.look_again(running.campaign))

    async def _close_books(self, running: Running) -> lane.Counters | None:
        """Void what is missing and count what is there, with the ledger held still; None when there is nothing to do.

        The watermark moves over all of it in the same transaction, so that no straggler comes in underneath.
        """
        async with self._database.transaction() as session:
            row = await session.get_one(Campaign, running.campaign, with_for_update=True)
            if row.epoch != running.epoch or row.settled_epoch == row.epoch:
                return None
            for seq in await missing_plays(session, campaign=row.id, after=row.committed):
                session.add(
                    VoidPlay(
                        campaign_id=row.id,
                        lane=0,
                        seq=seq,
                        epoch=running.epoch,
                        reason="lost before the ledger had it",
                        at=self._clock.now(),
                    )
                )
            await session.flush()
            truth = await counters_of(session, running)
            row.committed = truth.seq
            return truth

    async def _check(self, running: Running, truth: lane.Counters) -> None:
        found = await lane.look(self._connection, running.keys)
        wanted = {**truth.fields(), "epoch": str(running.epoch), "state": "loaded"}
        wrong = sorted(field for field, value in wanted.items() if found.get(field) != value)
        if wrong and found.get("state") not in STATE_WORDS.values():  # otherwise another process opened it by now
            raise RecoveryFailed(reason=f"counters differ after loading: {', '.join(wrong)}")

    async def _note_settled(self, running: Running) -> None:
        async with self._database.transaction() as session:
            await session.execute(
                update(Campaign)
                .where(Campaign.id == running.campaign, Campaign.epoch == running.epoch)
                .where(Campaign.settled_epoch < running.epoch)
                .values(settled_epoch=running.epoch)
            )

    async def _set_state(self, running: Running) -> None:
        word = await lane.set_state(
            self._connection,
            running.keys,
            epoch=running.epoch,
            version=running.version.number,
            state=STATE_WORDS[running.state],
        )
        if word not in {"set", "kept"}:
            raise RecoveryFailed(reason=word)
