"""Banks of items, uploaded by operators as spreadsheets and reported on row by row; rounds pick from them by the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count as numbers_from
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns import registry
from campaigns.bank_models import Bank, BankItem
from campaigns.config import BankNamed
from campaigns.fairness import below
from campaigns.game import ConfigFault, Text
from core.errors import InvalidField, NotFound, Refusal
from core.ids import Ids
from prizes.sheets import RowFault, read_rows

BANKS_MAX = 200
ITEMS_MAX = 50_000
ROWS_MAX = 20_000
SHEET_BYTES_MAX = 8 * 1024 * 1024
CHUNK_ROWS = 1_000
FAULT_KEY_CHARS_MAX = 64


class BankExists(Refusal, code="bank-exists"):
    """The mall has a bank of that key already."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class Item(NamedTuple):
    """A row of a file that can be used: its category, its content, and what makes it the same as another."""

    category: str
    body: dict[str, Any]
    mark: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says: every item once, and every row that is none."""

    items: Sequence[Item]
    refused: Sequence[RowFault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of the rows of a file; `unchanged` ones were in the bank before."""

    items: int
    added: int
    unchanged: int
    refused: Sequence[RowFault]


def read_sheet(game: str, raw: bytes) -> Sheet:
    """The items of a spreadsheet. InvalidField("file") when it is no such sheet; pure, so that a thread may do it."""
    bank = _bank_of(game)
    rows: dict[bytes, int] = {}
    items: list[Item] = []
    refused: list[RowFault] = []
    sheet = read_rows(raw, columns=bank.columns, optional=bank.optional, rows_max=ROWS_MAX, bytes_max=SHEET_BYTES_MAX)
    for number, cells in sheet:
        key = " ".join(cells[bank.columns[1]].split())[:FAULT_KEY_CHARS_MAX]
        if "" in cells:
            refused.append(RowFault(number, key, "", cells[""]))
            continue
        try:
            item = bank.read(cells)
        except ConfigFault as fault:
            refused.append(RowFault(number, key, fault.field, fault.reason))
            continue
        mark = hashlib.sha256(bank.mark(item).encode()).digest()
        if mark in rows:
            refused.append(RowFault(number, key, "", f"the same as row {rows[mark]}"))
            continue
        rows[mark] = number
        items.append(Item(bank.category(item), item.model_dump(mode="json"), mark))
    return Sheet(items, refused)


async def create(session: AsyncSession, *, mall: str, key: str, game: str, name: Text, ids: Ids, now: datetime) -> Bank:
    """A bank without items. Raises BankExists, and InvalidField for a game that has no use for one."""
    _bank_of(game)
    if (await session.scalar(select(func.count()).where(Bank.mall_id == mall)) or 0) >= BANKS_MAX:
        raise InvalidField(("key", f"the mall has {BANKS_MAX} banks, the most there may be"))
    row = Bank(
        id=ids.new(),
        mall_id=mall,
        key=key,
        game=game,
        name_zh=name.zh,
        name_en=name.en,
        items=0,
        created_at=now,
        changed_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise BankExists(key=key) from None
    return row


async def find(session: AsyncSession, *, mall: str, key: str, to_change: bool = False) -> Bank | None:
    query = select(Bank).where(Bank.mall_id == mall, Bank.key == key)
    found: Bank | None = await session.scalar(query.with_for_update() if to_change else query)
    return found


async def of_mall(session: AsyncSession, *, mall: str, key: str, to_change: bool = False) -> Bank:
    """Raises NotFound."""
    row = await find(session, mall=mall, key=key, to_change=to_change)
    if row is None:
        raise NotFound(noun="bank")
    return row


async def page(session: AsyncSession, *, mall: str, after: str | None, limit: int) -> Sequence[Bank]:
    """The mall's banks, by key."""
    query = select(Bank).where(Bank.mall_id == mall).order_by(Bank.key).limit(limit)
    return (await session.scalars(query if after is None else query.where(Bank.key > after))).all()


async def add(session: AsyncSession, row: Bank, sheet: Sheet, *, now: datetime) -> Added:
    """Put what is new into the bank; the row is locked by `of_mall`. Raises InvalidField when it would hold too many."""
    known = set()
    for start in range(0, len(sheet.items), CHUNK_ROWS):
        marks = [item.mark for item in sheet.items[start : start + CHUNK_ROWS]]
        known |= set(await session.scalars(_marked(row, marks)))
    new = [item for item in sheet.items if item.mark not in known]
    if row.items + len(new) > ITEMS_MAX:
        raise InvalidField(("file", f"the bank would hold more than {ITEMS_MAX} items"))
    told = [
        {"bank_id": row.id, "number": number, **item._asdict(), "added_at": now}
        for number, item in zip(numbers_from(row.items + 1), new, strict=False)
    ]
    for start in range(0, len(told), CHUNK_ROWS):
        await session.execute(insert(BankItem), told[start : start + CHUNK_ROWS])
    row.items, row.changed_at = row.items + len(new), now
    await session.flush()
    return Added(items=row.items, added=len(new), unchanged=len(sheet.items) - len(new), refused=sheet.refused)


async def withdraw(session: AsyncSession, row: Bank, number: int, *, now: datetime) -> BankItem:
    """Let no further round take an item. Raises NotFound."""
    item = await session.get(BankItem, (row.id, number), with_for_update=True)
    if item is None:
        raise NotFound(noun="item")
    item.withdrawn_at = item.withdrawn_at or now
    await session.flush()
    return item


async def items_of(
    session: AsyncSession, row: Bank, *, category: str | None, after: int, limit: int
) -> Sequence[BankItem]:
    """Items in the order of their numbers."""
    query = select(BankItem).where(BankItem.bank_id == row.id, BankItem.number > after)
    if category is not None:
        query = query.where(BankItem.category == category)
    return (await session.scalars(query.order_by(BankItem.number).limit(limit))).all()


async def categories_of(session: AsyncSession, row: Bank) -> dict[str, int]:
    """How many items of each category a round may take."""
    query = select(BankItem.category, func.count()).where(BankItem.bank_id == row.id, BankItem.withdrawn_at.is_(None))
    found = await session.execute(query.group_by(BankItem.category).order_by(BankItem.category))
    return {row.category: row[1] for row in found}


async def count(session: AsyncSession, pinned: BankNamed, *, categories: Collection[str]) -> int:
    """How many items a round may take now."""
    query = select(func.count()).select_from(BankItem).where(*_pinned(pinned, categories))
    return await session.scalar(query.where(BankItem.withdrawn_at.is_(None))) or 0


async def numbers(
    session: AsyncSession, pinned: BankNamed, *, categories: Collection[str], at: datetime
) -> Sequence[int]:
    """The numbers of the items that a round may take that begins then, rising."""
    there = or_(BankItem.withdrawn_at.is_(None), BankItem.withdrawn_at > at)
    query = select(BankItem.number).where(*_pinned(pinned, categories), there)
    return (await session.scalars(query.order_by(BankItem.number))).all()


async def bodies(session: AsyncSession, pinned: BankNamed, picked: Sequence[int]) -> list[dict[str, Any]]:
    """What these items say, in this order."""
    query = select(BankItem.number, BankItem.body).where(BankItem.bank_id == pinned.id, BankItem.number.in_(picked))
    found = {row.number: row.body for row in await session.execute(query)}
    return [found[number] for number in picked]


def pick(among: Sequence[int], wanted: int, words: Iterator[int]) -> list[int]:
    """So many of them, each as likely as any other: Fisher and Yates (Durstenfeld), as far as it is needed."""
    if wanted > len(among):
        raise AssertionError(f"{wanted} items wanted, {len(among)} there")
    moved: dict[int, int] = {}
    picked = []
    for place in range(wanted):
        chosen = place + below(len(among) - place, words)
        picked.append(among[moved.get(chosen, chosen)])
        moved[chosen] = moved.get(place, place)
    return picked


def _bank_of(game: str) -> Any:
    steps = registry.game(game).steps
    if steps is None:
        raise InvalidField(("game", f"the game {game!r} takes nothing from a bank"))
    return steps.bank


def _marked(row: Bank, marks: Sequence[bytes]) -> Any:
    return select(BankItem.mark).where(BankItem.bank_id == row.id, BankItem.mark.in_(marks))


def _pinned(pinned: BankNamed, categories: Collection[str]) -> list[ColumnElement[bool]]:
    of_bank = [BankItem.bank_id == pinned.id, BankItem.number <= pinned.items]
    return [*of_bank, BankItem.category.in_(categories)] if categories else of_bank
