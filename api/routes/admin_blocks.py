"""Members kept from playing, for operators: who, until when, by whom and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, number_of
from api.routes.typed import Reason, Sub
from campaigns import blocks
from campaigns.models import BlockAct

router = APIRouter(prefix="/v1/admin/blocks", tags=["admin: blocks"])
Guard = Annotated[Actor, Depends(operator_with(Role.EDITOR, Role.REVIEWER, Role.SUPPORT))]


class Lifting(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"sub": "member-1", "reason": "it was a family at one address"}]},
    )

    sub: Sub
    reason: Annotated[Reason, Field(description="In words that may be read to the member.")]


class Blocking(Lifting):
    """`until` is the hour at which the block ends by itself; without one it holds until it is lifted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sub": "member-1", "reason": "plays by a program", "until": "2027-01-01T00:00:00Z"}]
        }
    )

    until: AwareDatetime | None = None


class ActView(BaseModel):
    """One act. The latest about a member is what holds; a block past its hour holds no more."""

    number: int
    sub: str
    kind: Literal["block", "lift"]
    until: datetime | None
    reason: str
    author: str
    at: datetime


class ActPage(BaseModel):
    items: list[ActView]
    next: str | None


@router.get("")
async def list_blocks(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> ActPage:
    """The blocks that hold now, newest first."""
    async with house.database.reading() as session:
        acts = await blocks.page_of_blocks(
            session, mall=operator.mall_id, now=house.clock.now(), before=number_of(cursor), limit=limit
        )
    return _page([_view(act) for act in acts], limit)


@router.get("/history")
async def list_acts(
    *,
    operator: AnyOperator,
    house: TheHouse,
    sub: Annotated[Sub | None, Query(description="Only about this member.")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> ActPage:
    """Every block and every lifting there was, newest first."""
    async with house.database.reading() as session:
        acts = await blocks.page_of_acts(session, mall=operator.mall_id, sub=sub, before=number_of(cursor), limit=limit)
    return _page([_view(act) for act in acts], limit)


@router.post("", status_code=201)
async def block_member(form: Blocking, operator: Guard, house: TheHouse) -> ActView:
    """Keep a member from playing, from their next play on; a block that holds already gives way to this one."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        act = await blocks.block(
            session,
            mall=operator.mall_id,
            sub=form.sub,
            until=form.until,
            reason=form.reason,
            author=operator.email,
            now=now,
        )
        view = _view(act)
        await _record(session, operator, view, now)
    await house.campaigns.blocks.look_again(operator.mall_id)
    return view


@router.post("/lift", status_code=201)
async def lift_block(form: Lifting, operator: Guard, house: TheHouse) -> ActView:
    """Let a blocked member play again; an act of its own, beside the block's."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        act = await blocks.lift(
            session, mall=operator.mall_id, sub=form.sub, reason=form.reason, author=operator.email, now=now
        )
        view = _view(act)
        await _record(session, operator, view, now)
    await house.campaigns.blocks.look_again(operator.mall_id)
    return view


async def _record(session: AsyncSession, operator: Actor, act: ActView, now: datetime) -> None:
    await audit.record(
        session,
        actor=operator,
        action=f"member.{act.kind}",
        subject=audit.Subject("block", str(act.number)),
        before=None,
        after=act.model_dump(mode="json"),
        reason=act.reason,
        at=now,
    )


def _view(act: BlockAct) -> ActView:
    return ActView.model_validate({name: getattr(act, name) for name in ActView.model_fields})


def _page(items: list[ActView], limit: int) -> ActPage:
    return ActPage(items=items, next=cursor_at(str(items[-1].number)) if len(items) == limit else None)
