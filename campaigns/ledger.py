"""Commits plays: micro-batches across concurrent requests, one transaction of play, award and outbox.

SQL permits: a row goes in only under the campaign's epoch, on an existing unit, after the member's previous play, with
numbers nobody has. A row that does not go in was written already (by the worker, from the stream) or must not be shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from campaigns.covers import claim_before, covered_until_ms
from campaigns.ledger_sql import Batch, insert_plays
from campaigns.models import Play
from campaigns.reviewing import reason_of
from campaigns.versions import Version
from core.clock import from_ms
from core.db import Database
from core.errors import Refusal
from earning.grants import GRANT
from inventory.claims import read, unit_tally, written
from inventory.stream import Entry
from prizes.awards import Won

BATCH_PLAYS_MAX = 500
GATHER_SECONDS = 0.002
"""How long plays gather for one batch while several members play at once; one alone never waits."""
QUEUE_PLAYS_MAX = 10_000
WRITERS_MAX = 3  # one batch gathers while others are on their way; SQLite has one writer anyway
PLAY_FIELDS = (
    *("epoch", "seq", "request_key", "fingerprint", "ordinal", "day", "day_ordinal", "drawn", "awarded"),
    *("word", "version", "played_at_ms", "entry", "sources_left"),
)


class LedgerAway(Refusal, code="ledger-away"):
    """The ledger cannot be reached or did not answer; nothing that it does not hold is shown."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


@dataclass(frozen=True, slots=True)
class Row:
    """A play to commit. `permit_epoch` is the epoch under which SQL permits it: a recovery's, for what it drains."""

    entry: Entry
    version: Version
    permit_epoch: int

    def values(self) -> dict[str, Any]:
        limits = self.version.config.limits
        entry = self.entry
        return {
            **{field: getattr(entry, field) for field in PLAY_FIELDS},
            "id": entry.play,
            "campaign_id": self.version.campaign,
            "member_id": entry.member,
            "permit_epoch": self.permit_epoch,
            "lane": 0,
            "previous_ordinal": entry.ordinal - 1 or None,
            "previous_id": entry.previous,
            "previous_day_ordinal": entry.day_ordinal - 1 or None,
            "plays_max": limits.member_plays_max,
            "day_plays_max": limits.member_day_plays_max,
            "unit": entry.unit,
            "numbers": written(entry.numbers),
            "covered_until_ms": covered_until_ms(entry, self.version),
            "review": entry.review or None,
        }

    def spends(self) -> list[dict[str, Any]]:
        """What its award takes of the campaign's budgets."""
        periods = {tally: period for tally, period, _ in self.entry.numbers}
        return [
            {
                "campaign_id": self.version.campaign,
                "tally": take.name,
                "period": periods.get(take.name, 0),
                "amount": take.amount,
                "most": take.last,
                "play_id": self.entry.play,
            }
            for take in self.version.takes_when[self.entry.awarded].values()
            if take.is_sum
        ]

    def tallies(self) -> list[dict[str, Any]]:
        """The numbers it takes, but for its unit, sums and granted chances. A tally that the version does not have permits none; a run ends
        at its last number.
        """
        entry, campaign = self.entry, self.version.campaign
        takes, unit = self.version.takes_when[entry.awarded], unit_tally(entry.awarded)
        rows = []
        for tally, period, number in entry.numbers:
            take = takes.get(tally)
            if tally == unit or tally.startswith(GRANT) or (take is not None and take.is_sum):
                continue
            rows.append(
                {
                    "campaign_id": campaign,
                    "tally": tally,
                    "subject_id": entry.member if take is not None and take.of == "member" else campaign,
                    "period": period,
                    "number": number,
                    "last": number if take is not None and take.period == "run_end" else take.last if take else 0,
                    "play_id": entry.play,
                }
            )
        return rows

    def uses(self) -> list[dict[str, Any]]:
        """The granted chance it costs, if it was paid by one."""
        return [
            {
                "campaign_id": self.version.campaign,
                "member_id": self.entry.member,
                "grant_number": int(tally.removeprefix(GRANT)),
                "number": number,
                "play_id": self.entry.play,
            }
            for tally, _, number in self.entry.numbers
            if tally.startswith(GRANT)
        ]

    def won(self) -> Won | None:
        """The award this play wins, or None; it carries the play's id, so writing it twice is harmless."""
        entry, version = self.entry, self.version
        prize = version.lines[entry.awarded].prize
        if prize is None:
            return None
        covered_ms = covered_until_ms(entry, version)
        return Won(
            award_id=entry.play,
            mall_id=version.mall,
            campaign_id=version.campaign,
            member_id=entry.member,
            play_id=entry.play,
            line=entry.awarded,
            unit=entry.unit,
            prize=prize,
            won_at=from_ms(entry.played_at_ms),
            claim_before=claim_before(entry, version),
            held_for=entry.review or None,
            told=reason_of(version.config, entry.review).model_dump() if entry.review else None,
            covered_until=from_ms(covered_ms) if covered_ms is not None else None,
        )


class Ledger:
    """One per process. `commit` waits for the batch that holds its play."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Row, asyncio.Future[bool]]] = []
        self._writers: set[asyncio.Task[None]] = set()
        self._writers_max = 1 if database.is_sqlite else WRITERS_MAX

    async def commit(self, row: Row) -> bool:
        """Whether the ledger holds this very play now; False means that SQL does not permit it."""
        if len(self._waiting) >= QUEUE_PLAYS_MAX:
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, answer))
        # A writer that has ended may not have left the set yet, and would not see this play.
        if sum(not writer.done() for writer in self._writers) < self._writers_max:
            writer = asyncio.create_task(self._write())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await answer

    async def _write(self) -> None:
        """Commit batch after batch while plays wait; those that come during a commit share the next."""
        gathers = False
        while self._waiting:
            if gathers:
                await asyncio.sleep(GATHER_SECONDS)
            batch, self._waiting = self._waiting[:BATCH_PLAYS_MAX], self._waiting[BATCH_PLAYS_MAX:]
            try:
                held = await self.commit_all([row for row, _ in batch])
            except Exception as error:
                _fail(batch, error)
                continue
            gathers = len(batch) > 1
            for row, answer in batch:
                if not answer.done():
                    answer.set_result(row.entry.play in held)

    async def commit_all(self, rows: Sequence[Row]) -> set[str]:
        """Commit what SQL permits, in the order of play numbers; the ids of those the ledger holds now."""
        ordered = sorted(rows, key=lambda row: (row.version.campaign, row.entry.seq))
        try:
            held = await self._insert(ordered)
        except IntegrityError:
            held = await self._insert_one_by_one(ordered)
        missing = [row.entry.play for row in ordered if row.entry.play not in held]
        return held | await self.held(missing) if missing else held

    async def _insert(self, rows: Sequence[Row]) -> set[str]:
        won = [won for row in rows if (won := row.won()) is not None]
        tallies = [tally for row in rows for tally in row.tallies()]
        uses = [use for row in rows for use in row.uses()]
        spends = [spend for row in rows for spend in row.spends()]
        batch = Batch(plays=[row.values() for row in rows], tallies=tallies, spends=spends, uses=uses, won=won)
        return await insert_plays(self._database, batch)

    async def _insert_one_by_one(self, rows: Sequence[Row]) -> set[str]:
        """A row of the batch breaks a constraint: find which, so that the others are not held back."""
        held: set[str] = set()
        for row in rows:
            try:
                held |= await self._insert([row])
            except IntegrityError:
                continue
        return held

    async def held(self, plays: Sequence[str]) -> set[str]:
        """Which of these plays the ledger has."""
        async with self._database.reading() as session:
            return set(await session.scalars(select(Play.id).where(Play.id.in_(plays))))

    async def find(self, *, campaign: str, member: str, request_key: str) -> Entry | None:
        """The play that this key of this member became, if any."""
        async with self._database.reading() as session:
            play = await session.scalar(
                select(Play).where(
                    Play.campaign_id == campaign, Play.member_id == member, Play.request_key == request_key
                )
            )
        return self.entry_of(play) if play is not None else None

    @staticmethod
    def entry_of(play: Play) -> Entry:
        """The row as the script wrote it."""
        fields: Mapping[str, Any] = {field: getattr(play, field) for field in PLAY_FIELDS}
        return Entry(
            play=play.id,
            previous=play.previous_id,
            member=play.member_id,
            numbers=read(play.numbers),
            review=play.review or "",
            **fields,
        )


def _fail(batch: Sequence[tuple[Row, asyncio.Future[bool]]], error: Exception) -> None:
    told = LedgerAway(reason=type(error).__name__) if isinstance(error, DBAPIError | OSError | TimeoutError) else error
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(told)
