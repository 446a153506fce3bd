"""Plays under review in a world, and what is decided about their awards while everything else goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from sqlalchemy import select

from campaigns.models import Play
from campaigns.plays import Asked
from core.db import Database
from prizes import outbox, reviews
from prizes.awards import AWARD_WON, HELD, VOID, WON
from prizes.fulfilment.router import route_all
from prizes.models import Award
from tests.sim.journal import Journal
from tests.support.campaigns import WallClock

RULES = ("", "", "", "many-a-minute", "one-device")
WINS_MAX = 500
NO = {"zh": "不予发放", "en": "not delivered"}


class Reviewers:
    """A part of the world, which has these. `dice` are its own, so that what else happens to a seed does not depend on it."""

    shared: Database
    journal: Journal
    dice: Random
    say: Callable[[str], None]

    def reviewed(self, asked: Asked) -> Asked:
        """The request as the rules of the moment see it: another time they may say something else of the same."""
        return replace(asked, review=self.dice.choice(RULES))

    async def deliver(self) -> None:
        """Wins are routed, and now and then somebody decides about one that is held."""
        now = WallClock().now()
        async with self.shared.transaction() as session:
            rows = await outbox.take(session, topic=AWARD_WON, limit=WINS_MAX)
            await route_all(session, list(rows.values()), now=now)
            await outbox.done(session, rows, now=now)
            held = (await session.scalars(select(Award).where(Award.state == HELD).order_by(Award.id))).all()
            if not held or self.dice.random() < 0.7:
                return
            award = self.dice.choice(held)
            self.say(f"a reviewer decides about {award.id}")
            if self.dice.random() < 0.5:
                await reviews.release(session, award=award, now=now)
                return
            operator, told = self.dice.choice((("ann", NO), ("bo", NO), ("cai", {**NO, "en": "void"})))
            try:
                await reviews.reject(session, award=award, operator=operator, reason="a test", told=told, now=now)
            except reviews.AnotherOperatorNeeded:
                return

    async def check_reviews(self) -> None:
        """Held are the wins of plays under review about which nothing was decided, and nothing else is."""
        await self.deliver()
        async with self.shared.reading() as session:
            found = (await session.execute(select(Award, Play.review).join(Play, Play.id == Award.play_id))).all()
        for award, review in found:
            is_decided = award.released_at is not None or award.state == VOID
            if (award.state == HELD) != (review is not None and not is_decided) or award.state == WON:
                self.journal.blame(f"I15: award {award.id} of a play under review {review!r} is {award.state}")
