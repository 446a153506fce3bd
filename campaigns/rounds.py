"""Rounds, from a member's beginning to the one play that each ends in.

The state is the game's (`Steps` in `game.py`); here are the clock, the items, the ledger and the limits. A round is begun by
whoever may play now, and its play, under a key made from the round, is played once however often it is asked for: by the
member, or by the worker when the round has taken too long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns import banks
from campaigns.fairness import words_of
from campaigns.game import MoveFault, Steps
from campaigns.plays import Asked, Plays, written_entry
from campaigns.refusals import Over
from campaigns.round_models import Round
from campaigns.standing import refusal_of_standing, standing_of
from campaigns.tallies import period_at
from campaigns.versions import Running, Version, Versions
from core.clock import Clock, to_ms
from core.db import Database
from core.errors import NotFound, Refusal, Unavailable
from core.ids import Ids

SPARE = timedelta(seconds=5)
"""How long before the end of its campaign a round ends at the latest, so that its play is still in time."""
PLAYED_WITHIN = timedelta(seconds=30)
"""How long after its last move the member's own page has to play, before the worker does."""
TRIED_AGAIN_AFTER = timedelta(minutes=1)
IS_OPEN = Round.play_id.is_(None) & Round.closed_for.is_(None)

log = structlog.get_logger()


class MoveRefused(Refusal, code="move-refused"):
    """The round does not take this move as it stands."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class RoundNeeded(Refusal, code="round-needed"):
    """A play of this game is the end of a round; it cannot be played by itself."""


class Told(NamedTuple):
    """A round with what its member may see of it now."""

    row: Round
    shown: Mapping[str, Any]


class Rounds:
    def __init__(self, *, database: Database, versions: Versions, plays: Plays, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._versions = versions
        self._plays = plays
        self._clock = clock
        self._ids = ids

    async def begin(self, asked: Asked) -> Told:
        """The member's open round, or a new one. Raises what a play would meet that were played now."""
        running = await self._versions.look_again(asked.campaign)
        steps = steps_of(running.version)
        try:
            async with self._database.transaction() as session:
                row = await open_round(session, campaign=asked.campaign, member=asked.member)
                row = row or await self._new(session, running, steps, asked)
        except IntegrityError:  # begun by another request meanwhile
            async with self._database.reading() as session:
                row = await open_round(session, campaign=asked.campaign, member=asked.member)
            if row is None:
                raise
        return await self._told(row)

    async def look(self, *, member: str, round_id: str) -> Told:
        async with self._database.reading() as session:
            return await self._told(await self._of(session, member, round_id))

    async def move(self, *, member: str, round_id: str, told: Mapping[str, Any]) -> Told:
        """Make a move. Raises MoveRefused; pydantic's ValidationError for what is no move of the game."""
        async with self._database.transaction() as session:
            row = await self._of(session, member, round_id, to_change=True)
            version = await self._versions.at(row.campaign_id, row.version)
            steps, now = steps_of(version), self._clock.now()
            move = steps.move.model_validate(dict(told))
            state = self._state(row, version, now)
            try:
                state = steps.step(version.game_config, state, move, to_ms(now))
            except MoveFault as fault:
                raise MoveRefused(reason=fault.word) from None
            self._keep(row, version, state, now)
            return Told(row, steps.show(version.game_config, state, to_ms(now)))

    async def play(self, asked: Asked, *, round_id: str) -> bytes:
        """The answer of the play that a round ends in; the same bytes for ever. Raises MoveRefused while it is not over."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            row = await self._of(session, asked.member, round_id, to_change=True)
            version = await self._versions.at(row.campaign_id, row.version)
            steps = steps_of(version)
            state = self._state(row, version, now)
            if not steps.is_over(state):
                raise MoveRefused(reason="not-over")
            if row.over_at is None:
                self._keep(row, version, state, now)
        entry = written_entry(steps.entry(state))
        playing = replace(
            asked, campaign=row.campaign_id, key=f"round-{row.id}", entry=entry, attributes=row.attributes
        )
        answer = await self._plays.play(playing)
        async with self._database.transaction() as session:
            of_round = update(Round).where(Round.id == row.id, Round.play_id.is_(None))
            await session.execute(of_round.values(play_id=json.loads(answer)["id"]))
        return answer

    async def end_due(self, *, limit: int) -> int:
        """End rounds that took too long, and play those that nobody did; how many were due."""
        now = self._clock.now()
        async with self._database.reading() as session:
            due = select(Round).where(IS_OPEN, Round.ends_by <= now).order_by(Round.ends_by).limit(limit)
            rows = (await session.scalars(due)).all()
        for row in rows:
            await self._end(row, now)
        return len(rows)

    async def _end(self, row: Round, now: datetime) -> None:
        asked = Asked(campaign=row.campaign_id, member=row.member_id, key="", entry="", sub=row.sub)
        try:
            await self.play(asked, round_id=row.id)
        except Refusal as refusal:
            log.info("round not played", round=row.id, refusal=str(refusal))
            closing = (
                {"closed_for": refusal.code} if isinstance(refusal, Over) else {"ends_by": now + TRIED_AGAIN_AFTER}
            )
            async with self._database.transaction() as session:
                await session.execute(
                    update(Round).where(Round.id == row.id, Round.play_id.is_(None)).values(**closing)
                )

    async def _new(self, session: AsyncSession, running: Running, steps: AnySteps, asked: Asked) -> Round:
        version, now = running.version, self._clock.now()
        standing = await standing_of(
            session, running, member=asked.member, sub=asked.sub, attributes=asked.attributes, now=now
        )
        if (refusal := refusal_of_standing(standing, version)) is not None:
            raise refusal
        of_member = (Round.campaign_id == asked.campaign) & (Round.member_id == asked.member)
        number = 1 + (await session.scalar(select(func.max(Round.number)).where(of_member)) or 0)
        ends_by = min(now + timedelta(milliseconds=steps.ms_max(version.game_config)), version.config.ends_at - SPARE)
        if ends_by <= now:
            raise Over(ended_at=version.config.ends_at)
        picked, state = await begun(session, version, member=asked.member, number=number, now=now)
        row = Round(
            id=self._ids.new(),
            campaign_id=asked.campaign,
            version=version.number,
            member_id=asked.member,
            sub=asked.sub,
            number=number,
            day=period_at("day", version.zone, to_ms(now)),
            attributes=dict(asked.attributes),
            picked=list(picked),
            state=state.model_dump(mode="json"),
            begun_at=now,
            ends_by=ends_by,
        )
        session.add(row)
        await session.flush()
        return row

    async def _told(self, row: Round) -> Told:
        version = await self._versions.at(row.campaign_id, row.version)
        now = self._clock.now()
        state = self._state(row, version, now)
        return Told(row, steps_of(version).show(version.game_config, state, to_ms(now)))

    async def _of(self, session: AsyncSession, member: str, round_id: str, *, to_change: bool = False) -> Round:
        row = await session.get(Round, round_id, with_for_update=to_change)
        if row is None or row.member_id != member:
            raise NotFound(noun="round")
        return row

    @staticmethod
    def _state(row: Round, version: Version, now: datetime) -> Any:
        """The state now: what time has done to it is not written down before somebody moves."""
        steps = steps_of(version)
        state = steps.state.model_validate(row.state)
        if steps.is_over(state):
            return state
        state = steps.at(version.game_config, state, to_ms(now))
        return steps.end(version.game_config, state) if now >= row.ends_by else state

    @staticmethod
    def _keep(row: Round, version: Version, state: Any, now: datetime) -> None:
        steps = steps_of(version)
        row.state = state.model_dump(mode="json")
        if steps.is_over(state) and row.over_at is None:
            row.over_at, (row.points, row.ms) = now, steps.score(state)
            row.ends_by = min(row.ends_by, now + PLAYED_WITHIN)


AnySteps = Steps[Any, Any, Any, Any, Any]


def steps_of(version: Version) -> AnySteps:
    """Raises NotFound for a game that has no rounds."""
    if version.game.steps is None:
        raise NotFound(noun="round")
    return version.game.steps


async def open_round(session: AsyncSession, *, campaign: str, member: str) -> Round | None:
    """The round that a member is in, if any."""
    query = select(Round).where(Round.campaign_id == campaign, Round.member_id == member, IS_OPEN)
    found: Round | None = await session.scalar(query)
    return found


async def begun(
    session: AsyncSession, version: Version, *, member: str, number: int, now: datetime
) -> tuple[Sequence[int], Any]:
    """The numbers of the items of a round that begins then, and its first state: the same however often it is asked."""
    steps, pinned = steps_of(version), version.config.bank
    if pinned is None:
        raise AssertionError(f"campaign {version.campaign} has rounds and no bank")
    wanted = steps.wants(version.game_config)
    dice = words_of(version.seed, version.campaign, member, f"round-{number}")
    among = await banks.numbers(session, pinned, categories=wanted.categories, at=now)
    if len(among) < wanted.count:
        raise Unavailable(reason="too many of the bank's items were withdrawn", retry_after_seconds=60)
    picked = banks.pick(among, wanted.count, dice)
    items = [steps.bank.item.model_validate(body) for body in await banks.bodies(session, pinned, picked)]
    return picked, steps.begin(version.game_config, items, dice, to_ms(now))
