"""A member types a code: it is looked up, counted, and its chances given, all or nothing.

An unknown code, one of another campaign or mall and one of a stopped batch are told apart by nothing: not by words, and
not by what is read and written for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.errors import InvalidField, Refusal
from core.ids import Ids
from earning.code_models import CodeBatch, CodeRedemption, RedeemCode
from earning.code_words import CodeHashes, is_mistyped, normalised
from earning.grants import Source, give
from earning.guessing import begin_try
from earning.lasting import Lasts, expiry
from earning.models import ChanceGrant

TRIES_MAX = 10


class CodeMistyped(Refusal, code="code-mistyped"):
    """No code reads like this; a character is wrong, or two have changed places."""


class UnknownCode(Refusal, code="unknown-code"):
    """The campaign has no such code."""


class CodeNotOpenYet(Refusal, code="code-not-open-yet"):
    """The code may be redeemed later."""

    def __init__(self, *, opens_at: datetime) -> None:
        super().__init__(opens_at=opens_at)


class CodeClosed(Refusal, code="code-closed"):
    """The time to redeem the code is over."""

    def __init__(self, *, closed_at: datetime) -> None:
        super().__init__(closed_at=closed_at)


class CodeUsedUp(Refusal, code="code-used-up"):
    """The code has been redeemed as often as it may be."""


class EnoughRedeemed(Refusal, code="enough-codes-redeemed"):
    """The member has redeemed as many codes of this kind as one member may."""

    def __init__(self, *, codes_max: int) -> None:
        super().__init__(codes_max=codes_max)


class Redeemed(NamedTuple):
    """What a code gave a member, and when; `expires_at` None means as long as the campaign lasts."""

    chances: int
    expires_at: datetime | None
    redeemed_at: datetime


class _Found(NamedTuple):
    code: RedeemCode
    batch: CodeBatch
    mine: CodeRedemption | None
    """The member's redemption of this very code."""


class Redeeming:
    def __init__(self, *, database: Database, hashes: CodeHashes, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self.hashes = hashes

    async def redeem(self, *, campaign: str, member: str, typed: str, day_ends_at: datetime, now: datetime) -> Redeemed:
        """Give what a code is worth, once per member and code; the same again is answered with what it gave.

        `day_ends_at` is the end of the campaign's day. Raises CodeMistyped, UnknownCode, CodeNotOpenYet, CodeClosed,
        CodeUsedUp, EnoughRedeemed, and TooManyWrongCodes without having looked.
        """
        words = normalised(typed)
        if not words:
            raise InvalidField(("code", "missing"))
        if is_mistyped(words):
            raise CodeMistyped
        digest = self.hashes.of(words, campaign=campaign)
        for _ in range(TRIES_MAX):
            try:
                async with self._database.transaction() as session:
                    noted = await begin_try(session, member=member, now=now)
                    found = await _find(session, campaign=campaign, digest=digest, member=member)
                    if found is not None:
                        await session.delete(noted)
                        redeemed = await self._redeem(session, found, member, day_ends_at=day_ends_at, now=now)
            except IntegrityError:  # another try of the member, or another use of the code, was there first
                continue
            if found is None:
                raise UnknownCode
            return redeemed
        raise AssertionError(f"no turn for a code of member {member} in {TRIES_MAX} tries")

    async def _redeem(
        self, session: AsyncSession, found: _Found, member: str, *, day_ends_at: datetime, now: datetime
    ) -> Redeemed:
        code, batch, mine = found
        if mine is not None:
            grant = await session.get_one(ChanceGrant, (batch.campaign_id, member, mine.grant_number))
            return Redeemed(grant.amount, grant.expires_at, mine.redeemed_at)
        _check_hours(batch, now)
        redemption = CodeRedemption(
            id=self._ids.new(),
            batch_id=batch.id,
            code_number=code.number,
            number=await _next_use(session, code),
            uses=batch.uses,
            campaign_id=batch.campaign_id,
            member_id=member,
            member_number=await _next_of_member(session, batch, member),
            member_uses=batch.member_uses,
            redeemed_at=now,
        )
        if redemption.number > batch.uses:
            raise CodeUsedUp
        if redemption.member_number > batch.member_uses:
            raise EnoughRedeemed(codes_max=batch.member_uses)
        grant = await give(
            session,
            campaign=batch.campaign_id,
            member=member,
            amount=batch.chances,
            expires_at=expiry(Lasts(batch.lasts), batch.days, now=now, day_ends_at=day_ends_at),
            source=Source.CODE,
            reference=redemption.id,
            now=now,
        )
        redemption.grant_number = grant.number
        session.add(redemption)
        await session.flush()
        return Redeemed(grant.amount, grant.expires_at, now)


async def _find(session: AsyncSession, *, campaign: str, digest: bytes, member: str) -> _Found | None:
    """A code that works, locked so that its uses are counted one after another; a stopped one is as if it were not there."""
    is_mine = (
        (CodeRedemption.batch_id == RedeemCode.batch_id)
        & (CodeRedemption.code_number == RedeemCode.number)
        & (CodeRedemption.member_id == member)
    )
    rows = await session.execute(
        select(RedeemCode, CodeBatch, CodeRedemption)
        .join(CodeBatch, CodeBatch.id == RedeemCode.batch_id)
        .outerjoin(CodeRedemption, is_mine)
        .where(RedeemCode.campaign_id == campaign, RedeemCode.digest == digest)
        .where(CodeBatch.stopped_at.is_(None) | CodeRedemption.id.is_not(None))
        .with_for_update(of=RedeemCode, key_share=True)
    )
    row = rows.one_or_none()
    return None if row is None else _Found(*row)


def _check_hours(batch: CodeBatch, now: datetime) -> None:
    if batch.opens_at is not None and now < batch.opens_at:
        raise CodeNotOpenYet(opens_at=batch.opens_at)
    if batch.closes_at is not None and now >= batch.closes_at:
        raise CodeClosed(closed_at=batch.closes_at)


async def _next_use(session: AsyncSession, code: RedeemCode) -> int:
    of_code = (CodeRedemption.batch_id == code.batch_id) & (CodeRedemption.code_number == code.number)
    return (await session.scalar(select(func.max(CodeRedemption.number)).where(of_code)) or 0) + 1


async def _next_of_member(session: AsyncSession, batch: CodeBatch, member: str) -> int:
    of_member = (CodeRedemption.batch_id == batch.id) & (CodeRedemption.member_id == member)
    return (await session.scalar(select(func.max(CodeRedemption.member_number)).where(of_member)) or 0) + 1
