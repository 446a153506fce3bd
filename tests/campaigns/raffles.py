"""Raffles for tests: a room whose clock is past their end, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from campaigns.raffle_models import RaffleDraw, RafflePlace, RaffleWin
from campaigns.room import CampaignsRoom, furnish
from core.db import Database
from core.ids import TimeOrderedIds
from core.sealing import Sealer
from inventory.connection import Connection
from prizes.models import Award
from tests.campaigns.test_plays import asked
from tests.support.arguments import CountingEntropy
from tests.support.campaigns import WallClock

TICKET = [("ticket", "rest", None, None, None)]
PRIZES: list[dict[str, Any]] = [
    {"key": "grand", "product": "PHONE-256", "units": 1},
    {"key": "small", "product": "TOPUP-10", "units": 2},
]


class AfterTheEnd:
    """The hour after every test's campaign is over; it can be moved on."""

    def __init__(self) -> None:
        self.days = 60

    def now(self) -> datetime:
        return WallClock().now() + timedelta(days=self.days)


def raffle(**more: Any) -> dict[str, Any]:
    """The shape of a campaign whose plays are nothing but tickets."""
    return {"lines": TICKET, "more": {"raffle": {"prizes": PRIZES, "runners_up": 2, "claim_days": 7, **more}}}


def later_room(database: Database, connection: Connection, clock: AfterTheEnd | None = None) -> CampaignsRoom:
    entropy = CountingEntropy()
    return furnish(
        database=database,
        connection=connection,
        sealer=Sealer(bytes(32), entropy),
        clock=clock or AfterTheEnd(),
        ids=TimeOrderedIds(),
        entropy=entropy,
    )


async def enter(room: CampaignsRoom, campaign: str, *, members: int, each: int = 1) -> Sequence[str]:
    """So many members with so many tickets each."""
    entrants = [str(uuid4()) for _ in range(members)]
    for _ in range(each):
        for member in entrants:
            await room.plays.play(asked(campaign, member=member))
    return entrants


async def tend_all(room: CampaignsRoom, campaign: str) -> int:
    """Every step there is to take; how many they were."""
    steps = 0
    while await room.raffles.tend(campaign):
        steps += 1
    return steps


async def draw_of(database: Database, campaign: str) -> RaffleDraw:
    async with database.reading() as session:
        return await session.get_one(RaffleDraw, campaign)


async def places(database: Database, campaign: str) -> Sequence[RafflePlace]:
    query = select(RafflePlace).where(RafflePlace.campaign_id == campaign).order_by(RafflePlace.rank)
    async with database.reading() as session:
        return (await session.scalars(query)).all()


async def wins(database: Database, campaign: str) -> Sequence[tuple[str, int, int, int, str]]:
    """(prize, unit, turn, rank, the award's state), in that order."""
    query = (
        select(RaffleWin.prize, RaffleWin.unit, RaffleWin.turn, RaffleWin.rank, Award.state)
        .join(Award, Award.id == RaffleWin.award_id)
        .where(RaffleWin.campaign_id == campaign)
        .order_by(RaffleWin.prize, RaffleWin.unit, RaffleWin.turn)
    )
    async with database.reading() as session:
        return [tuple(row) for row in await session.execute(query)]  # type: ignore[misc]
