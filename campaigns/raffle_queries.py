"""What is read of raffles for people: how far one has come, its tickets and places, and a member's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.models import Play
from campaigns.raffle import Raffle, Ticket, tag_of
from campaigns.raffle_draws import RaffleNotSealed
from campaigns.raffle_models import RaffleBeacon, RaffleDraw, RafflePlace, RaffleWin
from core.errors import NotFound
from prizes.awards import LAPSED, VOID
from prizes.models import Award

RANK_MAX = 2**31 - 1

RaffleState = Literal["open", "sealed", "drawn"]
PlaceState = Literal["won", "passed-on", "runner-up"]


class Progress(NamedTuple):
    """A published raffle's row, and the public value that was mixed in."""

    draw: RaffleDraw
    beacon: RaffleBeacon | None

    @property
    def state(self) -> RaffleState:
        if self.draw.drawn_at is not None:
            return "drawn"
        return "open" if self.draw.sealed_at is None else "sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A ticket's place with what it holds. A prize that its winner did not get is passed on.

    `prize`, `unit`, `turn`, `award` and `award_state` are None while it holds none.
    """

    rank: int
    ticket: int
    play: str
    member: str
    tag: str
    state: PlaceState
    prize: str | None
    unit: int | None
    turn: int | None
    award: str | None
    award_state: str | None
    given_at: datetime | None


async def progress_of(session: AsyncSession, campaign: str) -> Progress:
    """NotFound for a campaign without a raffle, and for one that was never published."""
    draw = await session.get(RaffleDraw, campaign)
    if draw is None:
        raise NotFound(noun="raffle")
    return Progress(draw, await session.get(RaffleBeacon, campaign))


async def page_of_tickets(session: AsyncSession, campaign: str, *, after: int, limit: int) -> Sequence[Ticket]:
    """The sealed tickets after this number, in their order. Raises RaffleNotSealed before they are sealed."""
    draw = (await progress_of(session, campaign)).draw
    if draw.last_seq is None:
        raise RaffleNotSealed
    rows = await session.execute(
        select(Play.seq, Play.id, Play.member_id)
        .where(Play.campaign_id == campaign, Play.seq > after, Play.seq <= draw.last_seq)
        .order_by(Play.seq)
        .limit(limit)
    )
    return [Ticket(row.seq, row.id, tag_of(campaign, row.member_id)) for row in rows]


async def page_of_places(
    session: AsyncSession, campaign: str, raffle: Raffle, *, after: int, limit: int
) -> Sequence[Place]:
    """The places after this rank, the best first."""
    query = _places(campaign).where(RafflePlace.rank > min(after, RANK_MAX)).limit(limit)
    return await _read(session, raffle, query)


async def places_of_member(
    session: AsyncSession, campaign: str, raffle: Raffle, *, member: str, limit: int
) -> Sequence[Place]:
    return await _read(session, raffle, _places(campaign).where(RafflePlace.member_id == member).limit(limit))


async def tickets_of_member(session: AsyncSession, campaign: str, *, member: str) -> int:
    query = select(func.count()).select_from(Play).where(Play.campaign_id == campaign, Play.member_id == member)
    return await session.scalar(query) or 0


def _places(campaign: str) -> Select[RafflePlace, RaffleWin, Award]:
    win = (RaffleWin.campaign_id == RafflePlace.campaign_id) & (RaffleWin.rank == RafflePlace.rank)
    return (
        select(RafflePlace, RaffleWin, Award)
        .outerjoin(RaffleWin, win)
        .outerjoin(Award, Award.id == RaffleWin.award_id)
        .where(RafflePlace.campaign_id == campaign)
        .order_by(RafflePlace.rank)
    )


async def _read(session: AsyncSession, raffle: Raffle, query: Select[RafflePlace, RaffleWin, Award]) -> Sequence[Place]:
    return [_place(raffle, *row) for row in await session.execute(query)]


def _place(raffle: Raffle, place: RafflePlace, win: RaffleWin | None, award: Award | None) -> Place:
    own = raffle.prize_of(place.rank)
    state: PlaceState = "runner-up" if own is None and win is None else "won"
    if award is not None and award.state in (LAPSED, VOID):
        state = "passed-on"
    return Place(
        rank=place.rank,
        ticket=place.ticket,
        play=place.play_id,
        member=place.member_id,
        tag=tag_of(place.campaign_id, place.member_id),
        state=state,
        prize=win.prize if win else own[0].key if own else None,
        unit=win.unit if win else own[1] if own else None,
        turn=win.turn if win else None,
        award=award.id if award else None,
        award_state=award.state if award else None,
        given_at=win.given_at if win else None,
    )
