"""Chances that members are given: numbered for each member, in the ledger before the counters hear of them.

A grant is so many chances that may be played until an hour. Its chances are numbered 1 to its amount, a play uses one of
them, and the ledger lets no two plays use the same. The counters hold only how many grants a member has had; a claim
brings those that may have chances left, and is told when there are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import to_ms
from core.db import Database, hold
from core.errors import Refusal
from earning.models import ChanceGrant, ChanceUse
from inventory.claims import Take

GRANT = "grant:"
AMOUNT_MAX = 1000
GRANTS_MAX = 10_000
OPEN_MAX = 50
"""How many of a member's grants a claim brings, soonest to expire first; the others wait their turn."""
NUMBERINGS_MAX = 5
FOR_GOOD = (1 << 53) - 1
"""The hour of a grant that does not expire, in ms: what the script's numbers hold exactly."""


class Source(StrEnum):
    """Where a grant came from; its reference is unique within it."""

    API = "api"
    EVENT = "event"
    CODE = "code"
    INVITATION = "invitation"
    PURCHASE = "purchase"


class PlaysCostNothing(Refusal, code="plays-cost-nothing"):
    """Plays of the campaign cost no chance, so there is none to give."""


class TooManyGrants(Refusal, code="too-many-grants"):
    """A member has had as many grants in one campaign as there may be."""

    def __init__(self, *, grants_max: int) -> None:
        super().__init__(grants_max=grants_max)


class GrantDiffers(Refusal, code="grant-differs"):
    """The reference was used before, for another grant."""

    def __init__(self, *, reference: str) -> None:
        super().__init__(reference=reference)


class Open(NamedTuple):
    """A grant that may have chances left: so many, by the ledger."""

    number: int
    amount: int
    left: int
    expires_at: datetime | None

    @property
    def expires_ms(self) -> int:
        return FOR_GOOD if self.expires_at is None else to_ms(self.expires_at)

    @property
    def take(self) -> Take:
        return Take(f"{GRANT}{self.number}", "member", "all", self.amount)


class Held(NamedTuple):
    """What the ledger knows of a member's grants: how many there were, and those that may have chances left."""

    total: int
    open: tuple[Open, ...]


_used = (
    select(func.count())
    .where(
        ChanceUse.campaign_id == ChanceGrant.campaign_id,
        ChanceUse.member_id == ChanceGrant.member_id,
        ChanceUse.grant_number == ChanceGrant.number,
    )
    .scalar_subquery()
)


async def give(
    session: AsyncSession,
    *,
    campaign: str,
    member: str,
    amount: int,
    expires_at: datetime | None,
    source: Source,
    reference: str,
    now: datetime,
) -> ChanceGrant:
    """Give chances, once per source and reference. `expires_at` None means as long as the campaign lasts.

    The same again is answered with what was given. Raises GrantDiffers when the reference was used for another grant, and
    TooManyGrants.
    """
    # Numbers are right without this: it spares many who give to one member at once from taking the same one again and again.
    await hold(session, f"{GRANT}{campaign}:{member}")
    for _ in range(NUMBERINGS_MAX):
        made = await session.scalar(
            select(ChanceGrant).where(
                ChanceGrant.campaign_id == campaign, ChanceGrant.source == source, ChanceGrant.reference == reference
            )
        )
        if made is not None:
            if (made.member_id, made.amount) != (member, amount):
                raise GrantDiffers(reference=reference)
            return made
        count = await count_of(session, campaign=campaign, member=member)
        if count >= GRANTS_MAX:
            raise TooManyGrants(grants_max=GRANTS_MAX)
        grant = ChanceGrant(
            campaign_id=campaign,
            member_id=member,
            number=count + 1,
            amount=amount,
            expires_at=expires_at,
            source=source,
            reference=reference,
            given_at=now,
        )
        try:
            async with session.begin_nested():
                session.add(grant)
        except IntegrityError:  # another took the number, or made this very grant
            continue
        return grant
    raise AssertionError(f"no number for a grant of member {member} in {NUMBERINGS_MAX} tries")


async def count_of(session: AsyncSession, *, campaign: str, member: str) -> int:
    """How many grants the member has had; they are numbered without gaps."""
    of_member = (ChanceGrant.campaign_id == campaign) & (ChanceGrant.member_id == member)
    return await session.scalar(select(func.max(ChanceGrant.number)).where(of_member)) or 0


async def held_by(session: AsyncSession, *, campaign: str, member: str, now: datetime) -> Held:
    """The member's grants that have chances left by the ledger and have not expired, soonest to expire first."""
    rows = await session.execute(
        select(ChanceGrant, _used)
        .where(ChanceGrant.campaign_id == campaign, ChanceGrant.member_id == member)
        .where(ChanceGrant.expires_at.is_(None) | (ChanceGrant.expires_at > now), _used < ChanceGrant.amount)
        .order_by(ChanceGrant.expires_at.asc().nulls_last(), ChanceGrant.number)
        .limit(OPEN_MAX)
    )
    count = await count_of(session, campaign=campaign, member=member)
    return Held(count, tuple(Open(row.number, row.amount, row.amount - used, row.expires_at) for row, used in rows))


async def latest(session: AsyncSession, *, campaign: str, member: str, limit: int) -> Sequence[tuple[ChanceGrant, int]]:
    """A member's grants and how many chances of each were used, newest first."""
    query = (
        select(ChanceGrant, _used)
        .where(ChanceGrant.campaign_id == campaign, ChanceGrant.member_id == member)
        .order_by(ChanceGrant.number.desc())
        .limit(limit)
    )
    return [(grant, used) for grant, used in (await session.execute(query))]


async def left_of(session: AsyncSession, *, campaign: str, member: str, now: datetime) -> int:
    """How many granted chances the member has left by the ledger."""
    of_member = (ChanceGrant.campaign_id == campaign) & (ChanceGrant.member_id == member)
    lives = ChanceGrant.expires_at.is_(None) | (ChanceGrant.expires_at > now)
    given = await session.scalar(select(func.sum(ChanceGrant.amount)).where(of_member, lives)) or 0
    same = (ChanceUse.member_id == ChanceGrant.member_id) & (ChanceUse.grant_number == ChanceGrant.number)
    used = select(func.count()).select_from(ChanceGrant).join(ChanceUse, same & (ChanceUse.campaign_id == campaign))
    return int(given) - (await session.scalar(used.where(of_member, lives)) or 0)


async def look(database: Database, *, campaign: str, member: str, now: datetime) -> Held:
    async with database.reading() as session:
        return await held_by(session, campaign=campaign, member=member, now=now)


def in_order(grants: Sequence[Open], free_until_ms: int | None, free: Take | None) -> list[tuple[int, Take]]:
    """(until when, what is taken) of every source of a chance, soonest to expire first; the free one before its equals."""
    told = [(grant.expires_ms, 1, grant.take) for grant in grants]
    if free is not None:
        told.append((FOR_GOOD if free_until_ms is None else free_until_ms, 0, free))
    return [(until_ms, take) for until_ms, _, take in sorted(told, key=lambda each: each[:2])]
