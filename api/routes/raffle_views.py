"""A raffle as everybody may see it: no member is named, each has a tag that only they can recognise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.routes.plays import PrizeShown
from campaigns.config import Frozen
from campaigns.game import Text
from campaigns.raffle import Raffle, tag_of
from campaigns.raffle_queries import (
    Place,
    Progress,
    page_of_places,
    places_of_member,
    progress_of,
    tickets_of_member,
)
from campaigns.versions import PUBLIC_PRIZE_FIELDS

WINNERS_SHOWN_MAX = 50
PLACES_SHOWN_MAX = 100

State = Literal["open", "sealed", "drawn"]
Tag = Annotated[
    str,
    Field(
        description="Stands for the member: the first 16 hex digits of SHA-256 of "
        "`windfall-1|raffle-member|<campaign>|<member>`.",
        examples=["9f86d081884c7d65"],
    ),
]


class RafflePrizeView(BaseModel):
    """A prize of the raffle: places take them in this order, unit by unit."""

    key: str
    prize: PrizeShown
    units: int


class BeaconView(BaseModel):
    """The public value that was mixed in, and where it was read."""

    value: str
    source: str
    entered_at: datetime


class SealView(BaseModel):
    """The sealed tickets: how many, up to which number, and the digest over all of them in their order."""

    tickets: int
    last: int
    digest: str
    sealed_at: datetime


class PlaceView(BaseModel):
    """A ticket that came to a place. `passed-on` is one whose prize went to a runner-up."""

    rank: int
    ticket: int
    member: Tag
    state: Literal["won", "passed-on", "runner-up"]
    prize: str | None


class RaffleView(BaseModel):
    """Every play of the campaign is a ticket. `draws_at` is none where the draw waits for the announced public value."""

    state: State
    draws_at: datetime | None
    prizes: list[RafflePrizeView]
    runners_up: int
    member_wins_max: int
    claim_days: int
    beacon: Annotated[Text | None, Field(description="Which public value is mixed in, in words.")]
    sealed: SealView | None
    entered: BeaconView | None
    drawn_at: datetime | None
    winners: Annotated[
        list[PlaceView], Field(description="The first of the places; all of them are a list of their own.")
    ]


class MyPlaceView(PlaceView):
    award: str | None


class MyRaffleView(BaseModel):
    """My tickets, my tag among the winners, and the places that my tickets came to."""

    state: State
    tickets: int
    member: Tag
    places: list[MyPlaceView]


async def raffle_view(session: AsyncSession, campaign: str, config: Frozen) -> RaffleView | None:
    """None for a campaign without a raffle."""
    if config.raffle is None:
        return None
    progress = await progress_of(session, campaign)
    first = await page_of_places(session, campaign, config.raffle, after=0, limit=WINNERS_SHOWN_MAX)
    return _view(config, config.raffle, progress, first)


async def my_raffle_view(
    session: AsyncSession, campaign: str, raffle: Raffle | None, *, member: str
) -> MyRaffleView | None:
    if raffle is None:
        return None
    places = await places_of_member(session, campaign, raffle, member=member, limit=PLACES_SHOWN_MAX)
    return MyRaffleView(
        state=(await progress_of(session, campaign)).state,
        tickets=await tickets_of_member(session, campaign, member=member),
        member=tag_of(campaign, member),
        places=[MyPlaceView(**place_view(place).model_dump(), award=place.award) for place in places],
    )


def place_view(place: Place) -> PlaceView:
    return PlaceView(rank=place.rank, ticket=place.ticket, member=place.tag, state=place.state, prize=place.prize)


def _view(config: Frozen, raffle: Raffle, progress: Progress, first: Sequence[Place]) -> RaffleView:
    draw = progress.draw
    return RaffleView(
        state=progress.state,
        draws_at=config.ends_at if raffle.beacon is None else None,
        prizes=[
            RafflePrizeView(key=each.key, prize=_shown(config, each.product), units=each.units)
            for each in raffle.prizes
        ],
        runners_up=raffle.runners_up,
        member_wins_max=raffle.member_wins_max,
        claim_days=raffle.claim_days or config.claim_days,
        beacon=raffle.beacon,
        sealed=_seal_view(progress),
        entered=BeaconView.model_validate(progress.beacon, from_attributes=True) if progress.beacon else None,
        drawn_at=draw.drawn_at,
        winners=[place_view(place) for place in first],
    )


def _seal_view(progress: Progress) -> SealView | None:
    tickets, last, digest, sealed_at = (
        getattr(progress.draw, name) for name in ("tickets", "last_seq", "digest", "sealed_at")
    )
    if digest is None:
        return None
    return SealView(tickets=tickets, last=last, digest=digest, sealed_at=sealed_at)


def _shown(config: Frozen, product: str) -> PrizeShown:
    whole = config.prizes[product].model_dump(mode="json")
    return PrizeShown.model_validate({field: whole[field] for field in PUBLIC_PRIZE_FIELDS if field in whole})
