"""What a mall's server reports of its members: signed, granted by a rule, and once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.auth.dependencies import TheHouse
from api.auth.mall_calls import CallingMall
from api.auth.members import member_of, names_of
from api.routes.typed import Sub
from core.errors import NotFound
from earning import events
from earning.event_models import EVENT_ID_CHARS_MAX, EventRule, MallEvent

router = APIRouter(prefix="/v1/mall/events", tags=["mall"])
EVENT_ID = r"^[A-Za-z0-9._:-]+$"


class EventForm(BaseModel):
    """`amount` is how many chances the caller would give: the rule decides how many it does. `occurred_at` is kept, and
    counts for nothing.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"event_id": "order-20261122-17", "rule": "order", "sub": "member-1", "amount": 1}]
        },
    )

    event_id: Annotated[str, Field(min_length=1, max_length=EVENT_ID_CHARS_MAX, pattern=EVENT_ID)]
    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    sub: Sub
    amount: Annotated[int, Field(ge=1, le=events.ASKED_MAX, strict=True)] = 1
    occurred_at: AwareDatetime | None = None


class Cut(BaseModel):
    """A cap that was in the way: the most it allows, and what it had left.

    Of an invitation's reward also that its rule was `stopped` meanwhile, or that the member can hold no more `grants`.
    """

    cap: Literal["event", "member-day", "member-week", "member-month", "member", "all", "stopped", "grants"]
    most: int
    left: int


class EventView(BaseModel):
    """What was reported and what was granted; `cuts` says which caps were in the way of the rest."""

    event_id: str
    rule: str
    sub: str
    asked: int
    granted: int
    cuts: list[Cut]
    expires_at: datetime | None
    received_at: datetime


@router.post(
    "",
    status_code=201,
    responses={200: {"model": EventView, "description": "The event had come before; this is what it was granted."}},
)
async def report_event(form: EventForm, mall: CallingMall, house: TheHouse, response: Response) -> EventView:
    """Report an event of a member. Whatever `amount` says, the rule's caps decide what is granted, and what was cut is kept.

    The same event again is answered again, and grants nothing more.
    """
    now = house.clock.now()
    async with house.database.transaction() as session:
        member = await member_of(session, mall, form.sub, new_id=house.ids.new(), now=now)
    reported = events.Reported(form.event_id, form.rule, member, form.amount, form.occurred_at)
    received = await events.receive(house.database, mall=mall, reported=reported, now=now)
    event, rule = received.event, received.rule
    if received.is_new and event.grant_number is not None:
        await house.campaigns.paying.tell(rule.campaign_id, member, event.grant_number)
    if not received.is_new:
        response.status_code = 200
    return _view(event, rule, form.sub)


@router.get("/{event_id}")
async def get_event(
    event_id: Annotated[str, Path(min_length=1, max_length=EVENT_ID_CHARS_MAX, pattern=EVENT_ID)],
    mall: CallingMall,
    house: TheHouse,
) -> EventView:
    """What became of an event."""
    async with house.database.reading() as session:
        event = await session.get(MallEvent, (mall, event_id))
        if event is None:
            raise NotFound(noun="event")
        rule = await session.get_one(EventRule, event.rule_id)
        names = await names_of(session, [event.member_id])
    return _view(event, rule, names[event.member_id])


def _view(event: MallEvent, rule: EventRule, sub: str) -> EventView:
    return EventView(
        event_id=event.event_id,
        rule=rule.key,
        sub=sub,
        asked=event.asked,
        granted=event.granted,
        cuts=[Cut.model_validate(cut) for cut in event.cuts],
        expires_at=event.expires_at,
        received_at=event.received_at,
    )
