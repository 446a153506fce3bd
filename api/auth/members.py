"""Members of malls: known here from the first time their mall names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.models import LaunchTokenUse, Member


async def member_of(session: AsyncSession, mall: str, sub: str, *, new_id: str, now: datetime) -> str:
    """The id of the member whom the mall calls `sub`; `new_id` is theirs when they were not known before."""
    known = await known_member(session, mall, sub)
    if known is not None:
        return known
    await inserted(session, Member, {"id": new_id, "mall_id": mall, "sub": sub, "created_at": now})
    return (await session.scalars(select(Member.id).where(Member.mall_id == mall, Member.sub == sub))).one()


async def known_member(session: AsyncSession, mall: str, sub: str) -> str | None:
    member: str | None = await session.scalar(select(Member.id).where(Member.mall_id == mall, Member.sub == sub))
    return member


async def names_of(session: AsyncSession, members: Iterable[str]) -> Mapping[str, str]:
    """How their malls call these members, by id."""
    rows = await session.execute(select(Member.id, Member.sub).where(Member.id.in_(set(members))))
    return {row.id: row.sub for row in rows}


async def inserted(session: AsyncSession, model: type[LaunchTokenUse | Member], values: dict[str, Any]) -> bool:
    """Whether the row went in; False when one with its key was there."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(model.mall_id)
    return (await session.execute(statement)).first() is not None


def masked(name: str) -> str:
    """A name that its owner knows again and nobody else: its ends, and as little of a short one as there is."""
    head = max(min(2, len(name) - 2), 1)
    return f"{name[:head]}***{name[-1:] if len(name) > head + 1 else ''}"
