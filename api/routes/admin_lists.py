"""Lists of members, for operators: a campaign's audience may name them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.sheets import FAULTS_SHOWN_MAX, RefusedRow, body_of, csv_body, refused_rows
from api.routes.typed import PLAIN
from campaigns import lists
from campaigns.game import Text
from campaigns.limits import Key
from campaigns.models import NAME_CHARS_MAX, MemberList

router = APIRouter(prefix="/v1/admin/lists", tags=["admin: lists"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
ListKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
SHEET = csv_body("Members by the mall's own ids, one a row, as CSV in UTF-8.", "sub\nmember-1\nmember-2\n")
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX, pattern=PLAIN)]


class ListName(BaseModel):
    model_config = ConfigDict(extra="forbid")

    zh: Name
    en: Name


class NewList(BaseModel):
    """Members see the name, and programs the key, of every list that a campaign is for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"key": "spring", "name": {"zh": "春季回访会员", "en": "Spring guests"}}]},
    )

    key: Key
    name: ListName


class ListRow(BaseModel):
    key: str
    name: Text
    size: int
    created_at: datetime
    changed_at: datetime


class ListPage(BaseModel):
    items: list[ListRow]
    next: str | None


class ListReport(BaseModel):
    """What became of the list and of every row; `unchanged` rows found the list as they wanted it."""

    size: int
    added: int
    removed: int
    unchanged: int
    refused: int
    faults: Annotated[list[RefusedRow], Field(description=f"The first {FAULTS_SHOWN_MAX} refused rows.")]


@router.get("")
async def list_lists(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> ListPage:
    """The mall's lists, by key."""
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        rows = await lists.page(session, mall=operator.mall_id, after=position[0] if position else None, limit=limit)
    following = cursor_at(rows[-1].key) if len(rows) == limit else None
    return ListPage(items=[_row(row) for row in rows], next=following)


@router.post("", status_code=201)
async def create_list(form: NewList, operator: Editor, house: TheHouse) -> ListRow:
    """A list without members."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await lists.create(
            session,
            mall=operator.mall_id,
            key=form.key,
            name=Text(zh=form.name.zh, en=form.name.en),
            ids=house.ids,
            now=now,
        )
        await audit.record(
            session,
            actor=operator,
            action="list.create",
            subject=audit.Subject("list", row.id),
            before=None,
            after=form.model_dump(),
            reason=None,
            at=now,
        )
    return _row(row)


@router.get("/{list_key}")
async def get_list(list_key: ListKey, operator: AnyOperator, house: TheHouse) -> ListRow:
    async with house.database.reading() as session:
        return _row(await lists.find(session, mall=operator.mall_id, key=list_key))


@router.post("/{list_key}/members", openapi_extra=SHEET)
async def change_list(
    list_key: ListKey,
    request: Request,
    operator: Editor,
    house: TheHouse,
    how: Annotated[
        Literal["add", "replace", "remove"],
        Query(description="Put these on the list, make it these and no others, or take them off."),
    ] = "add",
) -> ListReport:
    """Change who is on a list; a bad row is reported and stops no other.

    Nobody is taken off a list that a running campaign is for: block them instead.
    """
    raw = await body_of(request)
    async with house.database.reading() as session:
        await lists.find(session, mall=operator.mall_id, key=list_key)
    sheet = await asyncio.to_thread(lists.read_sheet, raw)  # long enough to hold up the plays beside it
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await lists.find(session, mall=operator.mall_id, key=list_key, to_change=True)
        before = row.size
        changed = await lists.change(session, row, sheet, how, now=now)
        report = _report(changed)
        await audit.record(
            session,
            actor=operator,
            action=f"list.{how}",
            subject=audit.Subject("list", row.id),
            before={"key": row.key, "size": before},
            after={"key": row.key, **report.model_dump(exclude={"faults"})},
            reason=None,
            at=now,
        )
    return report


@router.delete("/{list_key}", status_code=204)
async def discard_list(list_key: ListKey, operator: Editor, house: TheHouse) -> Response:
    """Forget a list and who was on it; refused while a running campaign is for it."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await lists.find(session, mall=operator.mall_id, key=list_key, to_change=True)
        await lists.discard(session, row, now=now)
        await audit.record(
            session,
            actor=operator,
            action="list.discard",
            subject=audit.Subject("list", row.id),
            before={"key": row.key, "size": row.size},
            after=None,
            reason=None,
            at=now,
        )
    return Response(status_code=204)


def _row(row: MemberList) -> ListRow:
    return ListRow(
        key=row.key,
        name=Text(zh=row.name_zh, en=row.name_en),
        size=row.size,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _report(changed: lists.Changed) -> ListReport:
    return ListReport(
        size=changed.size,
        added=changed.added,
        removed=changed.removed,
        unchanged=changed.unchanged,
        refused=len(changed.refused),
        faults=refused_rows(changed.refused),
    )
