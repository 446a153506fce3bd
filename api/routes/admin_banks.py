"""Banks of questions and the like, for operators: rounds of a game take their items from one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.admin_awards import Why
from api.routes.admin_lists import ListName
from api.routes.sheets import FAULTS_SHOWN_MAX, RefusedRow, body_of, csv_body, refused_rows
from campaigns import banks
from campaigns.bank_models import CATEGORY_CHARS_MAX, Bank, BankItem
from campaigns.game import Text
from campaigns.limits import Key

router = APIRouter(prefix="/v1/admin/banks", tags=["admin: banks"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
BankKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
SHEET = csv_body(
    "Items, one a row, as CSV in UTF-8 or as an Excel workbook. Of a quiz: category, question, answer, option_1 to option_6, and, "
    "where there is one, explanation and picture, an https address on one of the mall's own origins. Several answers are written with | between them.",
    "category,question,answer,option_1,option_2,option_3\ngeneral,What is two and two?,4,3,4,5\n",
)


class NewBank(BaseModel):
    """Programs and drafts name the key, and operators see the name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"key": "general", "game": "quiz", "name": {"zh": "常识题", "en": "General"}}]},
    )

    key: Key
    game: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    name: ListName


class BankRow(BaseModel):
    key: str
    game: str
    name: Text
    items: Annotated[int, Field(description="How many it holds, those that were withdrawn among them.")]
    created_at: datetime
    changed_at: datetime


class BankPage(BaseModel):
    items: list[BankRow]
    next: str | None


class BankView(BankRow):
    categories: Annotated[dict[str, int], Field(description="How many of each a round may take.")]


class BankReport(BaseModel):
    """What became of every row; `unchanged` ones were in the bank before."""

    items: int
    added: int
    unchanged: int
    refused: int
    faults: Annotated[list[RefusedRow], Field(description=f"The first {FAULTS_SHOWN_MAX} refused rows.")]


class ItemRow(BaseModel):
    number: int
    category: str
    body: dict[str, Any]
    added_at: datetime
    withdrawn_at: datetime | None


class ItemPage(BaseModel):
    items: list[ItemRow]
    next: str | None


@router.get("")
async def list_banks(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> BankPage:
    """The mall's banks, by key."""
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        rows = await banks.page(session, mall=operator.mall_id, after=position[0] if position else None, limit=limit)
    return BankPage(
        items=[BankRow(**_row(row)) for row in rows], next=cursor_at(rows[-1].key) if len(rows) == limit else None
    )


@router.post("", status_code=201)
async def create_bank(form: NewBank, operator: Editor, house: TheHouse) -> BankRow:
    """A bank without items."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        name = Text(zh=form.name.zh, en=form.name.en)
        row = await banks.create(
            session, mall=operator.mall_id, key=form.key, game=form.game, name=name, ids=house.ids, now=now
        )
        await audit.record(
            session,
            actor=operator,
            action="bank.create",
            subject=audit.Subject("bank", row.id),
            before=None,
            after=form.model_dump(),
            reason=None,
            at=now,
        )
    return BankRow(**_row(row))


@router.get("/{bank_key}")
async def get_bank(bank_key: BankKey, operator: AnyOperator, house: TheHouse) -> BankView:
    async with house.database.reading() as session:
        row = await banks.of_mall(session, mall=operator.mall_id, key=bank_key)
        return BankView(**_row(row), categories=await banks.categories_of(session, row))


@router.get("/{bank_key}/items")
async def list_items(
    bank_key: BankKey,
    operator: AnyOperator,
    house: TheHouse,
    *,
    category: Annotated[str | None, Query(max_length=CATEGORY_CHARS_MAX)] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: Annotated[int, Query(ge=0, description="Only items after this number.")] = 0,
) -> ItemPage:
    """What a bank holds, answers and all, in the order of the numbers."""
    async with house.database.reading() as session:
        row = await banks.of_mall(session, mall=operator.mall_id, key=bank_key)
        found = await banks.items_of(session, row, category=category, after=after, limit=limit)
    following = str(found[-1].number) if len(found) == limit else None
    return ItemPage(items=[_item(item) for item in found], next=following)


@router.post("/{bank_key}/items", openapi_extra=SHEET)
async def add_items(bank_key: BankKey, request: Request, operator: Editor, house: TheHouse) -> BankReport:
    """Add what a spreadsheet holds and the bank does not; a bad row is reported and stops no other.

    Campaigns that are published already go on with what the bank held then.
    """
    raw = await body_of(request, or_workbook=True)
    async with house.database.reading() as session:
        game = (await banks.of_mall(session, mall=operator.mall_id, key=bank_key)).game
    sheet = await asyncio.to_thread(banks.read_sheet, game, raw)  # long enough to hold up the plays beside it
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await banks.of_mall(session, mall=operator.mall_id, key=bank_key, to_change=True)
        before = row.items
        added = await banks.add(session, row, sheet, now=now)
        await audit.record(
            session,
            actor=operator,
            action="bank.add",
            subject=audit.Subject("bank", row.id),
            before={"items": before},
            after={"items": added.items, "added": added.added, "refused": len(added.refused)},
            reason=None,
            at=now,
        )
    return BankReport(
        items=added.items,
        added=added.added,
        unchanged=added.unchanged,
        refused=len(added.refused),
        faults=refused_rows(added.refused),
    )


@router.post("/{bank_key}/items/{number}/withdraw")
async def withdraw_item(
    bank_key: BankKey,
    number: Annotated[int, Path(ge=1, le=banks.ITEMS_MAX)],
    why: Why,
    operator: Editor,
    house: TheHouse,
) -> ItemRow:
    """Let no further round take an item, such as a question whose answer is wrong; rounds that have it go on."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await banks.of_mall(session, mall=operator.mall_id, key=bank_key)
        item = await banks.withdraw(session, row, number, now=now)
        await audit.record(
            session,
            actor=operator,
            action="bank.withdraw",
            subject=audit.Subject("bank", row.id),
            before=None,
            after={"number": number},
            reason=why.reason,
            at=now,
        )
    return _item(item)


def _row(row: Bank) -> dict[str, Any]:
    return {
        "key": row.key,
        "game": row.game,
        "name": Text(zh=row.name_zh, en=row.name_en),
        "items": row.items,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }


def _item(item: BankItem) -> ItemRow:
    return ItemRow(
        number=item.number,
        category=item.category,
        body=item.body,
        added_at=item.added_at,
        withdrawn_at=item.withdrawn_at,
    )
