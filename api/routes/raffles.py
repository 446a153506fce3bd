"""Raffles: what anybody needs to draw one again, and what its operators see and do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.house import House
from api.paging import Cursor, cursor_at, number_of
from api.routes.award_views import AwardState
from api.routes.raffle_views import PlaceView, RaffleView, Tag, place_view, raffle_view
from campaigns.lifecycle import campaign_of
from campaigns.raffle import Raffle
from campaigns.raffle_models import BEACON_CHARS_MAX, SOURCE_CHARS_MAX
from campaigns.raffle_queries import Place, page_of_places, page_of_tickets, progress_of
from campaigns.raffle_tickets import raffle_of
from core.errors import NotFound

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
PLAIN = r"^[^\x00-\x1f\x7f]+$"

router = APIRouter(tags=["raffles"])
Witness = Annotated[Actor, Depends(operator_with(Role.REVIEWER))]
Many = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items at most.")]


class TicketView(BaseModel):
    """One line under the seal: `number play member` and a line feed."""

    number: int
    play: str
    member: Tag


class TicketPage(BaseModel):
    items: list[TicketView]
    next: str | None


class PlacePage(BaseModel):
    items: list[PlaceView]
    next: str | None


class HeldView(BaseModel):
    """A place as operators see it: whose it is, and what became of its prize. `turn` counts a unit's holders."""

    rank: int
    ticket: int
    play_id: str
    member_id: str
    state: str
    prize: str | None
    unit: int | None
    turn: int | None
    award_id: str | None
    award_state: AwardState | None
    given_at: datetime | None


class HeldPage(BaseModel):
    items: list[HeldView]
    next: str | None


class NewBeacon(BaseModel):
    """The public value that was announced, exactly as published, and where it can be looked up."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [{"value": "3412.77", "source": "the exchange's closing index of 2 January, on its own page"}]
        },
    )

    value: Annotated[str, Field(min_length=1, max_length=BEACON_CHARS_MAX, pattern=PLAIN)]
    source: Annotated[str, Field(min_length=1, max_length=SOURCE_CHARS_MAX, pattern=PLAIN)]


@router.get("/v1/campaigns/{campaign_id}/raffle/tickets")
async def list_tickets(
    campaign_id: UUID, house: TheHouse, limit: Many = LIMIT_DEFAULT, cursor: Cursor = None
) -> TicketPage:
    """Every sealed ticket in its order: their digest is the raffle's, and with the seed they can be drawn again."""
    async with house.database.reading() as session:
        found = await page_of_tickets(session, str(campaign_id), after=number_of(cursor) or 0, limit=limit)
    items = [TicketView(number=each.number, play=each.play, member=each.tag) for each in found]
    return TicketPage(items=items, next=cursor_at(str(items[-1].number)) if len(items) == limit else None)


@router.get("/v1/campaigns/{campaign_id}/raffle/places")
async def list_places(
    campaign_id: UUID, house: TheHouse, limit: Many = LIMIT_DEFAULT, cursor: Cursor = None
) -> PlacePage:
    """Winners and runners-up, the best first; none before the draw."""
    places, following = await _places(house, str(campaign_id), limit=limit, cursor=cursor)
    return PlacePage(items=[place_view(place) for place in places], next=following)


@router.get("/v1/admin/campaigns/{campaign_id}/raffle", tags=["admin: campaigns"])
async def get_raffle(campaign_id: UUID, operator: AnyOperator, house: TheHouse) -> RaffleView:
    """How far the raffle has come."""
    await _own(house, operator, campaign_id)
    return await _raffle(house, str(campaign_id))


@router.get("/v1/admin/campaigns/{campaign_id}/raffle/places", tags=["admin: campaigns"])
async def list_held(
    *, campaign_id: UUID, operator: AnyOperator, house: TheHouse, limit: Many = LIMIT_DEFAULT, cursor: Cursor = None
) -> HeldPage:
    """Every place with its member and award: the whole chain of those who held each prize."""
    await _own(house, operator, campaign_id)
    places, following = await _places(house, str(campaign_id), limit=limit, cursor=cursor)
    return HeldPage(items=[_held(place) for place in places], next=following)


@router.post("/v1/admin/campaigns/{campaign_id}/raffle/beacon", status_code=201, tags=["admin: campaigns"])
async def enter_beacon(campaign_id: UUID, form: NewBeacon, operator: Witness, house: TheHouse) -> RaffleView:
    """Enter the announced public value, once, after the tickets were sealed; the draw follows by itself."""
    campaign, now = str(campaign_id), house.clock.now()
    async with house.database.transaction() as session:
        await campaign_of(session, mall=operator.mall_id, campaign=campaign)
        beacon = await house.campaigns.raffles.enter_beacon(
            session, campaign=campaign, value=form.value, source=form.source, author=operator.email, now=now
        )
        await audit.record(
            session,
            actor=operator,
            action="raffle.beacon",
            subject=audit.Subject("campaign", campaign),
            before={"digest": beacon.digest},
            after={"digest": beacon.digest, **form.model_dump()},
            reason=form.source,
            at=now,
        )
    return await _raffle(house, campaign)


async def _own(house: House, operator: Actor, campaign_id: UUID) -> None:
    async with house.database.reading() as session:
        await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))


async def _raffle(house: House, campaign: str) -> RaffleView:
    async with house.database.reading() as session:
        await progress_of(session, campaign)
    config = (await house.campaigns.versions.look_again(campaign)).version.config
    async with house.database.reading() as session:
        view = await raffle_view(session, campaign, config)
    if view is None:
        raise NotFound(noun="raffle")
    return view


async def _places(house: House, campaign: str, *, limit: int, cursor: str | None) -> tuple[list[Place], str | None]:
    after = number_of(cursor) or 0
    async with house.database.reading() as session:
        raffle = await _drawn(session, house, campaign)
        found = list(await page_of_places(session, campaign, raffle, after=after, limit=limit)) if raffle else []
    return found, cursor_at(str(found[-1].rank)) if len(found) == limit else None


async def _drawn(session: AsyncSession, house: House, campaign: str) -> Raffle | None:
    """The raffle as it was sealed; None before that."""
    number = (await progress_of(session, campaign)).draw.version
    return raffle_of(await house.campaigns.versions.at(campaign, number)) if number is not None else None


def _held(place: Place) -> HeldView:
    return HeldView.model_validate(
        {
            "rank": place.rank,
            "ticket": place.ticket,
            "play_id": place.play,
            "member_id": place.member,
            "state": place.state,
            "prize": place.prize,
            "unit": place.unit,
            "turn": place.turn,
            "award_id": place.award,
            "award_state": place.award_state,
            "given_at": place.given_at,
        }
    )
