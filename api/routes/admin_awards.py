"""Awards for operators: the queues, one award with its history, and what may be done to one that came to a halt."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.house import House
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_in_time, position_in_time
from api.routes.award_views import AwardState, AwardView, award_as_view, awards_as_views
from core.errors import NotFound
from prizes import interventions, queries
from prizes.models import REASON_CHARS_MAX, WORD_CHARS_MAX, Award, Claim, Delivery
from prizes.personal import national_phone, unmask

router = APIRouter(prefix="/v1/admin/awards", tags=["admin: awards"])
Clerk = Annotated[Actor, Depends(operator_with(Role.FULFILMENT))]
MayUnmask = Annotated[Actor, Depends(operator_with(Role.FULFILMENT, Role.SUPPORT))]


class QueueView(BaseModel):
    type: str
    state: AwardState
    count: int
    oldest_won_at: datetime


class QueueList(BaseModel):
    items: list[QueueView]


class AdminAwardView(AwardView):
    """An award with what only operators see."""

    member_id: str
    line: str
    unit: int | None
    reason: str | None
    attempts: int
    next_attempt_at: datetime | None


class AttemptView(BaseModel):
    """One attempt. An attempt without an outcome was cut short; it is settled by asking the supplier."""

    attempt: int
    act: Literal["deliver", "query"]
    started_at: datetime
    finished_at: datetime | None
    outcome: Literal["delivered", "accepted", "refused", "unknown", "retry", "stale"] | None
    reference: str | None
    reason: str | None


class AwardHistory(AdminAwardView):
    history: list[AttemptView]


class AdminAwardPage(BaseModel):
    items: list[AdminAwardView]
    next: str | None


class Why(BaseModel):
    """Goes into the audit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "supplier was down"}]})

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=3, max_length=REASON_CHARS_MAX, pattern=r"^[^\x00-\x1f]+$"),
    ] = Field()


class ContactView(BaseModel):
    recipient: str
    phone: str
    address: str


@router.get("/queues")
async def list_queues(operator: AnyOperator, house: TheHouse) -> QueueList:
    """How many awards stand in every state that is not an end, by product type."""
    async with house.database.reading() as session:
        levels = await queries.queues(session, mall_id=operator.mall_id)
    return QueueList.model_validate({"items": [_as_dict(level) for level in levels]})


@router.get("", response_model=AdminAwardPage)
async def list_awards(
    *,
    operator: AnyOperator,
    house: TheHouse,
    state: AwardState | None = None,
    product_type: Annotated[str | None, Query(alias="type", pattern=r"^[a-z_]+$", max_length=WORD_CHARS_MAX)] = None,
    campaign_id: UUID | None = None,
    member_id: UUID | None = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Any:
    """The mall's awards, newest first."""
    async with house.database.reading() as session:
        awards = await queries.page_of_mall(
            session,
            mall_id=operator.mall_id,
            state=state,
            product_type=product_type,
            campaign_id=_text(campaign_id),
            member_id=_text(member_id),
            after=position_in_time(cursor),
            limit=limit,
        )
        views = await awards_as_views(session, awards, house.fulfilment.means)
    items = [view | _inside(award) for view, award in zip(views, awards, strict=True)]
    return {"items": items, "next": cursor_in_time(awards[-1].won_at, awards[-1].id) if len(awards) == limit else None}


@router.get("/{award_id}", response_model=AwardHistory)
async def get_award(award_id: UUID, operator: AnyOperator, house: TheHouse) -> Any:
    """One award and every attempt to deliver it."""
    async with house.database.reading() as session:
        award = await queries.of_mall(session, mall_id=operator.mall_id, award_id=str(award_id))
        return await _history(session, award, house)


@router.post("/{award_id}/retry", response_model=AwardHistory)
async def retry_award(award_id: UUID, why: Why, operator: Clerk, house: TheHouse) -> Any:
    """Try again at once. What may have been done already is asked about first, never sent blindly."""

    async def change(session: AsyncSession, award: Award, now: datetime) -> None:
        await interventions.retry(session, award=award, now=now)

    return await _intervene(house, operator, award_id, why, action="award.retry", change=change)


@router.post("/{award_id}/void", response_model=AwardHistory)
async def void_award(award_id: UUID, why: Why, operator: Clerk, house: TheHouse) -> Any:
    """End an award undelivered."""

    async def change(session: AsyncSession, award: Award, now: datetime) -> None:
        await interventions.void(session, award=award, reason=why.reason, now=now)

    return await _intervene(house, operator, award_id, why, action="award.void", change=change)


@router.post("/{award_id}/unmask")
async def unmask_award(award_id: UUID, why: Why, operator: MayUnmask, house: TheHouse) -> ContactView:
    """What the winner gave, in the clear; the audit keeps who asked and why."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        award = await queries.of_mall(session, mall_id=operator.mall_id, award_id=str(award_id))
        claim = await session.get(Claim, award.id)
        if claim is None or claim.sealed is None:
            raise NotFound(noun="claim")
        contact = unmask(house.fulfilment.vault, award_id=award.id, sealed=claim.sealed)
        await _record(session, operator, award, action="award.unmask", before=None, reason=why.reason, at=now)
    return ContactView(recipient=contact.recipient, phone=national_phone(contact.phone), address=contact.address)


async def _intervene(
    house: House,
    operator: Actor,
    award_id: UUID,
    why: Why,
    *,
    action: str,
    change: Callable[[AsyncSession, Award, datetime], Coroutine[Any, Any, None]],
) -> dict[str, Any]:
    now = house.clock.now()
    async with house.database.transaction() as session:
        award = await queries.of_mall(session, mall_id=operator.mall_id, award_id=str(award_id), for_update=True)
        before = award.state
        await change(session, award, now)
        await _record(session, operator, award, action=action, before={"state": before}, reason=why.reason, at=now)
        return await _history(session, award, house)


async def _record(
    session: AsyncSession, operator: Actor, award: Award, *, action: str, before: Any, reason: str, at: datetime
) -> None:
    await audit.record(
        session,
        actor=operator,
        action=action,
        subject=audit.Subject("award", award.id),
        before=before,
        after={"state": award.state},
        reason=reason,
        at=at,
    )


async def _history(session: AsyncSession, award: Award, house: House) -> dict[str, Any]:
    view = await award_as_view(session, award, house.fulfilment.means)
    attempts = await queries.history(session, award_id=award.id)
    return {**view, **_inside(award), "history": [_attempt(each) for each in attempts]}


def _inside(award: Award) -> dict[str, Any]:
    return {
        "member_id": award.member_id,
        "line": award.line,
        "unit": award.unit,
        "reason": award.reason,
        "attempts": award.attempt,
        "next_attempt_at": award.due_at,
    }


def _attempt(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in AttemptView.model_fields}


def _as_dict(level: queries.QueueLevel) -> dict[str, Any]:
    return {name: getattr(level, name) for name in QueueView.model_fields}


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
