"""Rounds: a member begins one, makes its moves, and it ends in one play."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.house import House
from api.routes.plays import PlayView, asked_by, invalid, may_play, network_of
from campaigns.ledger import LedgerAway
from campaigns.rounds import Told
from core.errors import NotFound

router = APIRouter(prefix="/v1", tags=["rounds"])


class MoveForm(BaseModel):
    """What the game takes; a quiz takes an answer to the question that lies open, or the wish for the next one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"move": {"do": "answer", "number": 1, "options": [2]}}]}
    )

    move: dict[str, Any]


class RoundView(BaseModel):
    """A round as far as its member may see it. `state` is the game's own."""

    id: str
    campaign_id: str
    number: Annotated[int, Field(description="Which of the member's rounds in this campaign it is.")]
    begun_at: datetime
    ends_by: Annotated[datetime, Field(description="When it ends by itself.")]
    play_id: Annotated[str | None, Field(description="The play that it ended in.")]
    state: dict[str, Any]


@router.post("/campaigns/{campaign_id}/rounds", status_code=201)
async def begin_round(campaign_id: UUID, request: Request, member: CurrentSession, house: TheHouse) -> RoundView:
    """Begin a round, or go on with the one that is open: there is one at a time. It is refused where a play would be."""
    campaign = str(campaign_id)
    await may_play(house, member, campaign)
    asked = asked_by(member, campaign, key="", entry="", network=network_of(house, request.scope))
    return _view(await house.campaigns.rounds.begin(asked))


@router.get("/rounds/{round_id}")
async def get_round(round_id: UUID, member: CurrentSession, house: TheHouse, response: Response) -> RoundView:
    """A round of mine as it stands now."""
    response.headers["cache-control"] = "no-store"
    return _view(await _mine(house, member, round_id))


@router.post("/rounds/{round_id}/moves")
async def move_in_round(round_id: UUID, form: MoveForm, member: CurrentSession, house: TheHouse) -> RoundView:
    """Make a move. The move that was made last changes nothing when it comes again."""
    await _mine(house, member, round_id)
    try:
        told = await house.campaigns.rounds.move(member=member.member_id, round_id=str(round_id), told=form.move)
    except ValidationError as error:
        raise invalid(error, "move") from error
    return _view(told)


@router.post("/rounds/{round_id}/play", status_code=201, response_model=PlayView)
async def play_round(round_id: UUID, request: Request, member: CurrentSession, house: TheHouse) -> Response:
    """Play what a round that is over came to; asked again, the same bytes."""
    told = await _mine(house, member, round_id)
    campaign = told.row.campaign_id
    asked = asked_by(member, campaign, key="", entry="", network=network_of(house, request.scope))
    try:
        shown = await house.campaigns.rounds.play(asked, round_id=str(round_id))
    except (DBAPIError, PoolTimeout, OSError) as error:
        raise LedgerAway(reason=type(error).__name__) from error
    return Response(shown, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})


async def _mine(house: House, member: MemberSession, round_id: UUID) -> Told:
    told = await house.campaigns.rounds.look(member=member.member_id, round_id=str(round_id))
    if member.campaign_id not in (None, told.row.campaign_id):
        raise NotFound(noun="round")
    return told


def _view(told: Told) -> RoundView:
    row = told.row
    return RoundView(
        id=row.id,
        campaign_id=row.campaign_id,
        number=row.number,
        begun_at=row.begun_at,
        ends_by=row.ends_by,
        play_id=row.play_id,
        state=dict(told.shown),
    )
