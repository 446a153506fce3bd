"""Lists of a mall's members, uploaded by its operators; a campaign's audience may name them.

The audience of a running campaign only grows (`favour.py`), so nobody is taken off a list that one names. Whoever must be
kept from playing is blocked instead (`blocks.py`), which says until when and why.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, ColumnElement, cast, delete, func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.config import ListNamed
from campaigns.game import Text
from campaigns.models import SUB_CHARS_MAX, Campaign, CampaignVersion, ListedMember, MemberList, State
from core.db import id_type
from core.errors import InvalidField, NotFound, Refusal
from core.ids import Ids
from prizes.sheets import RowFault, read_rows

COLUMNS = ("sub",)
LISTS_MAX = 500
MEMBERS_MAX = 200_000
SHEET_BYTES_MAX = 8 * 1024 * 1024
CHUNK_ROWS = 2_000
FAULT_KEY_CHARS_MAX = 64

How = Literal["add", "replace", "remove"]


class ListExists(Refusal, code="list-exists"):
    """The mall has a list of that key already."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class ListInUse(Refusal, code="list-in-use"):
    """Running campaigns let in whom the list names, so nobody is taken off it; `leaving` members would be."""

    def __init__(self, *, key: str, campaigns: list[str], leaving: int) -> None:
        super().__init__(key=key, campaigns=campaigns, leaving=leaving)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says: the members it names, and every row that names none."""

    subs: Collection[str]
    refused: Sequence[RowFault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a list and of the rows of a file; `unchanged` rows found the list as they wanted it."""

    size: int
    added: int
    removed: int
    unchanged: int
    refused: Sequence[RowFault]


class _Plan(NamedTuple):
    adding: Sequence[str]
    leaving: Sequence[str]
    unchanged: int


def read_sheet(raw: bytes) -> Sheet:
    """The members that a CSV names. InvalidField("file") when it is no such sheet; pure, so that a thread may do it."""
    rows: dict[str, int] = {}
    refused = []
    for number, cells in read_rows(raw, columns=COLUMNS, rows_max=MEMBERS_MAX, bytes_max=SHEET_BYTES_MAX):
        if fault := _fault(cells, rows):
            refused.append(RowFault(number, cells["sub"][:FAULT_KEY_CHARS_MAX], *fault))
        else:
            rows[cells["sub"]] = number
    return Sheet(rows.keys(), refused)


async def create(session: AsyncSession, *, mall: str, key: str, name: Text, ids: Ids, now: datetime) -> MemberList:
    """A list without members. Raises ListExists, or InvalidField when the mall has as many lists as it may."""
    if await session.scalar(_named(mall, [key])) is not None:
        raise ListExists(key=key)
    if (await session.scalar(select(func.count()).where(MemberList.mall_id == mall)) or 0) >= LISTS_MAX:
        raise InvalidField(("key", f"the mall has {LISTS_MAX} lists, the most there may be"))
    row = MemberList(
        id=ids.new(), mall_id=mall, key=key, name_zh=name.zh, name_en=name.en, size=0, created_at=now, changed_at=now
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:  # somebody else made it meanwhile
        raise ListExists(key=key) from None
    return row


async def change(session: AsyncSession, row: MemberList, sheet: Sheet, how: How, *, now: datetime) -> Changed:
    """Put these members on the list, make it these and no others, or take them off; the row is locked by `find`.

    Raises ListInUse when somebody would leave a list that a running campaign names, and InvalidField when the list would
    hold more than MEMBERS_MAX. Nothing is changed then.
    """
    present = [sub async for sub in _members(session, row)]
    plan = await asyncio.to_thread(_plan, sheet.subs, present, how)  # long enough to hold up the plays beside it
    size = len(present) + len(plan.adding) - len(plan.leaving)
    if size > MEMBERS_MAX:
        raise InvalidField(("file", f"the list would hold more than {MEMBERS_MAX} members"))
    if plan.leaving:
        await _let_nobody_out(session, row, leaving=len(plan.leaving), now=now)
    await _take_off(session, row, plan.leaving)
    await _put_on(session, row, plan.adding)
    row.size, row.changed_at = size, now
    await session.flush()
    return Changed(
        size=size,
        added=len(plan.adding),
        removed=len(plan.leaving),
        unchanged=plan.unchanged,
        refused=sheet.refused,
    )


async def discard(session: AsyncSession, row: MemberList, *, now: datetime) -> None:
    """Forget a list and who was on it. Raises ListInUse while a running campaign names it."""
    await _let_nobody_out(session, row, leaving=row.size, now=now)
    await session.execute(delete(ListedMember).where(ListedMember.list_id == row.id))
    await session.delete(row)
    await session.flush()


async def find(session: AsyncSession, *, mall: str, key: str, to_change: bool = False) -> MemberList:
    query = _named(mall, [key])
    row: MemberList | None = await session.scalar(query.with_for_update() if to_change else query)
    if row is None:
        raise NotFound(noun="list")
    return row


async def held_lists(session: AsyncSession, *, mall: str, keys: Collection[str]) -> Mapping[str, MemberList]:
    """The mall's lists of these keys, which nobody changes until the transaction ends; a missing one is not there."""
    if not keys:
        return {}
    found = await session.scalars(_named(mall, keys).order_by(MemberList.key).with_for_update(read=True))
    return {row.key: row for row in found}


async def lists_with(session: AsyncSession, lists: Mapping[str, ListNamed], sub: str) -> frozenset[str]:
    """The keys of those of the lists that the member is on, by one look into the index."""
    of = [named.id for named in lists.values()]
    found = set(
        await session.scalars(select(ListedMember.list_id).where(ListedMember.list_id.in_(of), ListedMember.sub == sub))
    )
    return frozenset(key for key, named in lists.items() if named.id in found)


async def page(session: AsyncSession, *, mall: str, after: str | None, limit: int) -> Sequence[MemberList]:
    query = select(MemberList).where(MemberList.mall_id == mall).order_by(MemberList.key).limit(limit)
    return (await session.scalars(query if after is None else query.where(MemberList.key > after))).all()


async def running_with(session: AsyncSession, row: MemberList, *, now: datetime) -> list[str]:
    """The campaigns that are published, not over, and name the list in an audience."""
    in_force = (CampaignVersion.campaign_id == Campaign.id) & (CampaignVersion.version == Campaign.version)
    running = (Campaign.mall_id == row.mall_id) & (Campaign.state != State.DRAFT) & (Campaign.ends_at > now)
    query = select(Campaign.id, CampaignVersion.config).join(CampaignVersion, in_force).where(running)
    found = await session.execute(query.order_by(Campaign.id))
    return [campaign for campaign, config in found if row.key in config.get("lists", {})]


def _fault(cells: Mapping[str, str], rows: Mapping[str, int]) -> tuple[str, str] | None:
    sub = cells["sub"]
    if "" in cells:
        return "row", cells[""]
    if not 1 <= len(sub) <= SUB_CHARS_MAX:
        return "sub", f"must have 1 to {SUB_CHARS_MAX} characters, has {len(sub)}"
    if not sub.isprintable():
        return "sub", "holds characters that cannot be printed"
    return ("sub", f"the same as in row {rows[sub]}") if sub in rows else None


def _plan(named: Collection[str], present: Collection[str], how: How) -> _Plan:
    """Who comes and who leaves, in one order, so that pages of the index are written once."""
    wanted, there = set(named), set(present)
    if how == "remove":
        leaving = wanted & there
        return _Plan([], sorted(leaving), len(wanted) - len(leaving))
    adding = wanted - there
    leaving = there - wanted if how == "replace" else set()
    return _Plan(sorted(adding), sorted(leaving), len(wanted) - len(adding))


def _named(mall: str, keys: Collection[str]) -> Any:
    return select(MemberList).where(MemberList.mall_id == mall, MemberList.key.in_(keys))


async def _let_nobody_out(session: AsyncSession, row: MemberList, *, leaving: int, now: datetime) -> None:
    if campaigns := await running_with(session, row, now=now):
        raise ListInUse(key=row.key, campaigns=campaigns, leaving=leaving)


async def _members(session: AsyncSession, row: MemberList) -> AsyncIterator[str]:
    subs = await session.stream_scalars(select(ListedMember.sub).where(ListedMember.list_id == row.id))
    async for part in subs.partitions(CHUNK_ROWS):
        for sub in part:
            yield sub


async def _put_on(session: AsyncSession, row: MemberList, subs: Sequence[str]) -> None:
    for each in _chunks(session, subs):
        of_list = literal(row.id, id_type())
        await session.execute(insert(ListedMember).from_select(["list_id", "sub"], select(of_list, each)))


async def _take_off(session: AsyncSession, row: MemberList, subs: Sequence[str]) -> None:
    for each in _chunks(session, subs):
        leaving = delete(ListedMember).where(ListedMember.list_id == row.id, ListedMember.sub.in_(select(each)))
        await session.execute(leaving.execution_options(synchronize_session=False))


def _chunks(session: AsyncSession, subs: Sequence[str]) -> Iterator[ColumnElement[str]]:
    """The members as columns of a bounded number of rows each, sent as one value: a statement a chunk, not one a row."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for start in range(0, len(subs), CHUNK_ROWS):
        told = literal(json.dumps(subs[start : start + CHUNK_ROWS], ensure_ascii=False))
        rows = func.json_each(told) if is_sqlite else func.json_array_elements_text(cast(told, JSON))
        yield rows.table_valued("value").c.value
