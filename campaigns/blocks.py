"""Members whom operators keep from playing: until an hour, or until somebody lifts it.

A block holds for every campaign of the mall. It ends no award: what was won before is claimed and delivered as ever.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from campaigns.models import BlockAct
from core.clock import Clock
from core.db import Database
from core.errors import InvalidField, Refusal

BLOCKS_MAX = 50_000
FRESH = timedelta(seconds=1)
READ_ACTS_MAX = 5_000
MALLS_KEPT = 512
ACTS_LOCK = 0x424C4F43  # one writer at a time numbers acts


class Blocked(Refusal, code="blocked"):
    """The member is kept from playing until an hour, or until it is lifted."""

    def __init__(self, *, until: datetime | None) -> None:
        super().__init__(until=until)


class NotBlocked(Refusal, code="not-blocked"):
    """There is no block of that member to lift."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block that holds; `until` is None for one that holds until it is lifted."""

    until: datetime | None

    def holds_at(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(slots=True)
class _Seen:
    """A mall's blocks as this process has read them, up to act `number`."""

    number: int = 0
    read_at: datetime | None = None
    blocks: dict[str, Block] = field(default_factory=dict)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Blocks:
    """Every mall's blocks, read on from the ledger once a second at most, so that a play reads nothing of its own.

    What another process wrote holds here within FRESH; what this one wrote, once it has looked again.
    """

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._malls: OrderedDict[str, _Seen] = OrderedDict()

    async def of(self, mall: str, sub: str) -> Block | None:
        """The block that holds of a member, by what is known here."""
        now = self._clock.now()
        seen = self._malls.get(mall)
        if seen is None or seen.read_at is None or now - seen.read_at >= FRESH:
            seen = await self._read_on(mall, asked_at=now)
        block = seen.blocks.get(sub)
        return block if block is not None and block.holds_at(now) else None

    async def look_again(self, mall: str) -> None:
        """Read on now."""
        await self._read_on(mall, asked_at=None)

    async def _read_on(self, mall: str, *, asked_at: datetime | None) -> _Seen:
        seen = self._malls.setdefault(mall, _Seen())
        self._malls.move_to_end(mall)
        if len(self._malls) > MALLS_KEPT:
            self._malls.popitem(last=False)
        async with seen.reading:
            if asked_at is None or seen.read_at is None or asked_at - seen.read_at >= FRESH:
                read_at = self._clock.now()
                await self._read(mall, seen, now=read_at)
                seen.read_at = read_at
        return seen

    async def _read(self, mall: str, seen: _Seen, *, now: datetime) -> None:
        columns = (BlockAct.number, BlockAct.sub, BlockAct.kind, BlockAct.until)
        query = select(*columns).where(BlockAct.mall_id == mall).order_by(BlockAct.number).limit(READ_ACTS_MAX)
        while True:
            async with self._database.reading() as session:
                acts = (await session.execute(query.where(BlockAct.number > seen.number))).all()
            for number, sub, kind, until in acts:
                seen.blocks.pop(sub, None)
                if kind == "block" and Block(until).holds_at(now):
                    seen.blocks[sub] = Block(until)
                seen.number = number
            if len(acts) < READ_ACTS_MAX:
                return


async def block(
    session: AsyncSession, *, mall: str, sub: str, until: datetime | None, reason: str, author: str, now: datetime
) -> BlockAct:
    """Block a member; a block that holds already gives way to this one. Raises InvalidField for an hour that is past."""
    if until is not None and until <= now:
        raise InvalidField(("until", "is in the past"))
    await _hold(session)
    if (await session.scalar(select(func.count()).select_from(_current(mall, now).subquery())) or 0) >= BLOCKS_MAX:
        raise InvalidField(("sub", f"the mall has {BLOCKS_MAX} blocks that hold, the most there may be"))
    return await _act(session, mall=mall, sub=sub, kind="block", until=until, reason=reason, author=author, at=now)


async def lift(session: AsyncSession, *, mall: str, sub: str, reason: str, author: str, now: datetime) -> BlockAct:
    """Let a member play again. Raises NotBlocked when no block of them holds."""
    await _hold(session)
    if await block_of(session, mall=mall, sub=sub, now=now) is None:
        raise NotBlocked
    return await _act(session, mall=mall, sub=sub, kind="lift", until=None, reason=reason, author=author, at=now)


async def block_of(session: AsyncSession, *, mall: str, sub: str, now: datetime) -> Block | None:
    """The block that holds of a member, by the ledger."""
    latest = select(BlockAct).where(BlockAct.mall_id == mall, BlockAct.sub == sub).order_by(BlockAct.number.desc())
    act = await session.scalar(latest.limit(1))
    found = Block(act.until) if act is not None and act.kind == "block" else None
    return found if found is not None and found.holds_at(now) else None


async def page_of_blocks(
    session: AsyncSession, *, mall: str, now: datetime, before: int | None, limit: int
) -> Sequence[BlockAct]:
    """The blocks that hold, newest first, below act number `before`."""
    query = _current(mall, now).order_by(BlockAct.number.desc()).limit(limit)
    return (await session.scalars(query if before is None else query.where(BlockAct.number < before))).all()


async def page_of_acts(
    session: AsyncSession, *, mall: str, sub: str | None, before: int | None, limit: int
) -> Sequence[BlockAct]:
    """Every act there ever was, or those about one member, newest first."""
    query = select(BlockAct).where(BlockAct.mall_id == mall).order_by(BlockAct.number.desc()).limit(limit)
    query = query if sub is None else query.where(BlockAct.sub == sub)
    return (await session.scalars(query if before is None else query.where(BlockAct.number < before))).all()


def _current(mall: str, now: datetime) -> Any:
    later = aliased(BlockAct)
    is_latest = ~(
        select(later.number)
        .where(later.mall_id == BlockAct.mall_id, later.sub == BlockAct.sub, later.number > BlockAct.number)
        .exists()
    )
    holds = and_(BlockAct.kind == "block", or_(BlockAct.until.is_(None), BlockAct.until > now))
    return select(BlockAct).where(BlockAct.mall_id == mall, holds, is_latest)


async def _act(session: AsyncSession, *, mall: str, **said: Any) -> BlockAct:
    last = await session.scalar(select(func.max(BlockAct.number)).where(BlockAct.mall_id == mall)) or 0
    act = BlockAct(mall_id=mall, number=last + 1, **said)
    session.add(act)
    await session.flush()
    return act


async def _hold(session: AsyncSession) -> None:
    # Numbers are committed in their order, even without this: two writers of one number cannot both commit.
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ACTS_LOCK})
