"""Members who uncover what they played while everything else goes wrong, and others who try."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cached_property
from random import Random

from pydantic_core import to_json
from sqlalchemy import select

from campaigns.answers import OUTCOME, answer
from campaigns.covers import uncover
from campaigns.ledger import Ledger
from campaigns.models import Play, PlayUncovering
from campaigns.versions import Versions
from core.db import Database
from core.errors import NotFound
from prizes.awards import COVERED, HELD, VOID
from prizes.covers import uncover_due
from prizes.models import Award
from tests.sim.ground import SHAPES
from tests.sim.journal import Journal
from tests.sim.processes import Process
from tests.support.campaigns import WallClock

WAITED = timedelta(days=100)
CARDS_MAX = 500


class Scratching:
    """A part of the world, which has these. `uncovered` is what cards were shown to have come to, and must stay."""

    shared: Database
    journal: Journal
    rng: Random
    members: list[str]
    campaign_number: int
    say: Callable[[str], None]
    idle: Callable[[list[Process]], Process | None]
    within: Callable[[Process, Callable[[], Awaitable[None]]], Awaitable[None]]
    apis: list[Process]

    @cached_property
    def uncovered(self) -> dict[str, bytes]:
        return {}

    @property
    def ways_to_scratch(self) -> dict[Callable[[], Awaitable[None]], float]:
        return {self.scratch: 6.0} if SHAPES[self.campaign_number].game == "scratch" else {}

    async def scratch(self) -> None:
        """Somebody uncovers a card that was shown to its member: that member, or another one, who must not."""
        process = self.idle(self.apis)
        if process is None or not self.journal.shown:
            return
        (owner, _), told = self.rng.choice(list(self.journal.shown.items()))
        card = self.rng.choice(json.loads(told).get("plays", [json.loads(told)]))
        member = owner if self.rng.random() < 0.8 else self.rng.choice(self.members)
        self.say(f"{process.name} uncovers {card['id'][-3:]} for {member[-2:]}")
        await self.within(process, lambda: self._scratch(process, card["id"], member, is_theirs=member == owner))

    async def _scratch(self, process: Process, card: str, member: str, *, is_theirs: bool) -> None:
        try:
            async with process.database.transaction() as session:
                play, _ = await uncover(session, member=member, play=card, now=WallClock().now())
        except NotFound:
            if is_theirs:
                self.journal.blame(f"S1: card {card} was shown to its member and cannot be uncovered")
            return
        if not is_theirs:
            self.journal.blame(f"S2: card {card} was uncovered by another member")
        await self._stands(play, process.room.versions)

    async def _stands(self, play: Play, versions: Versions) -> None:
        told = to_json(answer(Ledger.entry_of(play), await versions.at(play.campaign_id, play.version)))
        if (known := self.uncovered.setdefault(play.id, told)) != told:
            self.journal.blame(f"S3: card {play.id} came to {known.decode()} and later to {told.decode()}")

    async def examine_cards(self, versions: Versions) -> None:
        """What was dealt tells nothing, what was uncovered stands, and what nobody uncovered is when it has waited."""
        if not self.ways_to_scratch:
            return
        for told in self.journal.shown.values():
            for card in json.loads(told).get("plays", [json.loads(told)]):
                if any(card[name] is not None for name in OUTCOME):
                    self.journal.blame(f"S4: card {card['id']} told what it came to when it was dealt")
        await self._examine_awards(is_early=True)
        async with self.shared.transaction() as session:
            await uncover_due(session, limit=CARDS_MAX, now=WallClock().now() + WAITED)
        await self._examine_awards(is_early=False)
        async with self.shared.reading() as session:
            plays = (await session.scalars(select(Play).where(Play.id.in_(self.uncovered)))).all()
        for play in plays:
            await self._stands(play, versions)

    async def _examine_awards(self, *, is_early: bool) -> None:
        async with self.shared.reading() as session:
            awards = (await session.scalars(select(Award))).all()
            uncovered = set(await session.scalars(select(PlayUncovering.play_id)))
        if missing := self.uncovered.keys() - uncovered:
            self.journal.blame(f"S6: cards {sorted(missing)} were shown uncovered, and of that is no record")
        for award in awards:
            should_be = is_early and award.play_id not in uncovered  # which may be more: a reply was lost
            if award.is_covered != should_be or (award.state == COVERED) != (
                should_be and award.state not in (HELD, VOID)
            ):
                self.journal.blame(f"S5: the award of card {award.play_id} is {award.state}, {award.uncovered_at}")
