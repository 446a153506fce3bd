"""What a process knows of blocks: read on by number, at most a second old, and never another mall's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns import blocks
from campaigns.blocks import FRESH, Block, Blocks
from core.db import Database
from core.errors import InvalidField
from tests.support.arguments import HandClock

MALL = "0190a000-0000-7000-8000-00000000da11"
OTHER = "0190a000-0000-7000-8000-00000000da12"


class Writer:
    """Another process, at the same hour."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self._database, self._clock = database, clock

    async def blocks(self, sub: str, *, hours: int | None = None, mall: str = MALL) -> None:
        now = self._clock.now()
        until = None if hours is None else now + timedelta(hours=hours)
        async with self._database.transaction() as session:
            await blocks.block(session, mall=mall, sub=sub, until=until, reason="r", author="a@b.test", now=now)

    async def lifts(self, sub: str) -> None:
        async with self._database.transaction() as session:
            await blocks.lift(session, mall=MALL, sub=sub, reason="r", author="a@b.test", now=self._clock.now())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def writer(database: Database, clock: HandClock) -> Writer:
    return Writer(database, clock)


async def test_what_was_read_holds_for_a_second_and_no_longer(
    database: Database, clock: HandClock, writer: Writer
) -> None:
    known = Blocks(database=database, clock=clock)
    assert await known.of(MALL, "ann") is None
    await writer.blocks("ann")
    assert await known.of(MALL, "ann") is None
    clock.advance(seconds=FRESH.total_seconds())
    assert await known.of(MALL, "ann") == Block(None)
    await writer.lifts("ann")
    assert await known.of(MALL, "ann") == Block(None)
    await known.look_again(MALL)
    assert await known.of(MALL, "ann") is None


async def test_the_latest_act_about_a_member_holds(database: Database, clock: HandClock, writer: Writer) -> None:
    for sub in ("ann", "ben", "cai", "dan"):
        await writer.blocks(sub, hours=2)
    await writer.blocks("ben", hours=5)
    await writer.blocks("cai")
    await writer.lifts("dan")
    known = Blocks(database=database, clock=clock)
    now = clock.now()
    held = {sub: await known.of(MALL, sub) for sub in ("ann", "ben", "cai", "dan", "eve")}
    assert held == {
        "ann": Block(now + timedelta(hours=2)),
        "ben": Block(now + timedelta(hours=5)),
        "cai": Block(None),
        "dan": None,
        "eve": None,
    }
    for hours, still in ((2, {"ben", "cai"}), (5, {"cai"})):
        clock.advance(seconds=((now + timedelta(hours=hours)) - clock.now()).total_seconds())
        assert {sub for sub in held if await known.of(MALL, sub)} == still
        async with database.reading() as session:
            rows = await blocks.page_of_blocks(session, mall=MALL, now=clock.now(), before=None, limit=10)
            assert {row.sub for row in rows} == still
            for sub in held:
                found = await blocks.block_of(session, mall=MALL, sub=sub, now=clock.now())
                assert (found is not None) == (sub in still)


async def test_more_acts_than_are_read_at_once_are_all_read(
    database: Database, clock: HandClock, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "READ_ACTS_MAX", 3)
    for number in range(7):
        await writer.blocks(f"member-{number}")
    known = Blocks(database=database, clock=clock)
    assert all([await known.of(MALL, f"member-{number}") for number in range(7)])


async def test_malls_know_nothing_of_each_others_blocks(database: Database, clock: HandClock, writer: Writer) -> None:
    await writer.blocks("ann", mall=OTHER)
    known = Blocks(database=database, clock=clock)
    assert await known.of(MALL, "ann") is None
    assert await known.of(OTHER, "ann") is not None


async def test_blocks_are_bounded(
    database: Database, clock: HandClock, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCKS_MAX", 2)
    await writer.blocks("ann")
    await writer.blocks("ben", hours=1)
    with pytest.raises(InvalidField, match="the mall has 2 blocks"):
        await writer.blocks("cai")
    clock.advance(seconds=3600)
    await writer.blocks("cai")
