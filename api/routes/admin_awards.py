"""Awards for operators: the queues, one award with its history, and what may be done to one that came to a halt."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
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
from api.routes.award_views import AwardState, AwardView, Text, award_as_view, awards_as_views
from core.errors import NotFound
from prizes import interventions, queries, reviews
from prizes.models import REASON_CHARS_MAX, WORD_CHARS_MAX, Award, Claim, Delivery
from prizes.personal import national_phone, unmask

TOLD_CHARS_MAX = 200
router = APIRouter(prefix="/v1/admin/awards", tags=["admin: awards"])
Clerk = Annotated[Actor, Depends(operator_with(Role.FULFILMENT))]
Reviewer = Annotated[Actor, Depends(operator_with(Role.REVIEWER))]
ToldText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TOLD_CHARS_MAX, pattern=r"^[^\x00-\x1f]+$"),
]
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


class RejectionView(BaseModel):
    """A proposal not to release a win: open, confirmed by somebody else, or dropped by a release."""

    proposed_by: str
    proposed_at: datetime
    reason: str
    told: Text
    confirmed_by: str | None
    confirmed_at: datetime | None
    dropped_at: datetime | None


class ReviewView(BaseModel):
    """Why a win was held, by the rule's key, and what became of it."""

    held_for: str
    released_at: datetime | None
    rejection: RejectionView | None


class AwardHistory(AdminAwardView):
    review: ReviewView | None
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


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: ToldText
    en: ToldText


class Rejection(Why):
    """`reason` goes into the audit, and `told` to the winner."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reason": "forty accounts of one device",
                    "told": {"zh": "多个账号共用一台设备，奖品不予发放。", "en": "Many accounts shared one device."},
                }
            ]
        },
    )

    told: Annotated[Told | None, Field(description="Left out, what was proposed is confirmed as it is.")] = None


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


@router.post("/{award_id}/release", response_model=AwardHistory)
async def release_award(award_id: UUID, why: Why, operator: Reviewer, house: TheHouse) -> Any:
    """Set a held win on its way, as if it had been won now; a proposal to reject it is dropped."""

    async def change(session: AsyncSession, award: Award, now: datetime) -> None:
        await reviews.release(session, award=award, now=now)

    return await _intervene(house, operator, award_id, why, action="award.release", change=change)


@router.post("/{award_id}/reject", response_model=AwardHistory)
async def reject_award(award_id: UUID, why: Rejection, operator: Reviewer, house: TheHouse) -> Any:
    """Propose that a held win is void, or confirm what somebody else proposed: then it is.

    Two people must say the same to the winner; other words take the place of what was proposed.
    """
    told = why.told.model_dump() if why.told else None

    async def change(session: AsyncSession, award: Award, now: datetime) -> Mapping[str, Any]:
        by, reason = operator.email, why.reason
        proposed = await reviews.reject(session, award=award, operator=by, reason=reason, told=told, now=now)
        return {"told": proposed.told, "proposed_by": proposed.proposed_by, "confirmed_by": proposed.confirmed_by}

    return await _intervene(house, operator, award_id, why, action="award.reject", change=change)


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
    change: Callable[[AsyncSession, Award, datetime], Coroutine[Any, Any, Mapping[str, Any] | None]],
) -> dict[str, Any]:
    now = house.clock.now()
    async with house.database.transaction() as session:
        award = await queries.of_mall(session, mall_id=operator.mall_id, award_id=str(award_id), for_update=True)
        before = award.state
        more = await change(session, award, now)
        was, now_is = {"state": before}, {"state": award.state, **(more or {})}
        await _record(session, operator, award, action=action, before=was, after=now_is, reason=why.reason, at=now)
        return await _history(session, award, house)


async def _record(
    session: AsyncSession,
    operator: Actor,
    award: Award,
    *,
    action: str,
    before: Any,
    after: Mapping[str, Any] | None = None,
    reason: str,
    at: datetime,
) -> None:
    await audit.record(
        session,
        actor=operator,
        action=action,
        subject=audit.Subject("award", award.id),
        before=before,
        after=after or {"state": award.state},
        reason=reason,
        at=at,
    )


async def _history(session: AsyncSession, award: Award, house: House) -> dict[str, Any]:
    view = await award_as_view(session, award, house.fulfilment.means)
    attempts = await queries.history(session, award_id=award.id)
    review = await _review(session, award) if award.held_for is not None else None
    return {**view, **_inside(award), "review": review, "history": [_attempt(each) for each in attempts]}


async def _review(session: AsyncSession, award: Award) -> dict[str, Any]:
    proposed = await queries.rejection(session, award_id=award.id)
    told = {name: getattr(proposed, name) for name in RejectionView.model_fields} if proposed else None
    return {"held_for": award.held_for, "released_at": award.released_at, "rejection": told}


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
