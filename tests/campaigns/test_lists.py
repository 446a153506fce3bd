"""Lists of members at their bounds, and under two operators at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from campaigns import lists
from campaigns.config import ListNamed
from campaigns.game import Text
from core.db import Database
from core.errors import InvalidField, NotFound
from core.ids import TimeOrderedIds

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MALL = "0190a000-0000-7000-8000-00000000da11"
OTHER = "0190a000-0000-7000-8000-00000000da12"
NAME = Text(zh="名单", en="List")


async def a_list(database: Database, *, mall: str = MALL, key: str = "spring") -> None:
    async with database.transaction() as session:
        await lists.create(session, mall=mall, key=key, name=NAME, ids=TimeOrderedIds(), now=NOW)


async def change(database: Database, *subs: str, how: lists.How = "add", mall: str = MALL) -> lists.Changed:
    async with database.transaction() as session:
        row = await lists.find(session, mall=mall, key="spring", to_change=True)
        return await lists.change(session, row, lists.read_sheet("\n".join(("sub", *subs)).encode()), how, now=NOW)


async def on(database: Database, sub: str, *, mall: str = MALL) -> frozenset[str]:
    async with database.reading() as session:
        rows = await lists.page(session, mall=mall, after=None, limit=100)
        named = {row.key: ListNamed(id=row.id, name=NAME) for row in rows}
        return await lists.lists_with(session, named, sub)


async def test_a_list_of_many_chunks_holds_everybody_once(database: Database) -> None:
    await a_list(database)
    subs = [f"member-{number}" for number in range(lists.CHUNK_ROWS * 2 + 1)]
    report = await change(database, *subs)
    assert (report.size, report.added) == (len(subs), len(subs))
    report = await change(database, *subs[1:], "new", how="replace")
    assert (report.size, report.added, report.removed, report.unchanged) == (len(subs), 1, 1, len(subs) - 1)
    assert await on(database, subs[0]) == frozenset()
    assert await on(database, subs[-1]) == {"spring"}
    assert (await change(database, *subs, how="remove")).size == 1


async def test_a_list_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MEMBERS_MAX", 5)
    await a_list(database)
    await change(database, "a", "b", "c", "d")
    with pytest.raises(InvalidField, match="would hold more than 5 members"):
        await change(database, "e", "f")
    assert (await change(database, "v", "w", "x", "y", "z", how="replace")).size == 5
    with pytest.raises(InvalidField, match="more than 5 rows"):
        await change(database, *"abcdef", how="replace")
    monkeypatch.setattr(lists, "SHEET_BYTES_MAX", 8)
    with pytest.raises(InvalidField, match="larger than 8 bytes"):
        await change(database, "abcdef")
    monkeypatch.setattr(lists, "LISTS_MAX", 1)
    with pytest.raises(InvalidField, match="the mall has 1 lists"):
        await a_list(database, key="summer")
    await a_list(database, mall=OTHER)


@pytest.mark.parametrize("raw", [b"", b"member\na\n", b"sub,name\na,b\n", b"\xff\xfe", b'sub\n"a'])
def test_a_file_that_is_no_such_sheet_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(InvalidField):
        lists.read_sheet(raw)


async def test_any_id_a_mall_may_have_is_kept_as_it_is(database: Database) -> None:
    await a_list(database)
    subs = ["123", "null", "会员-1", 'a"b', "back\\slash", "{1,2}", "o'neill", "x" * 128]
    sheet = ['"a""b"' if sub == 'a"b' else f'"{sub}"' for sub in subs]
    assert (await change(database, *sheet)).added == len(subs)
    for sub in subs:
        assert await on(database, sub) == {"spring"}, sub
    assert (await change(database, *sheet[1:], how="remove")).removed == len(subs) - 1
    assert await on(database, "123") == {"spring"}


async def test_a_list_made_twice_at_once_is_made_once(database: Database) -> None:
    made = await asyncio.gather(*(a_list(database) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["ListExists", "ListExists", "ListExists", "NoneType"]


async def test_changes_at_once_lose_nobody(database: Database) -> None:
    await a_list(database)
    each = [[f"member-{turn}-{number}" for number in range(50)] for turn in range(6)]
    await asyncio.gather(*(change(database, *subs) for subs in each))
    async with database.reading() as session:
        assert (await lists.find(session, mall=MALL, key="spring")).size == 300
    for subs in each:
        assert await on(database, subs[7]) == {"spring"}


async def test_malls_do_not_see_each_other(database: Database) -> None:
    await a_list(database)
    await a_list(database, mall=OTHER)
    await change(database, "ann", mall=OTHER)
    assert await on(database, "ann") == frozenset()
    assert await on(database, "ann", mall=OTHER) == {"spring"}
    async with database.reading() as session:
        assert await lists.held_lists(session, mall=MALL, keys={"spring", "none"}) != {}
        with pytest.raises(NotFound):
            await lists.find(session, mall=OTHER, key="none")
