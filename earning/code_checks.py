"""What must hold of redeem codes, as queries: every use is one grant of what its batch is worth, and no limit was passed.

They count against the batch itself, not against what a use says its batch allows.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from earning.code_models import CodeBatch, CodeRedemption, RedeemCode
from earning.grants import Source
from earning.models import ChanceGrant

BROKEN_SHOWN_MAX: Final = 100
Checked = tuple[int, list[str]]

_GRANT: Final = and_(
    ChanceGrant.campaign_id == CodeRedemption.campaign_id,
    ChanceGrant.member_id == CodeRedemption.member_id,
    ChanceGrant.number == CodeRedemption.grant_number,
)


async def codes_hold(session: AsyncSession, *, campaign: str) -> Checked:
    """I4, the codes' part."""
    of_campaign = CodeRedemption.campaign_id == campaign
    checked = await session.scalar(select(func.count(CodeRedemption.id)).where(of_campaign)) or 0
    return checked, [
        *[f"a grant of {member} was redeemed with no code" for member in await _some(session, _unredeemed(campaign))],
        *[f"redemption {each} was granted something else" for each in await _some(session, _misgranted(campaign))],
        *[f"redemption {each} came outside its batch's hours" for each in await _some(session, _untimely(campaign))],
        *[
            f"the uses of code {code} of batch {batch} are {least}..{most}, {count} of them, and {uses} may be"
            for batch, code, uses, least, most, count in await _rows(session, _uses(campaign))
        ],
        *[
            f"member {member} redeemed {least}..{most} of batch {batch}, {count} of them with {codes} codes, and {uses} may be"
            for batch, member, uses, least, most, count, codes in await _rows(session, _uses_of_members(campaign))
        ],
        *[
            f"batch {batch} holds {count} codes, numbered {least}..{most}"
            for batch, least, most, count in await _rows(session, _uneven(campaign))
        ],
        *[
            f"batch {batch} was worth {worth} chances, and {granted} were granted for it"
            for batch, worth, granted in await _rows(session, _sums(campaign))
        ],
    ]


def _unredeemed(campaign: str) -> Select[str]:
    return (
        select(ChanceGrant.member_id)
        .outerjoin(CodeRedemption, _GRANT)
        .where(ChanceGrant.campaign_id == campaign, ChanceGrant.source == Source.CODE, CodeRedemption.id.is_(None))
    )


def _misgranted(campaign: str) -> Select[str]:
    other = or_(
        ChanceGrant.number.is_(None),
        ChanceGrant.source != Source.CODE,
        ChanceGrant.amount != CodeBatch.chances,
        ChanceGrant.expires_at.is_(None) != (CodeBatch.lasts == "campaign"),
        func.replace(ChanceGrant.reference, "-", "") != func.replace(cast(CodeRedemption.id, String), "-", ""),
    )
    query = _with_batch(select(CodeRedemption.id)).outerjoin(ChanceGrant, _GRANT)
    return query.where(CodeRedemption.campaign_id == campaign, or_(CodeBatch.id.is_(None), other))


def _untimely(campaign: str) -> Select[str]:
    outside = or_(CodeRedemption.redeemed_at < CodeBatch.opens_at, CodeRedemption.redeemed_at >= CodeBatch.closes_at)
    return _with_batch(select(CodeRedemption.id)).where(CodeRedemption.campaign_id == campaign, outside)


def _uses(campaign: str) -> Select[Any]:
    """Codes whose uses are not numbered 1 to n, or are more than their batch allows."""
    number, uses = CodeRedemption.number, CodeBatch.uses
    told = select(CodeRedemption.batch_id, CodeRedemption.code_number, uses, *_numbered(number))
    return (
        _with_batch(told)
        .where(CodeRedemption.campaign_id == campaign)
        .group_by(CodeRedemption.batch_id, CodeRedemption.code_number, uses)
        .having(or_(_is_uneven(number), func.count() > uses))
    )


def _uses_of_members(campaign: str) -> Select[Any]:
    """The same of a member's uses of a batch; none of them twice with one code."""
    number, uses = CodeRedemption.member_number, CodeBatch.member_uses
    codes = func.count(CodeRedemption.code_number.distinct())
    told = select(CodeRedemption.batch_id, CodeRedemption.member_id, uses, *_numbered(number), codes)
    return (
        _with_batch(told)
        .where(CodeRedemption.campaign_id == campaign)
        .group_by(CodeRedemption.batch_id, CodeRedemption.member_id, uses)
        .having(or_(_is_uneven(number), func.count() > uses, codes != func.count()))
    )


def _uneven(campaign: str) -> Select[Any]:
    """Batches whose codes are not numbered 1 to n."""
    query: Select[Any] = select(RedeemCode.batch_id, *_numbered(RedeemCode.number))
    of_batches = query.where(RedeemCode.campaign_id == campaign).group_by(RedeemCode.batch_id)
    return of_batches.having(_is_uneven(RedeemCode.number))


def _sums(campaign: str) -> Select[Any]:
    """Batches of which other chances were granted than their uses are worth."""
    worth, granted = func.count() * CodeBatch.chances, func.coalesce(func.sum(ChanceGrant.amount), 0)
    query = _with_batch(select(CodeRedemption.batch_id, worth, granted)).outerjoin(ChanceGrant, _GRANT)
    by_batch = query.where(CodeRedemption.campaign_id == campaign).group_by(CodeRedemption.batch_id, CodeBatch.chances)
    return by_batch.having(worth != granted)


def _with_batch(query: Any) -> Select[Any]:
    of_batch = CodeBatch.id == CodeRedemption.batch_id
    joined: Select[Any] = query.select_from(CodeRedemption).outerjoin(CodeBatch, of_batch)
    return joined


def _numbered(number: Any) -> tuple[Any, ...]:
    return func.min(number), func.max(number), func.count()


def _is_uneven(number: Any) -> ColumnElement[bool]:
    return or_(func.min(number) != 1, func.max(number) != func.count(), func.count(number.distinct()) != func.count())


async def _some(session: AsyncSession, query: Select[Any]) -> list[Any]:
    return list(await session.scalars(query.limit(BROKEN_SHOWN_MAX)))


async def _rows(session: AsyncSession, query: Select[Any]) -> list[Any]:
    return list((await session.execute(query.limit(BROKEN_SHOWN_MAX))).all())
