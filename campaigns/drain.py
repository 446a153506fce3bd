"""Brings what the stream holds into the ledger: the worker's task, and a recovery's first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.ledger import BATCH_PLAYS_MAX, Ledger, Row
from campaigns.models import Campaign, CampaignVersion, Play, State, VoidPlay
from campaigns.raffle_models import RaffleDraw
from campaigns.versions import Running, Versions
from core.clock import to_ms
from core.db import Database
from core.errors import NotFound
from inventory import stream
from inventory.connection import Connection
from inventory.stream import Entry

ENTRIES_MAX = BATCH_PLAYS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a drain found. `forks` are entries that the ledger does not permit: the counters went astray.

    `is_complete` says that the stream held nothing more when it was read to its end.
    """

    committed: int
    forks: tuple[Entry, ...] = ()
    has_hole: bool = False
    is_complete: bool = False

    @property
    def agrees(self) -> bool:
        return not self.forks and not self.has_hole


class Drain:
    def __init__(self, *, database: Database, versions: Versions, ledger: Ledger, connection: Connection) -> None:
        self._database = database
        self._versions = versions
        self._ledger = ledger
        self._connection = connection

    async def catch_up(self, running: Running, *, committed: int, up_to_ms: int | None = None) -> Drained:
        """Commit every entry past the watermark `committed` (played before `up_to_ms`), move it, trim below it."""
        while True:
            found = await stream.read(
                self._connection, running.keys, after=(running.epoch, committed), entries_max=ENTRIES_MAX
            )
            entries = [entry for entry in found if up_to_ms is None or entry.played_at_ms < up_to_ms]
            if not entries:
                return Drained(committed=committed, is_complete=not found)
            if not await self._is_held(running.campaign, entries, after=committed):
                forks = await self._commit(running.campaign, entries, permit_epoch=running.epoch)
                has_hole = not await self._is_contiguous(running.campaign, committed + 1, entries[-1].seq)
                if forks or has_hole:
                    return Drained(committed=committed, forks=forks, has_hole=has_hole)
            committed = entries[-1].seq
            await self._move_watermark(running, committed)
            if len(entries) < len(found) or len(found) < ENTRIES_MAX:
                return Drained(committed=committed, is_complete=len(entries) == len(found))

    async def holds(self, running: Running, member: str) -> bool:
        """Whether the stream has a play of this member past the watermark."""
        after = (running.epoch, (await self._versions.glance(running.campaign)).committed)
        while found := await stream.read(self._connection, running.keys, after=after, entries_max=ENTRIES_MAX):
            if any(entry.member == member for entry in found):
                return True
            after = (found[-1].epoch, found[-1].seq)
        return False

    async def rescue(self, running: Running) -> tuple[Entry, ...]:
        """Commit what a fenced lane's stream still holds, under the running epoch; what does not go in comes back.

        Entries of an epoch before the ledger's last one are left: epochs never go back along the play numbers. So are
        those that a pause came before: a lane goes on deciding until it is fenced.
        """
        async with self._database.reading() as session:
            of_campaign = Play.campaign_id == running.campaign
            last_epoch = await session.scalar(select(func.max(Play.epoch)).where(of_campaign)) or 0
            pauses = await _pauses(session, running.campaign)
        forks: list[Entry] = []
        after = (last_epoch, 0)
        while found := await stream.read(self._connection, running.keys, after=after, entries_max=ENTRIES_MAX):
            late = [entry for entry in found if _is_after_pause(entry, pauses)]
            in_time = [entry for entry in found if entry not in late]
            forks += [*late, *await self._commit(running.campaign, in_time, permit_epoch=running.epoch)]
            after = (found[-1].epoch, found[-1].seq)
        return tuple(forks)

    async def _is_held(self, campaign: str, entries: Sequence[Entry], *, after: int) -> bool:
        """Whether the ledger has these very plays and they leave no number out: as it is when the API is well."""
        if len(entries) != entries[-1].seq - after:
            return False
        within = (Play.campaign_id == campaign) & (Play.lane == 0) & Play.seq.between(after + 1, entries[-1].seq)
        async with self._database.reading() as session:
            held = {(row.seq, row.id) for row in await session.execute(select(Play.seq, Play.id).where(within))}
        return held == {(entry.seq, entry.play) for entry in entries}

    async def _commit(self, campaign: str, entries: Sequence[Entry], *, permit_epoch: int) -> tuple[Entry, ...]:
        """Commit those the ledger has not yet, which are few; what does not go in comes back. After a raffle's seal nothing does."""
        if not entries:
            return ()
        last = await self._sealed_at(campaign)
        held = await self._ledger.held([entry.play for entry in entries])
        rows = []
        for entry in entries:
            if entry.play in held or (last is not None and entry.seq > last):
                continue
            try:
                version = await self._versions.at(campaign, entry.version)
            except NotFound:  # no version of ours says this: whatever wrote it, it was never shown
                continue
            rows.append(Row(entry, version, permit_epoch))
        if rows:
            held |= await self._ledger.commit_all(rows)
        return tuple(entry for entry in entries if entry.play not in held)

    async def _sealed_at(self, campaign: str) -> int | None:
        """The last number that is a ticket, where a raffle's tickets are sealed: with the seal began the epoch of who asks."""
        async with self._database.reading() as session:
            last: int | None = await session.scalar(
                select(RaffleDraw.last_seq).where(RaffleDraw.campaign_id == campaign)
            )
            return last

    async def _is_contiguous(self, campaign: str, first: int, last: int) -> bool:
        """Whether the ledger holds every number of a range, as a play or as void."""
        total = 0
        async with self._database.reading() as session:
            for noun in (Play, VoidPlay):
                within = (noun.campaign_id == campaign) & (noun.lane == 0) & noun.seq.between(first, last)
                total += await session.scalar(select(func.count()).select_from(noun).where(within)) or 0
        return total == last - first + 1

    async def _move_watermark(self, running: Running, committed: int) -> None:
        """SQL first: an entry may be kept too long, but never dropped too soon."""
        async with self._database.transaction() as session:
            await session.execute(
                update(Campaign)
                .where(Campaign.id == running.campaign, Campaign.epoch == running.epoch)
                .where(Campaign.committed < committed)
                .values(committed=committed)
            )
        await stream.trim(self._connection, running.keys, epoch=running.epoch, committed=committed)


async def _pauses(session: AsyncSession, campaign: str) -> list[tuple[int, int]]:
    """(version, from when in ms) of every pause."""
    paused = select(CampaignVersion.version, CampaignVersion.created_at).where(
        CampaignVersion.campaign_id == campaign, CampaignVersion.state == State.PAUSED
    )
    return [(version, to_ms(since)) for version, since in await session.execute(paused)]


def _is_after_pause(entry: Entry, pauses: Sequence[tuple[int, int]]) -> bool:
    return any(version > entry.version and entry.played_at_ms >= since_ms for version, since_ms in pauses)
