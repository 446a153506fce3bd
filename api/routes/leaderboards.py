"""Leaderboards: who did best in a campaign's rounds, by names that only their owners know."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.members import masked, names_of
from api.routes.plays import may_play
from campaigns import leaderboard
from campaigns.leaderboard import Place
from campaigns.rounds import steps_of
from campaigns.tallies import period_at
from core.clock import to_ms

router = APIRouter(prefix="/v1/campaigns", tags=["rounds"])
PLACES_MAX = 20


class PlaceView(BaseModel):
    """A member's best round. Of the same points, fewer milliseconds come first."""

    rank: int
    name: Annotated[str, Field(description="The mall's own id of the member, masked.", examples=["me***7"])]
    points: int
    ms: int
    is_mine: bool


class LeaderboardView(BaseModel):
    places: list[PlaceView]
    mine: Annotated[PlaceView | None, Field(description="Where I stand, however far down; null before my first round.")]


@router.get("/{campaign_id}/leaderboard")
async def get_leaderboard(
    campaign_id: UUID,
    member: CurrentSession,
    house: TheHouse,
    response: Response,
    of: Annotated[Literal["day", "campaign"], Query(description="Today in the campaign's zone, or all of it.")] = "day",
) -> LeaderboardView:
    """The first twenty, and where I stand. Only games of rounds have one."""
    response.headers["cache-control"] = "no-store"
    campaign = str(campaign_id)
    await may_play(house, member, campaign)
    version = (await house.campaigns.versions.running(campaign)).version
    steps_of(version)
    day = period_at("day", version.zone, to_ms(house.clock.now())) if of == "day" else None
    async with house.database.reading() as session:
        places = await leaderboard.best(session, campaign=campaign, day=day, limit=PLACES_MAX)
        mine = await leaderboard.of_member(session, campaign=campaign, day=day, member=member.member_id)
        names = await names_of(session, [place.member for place in places])

    def view(place: Place) -> PlaceView:
        name = masked(names.get(place.member, member.sub))
        is_mine = place.member == member.member_id
        return PlaceView(rank=place.rank, name=name, points=place.points, ms=place.ms, is_mine=is_mine)

    return LeaderboardView(places=[view(place) for place in places], mine=view(mine) if mine else None)
