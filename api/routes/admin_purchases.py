"""Purchases as operators see them: those of a campaign, those that are stuck, and the day's statement with the wallet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from api.auth.audit import Subject, record
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.admin_awards import Why
from campaigns.lifecycle import campaign_of
from core.errors import InvalidField, NotFound
from earning.purchase_models import ChancePurchase, State
from earning.purchase_steps import try_again
from earning.purchases import page_of_campaign
from earning.statement import match_day

router = APIRouter(prefix="/v1/admin", tags=["admin: purchases"])


class PurchaseRow(BaseModel):
    """One purchase with everything that is known of it. `tries` are those of its present state."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    member_id: str
    state: str
    reason: str | None
    chances: int
    points: int
    asked_at: datetime
    debited_at: datetime | None
    ended_at: datetime | None
    attempt: int
    tries: int
    due_at: datetime | None


class PurchasePage(BaseModel):
    items: list[PurchaseRow]
    next: str | None


class DifferenceView(BaseModel):
    """A transfer that we and the wallet tell differently."""

    model_config = ConfigDict(from_attributes=True)

    transfer: str
    kind: Literal["debit", "refund", "credit"]
    ours: str
    theirs: str


class StatementView(BaseModel):
    """`differences` holds the first of `differences_total`. `unasked`: the wallet tells nothing of them."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    agrees: bool
    checked: int
    in_flight: int
    unasked: int
    differences_total: int
    differences: list[DifferenceView]


@router.get("/campaigns/{campaign_id}/purchases")
async def list_purchases(
    *,
    campaign_id: UUID,
    operator: AnyOperator,
    house: TheHouse,
    state: State | None = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> PurchasePage:
    """What members bought, or tried to, newest first; in one state when it is named."""
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        rows = await page_of_campaign(
            session,
            campaign=str(campaign_id),
            state=state,
            before=_id_in(position[0]) if position else None,
            limit=limit,
        )
    items = [PurchaseRow.model_validate(row) for row in rows]
    return PurchasePage(items=items, next=cursor_at(rows[-1].id) if len(rows) == limit else None)


@router.post("/purchases/{purchase_id}/retry")
async def retry_refund(
    purchase_id: UUID,
    why: Why,
    operator: Annotated[Actor, Depends(operator_with(Role.FULFILMENT))],
    house: TheHouse,
) -> PurchaseRow:
    """Try a refund again that the wallet would not make; somebody has spoken to the mall."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        purchase = await session.get(ChancePurchase, str(purchase_id), with_for_update=True)
        if purchase is None or purchase.mall_id != operator.mall_id:
            raise NotFound(noun="purchase")
        before = {"state": purchase.state, "reason": purchase.reason}
        await try_again(session, purchase, now=now)
        await record(
            session,
            actor=operator,
            action="purchase.retry",
            subject=Subject("purchase", purchase.id),
            before=before,
            after={"state": purchase.state},
            reason=why.reason,
            at=now,
        )
        return PurchaseRow.model_validate(purchase)


@router.get("/wallet/statement")
async def get_statement(
    operator: AnyOperator,
    house: TheHouse,
    day: Annotated[
        str, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A day of UTC.", examples=["2026-11-21"])
    ],
) -> StatementView:
    """Our transfers of a day against the wallet's word, one by one."""
    wanted = _day_in(day)
    if wanted > house.clock.now().date():
        raise InvalidField(("day", "has not begun"))
    statement = await match_day(house.database, house.wallet, day=wanted, mall=operator.mall_id)
    return StatementView.model_validate(statement)


def _day_in(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidField(("day", "no such day")) from None


def _id_in(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidField(("cursor", "not a cursor of this list")) from None
