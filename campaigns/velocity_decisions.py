"""Decisions about velocity as they are kept: the one that stands, those of a campaign, and a challenge that was passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.models import Campaign
from campaigns.velocity import VelocityRule
from campaigns.velocity_models import VelocityDecision
from core.errors import NotFound


async def standing(
    session: AsyncSession, *, campaign: str, member: str, rule: VelocityRule, now: datetime
) -> VelocityDecision | None:
    """What was decided of the member by this rule, as it is, while it looks back; a challenge that was passed is over."""
    query = (
        select(VelocityDecision)
        .where(VelocityDecision.campaign_id == campaign, VelocityDecision.member_id == member)
        .where(VelocityDecision.rule_key == rule.key, VelocityDecision.at > now - timedelta(seconds=rule.seconds))
        .where(VelocityDecision.action == rule.action, VelocityDecision.passed_at.is_(None))
        .order_by(VelocityDecision.at.desc())
        .limit(1)
    )
    decision: VelocityDecision | None = await session.scalar(query)
    return decision


async def page(
    session: AsyncSession,
    *,
    campaign: str,
    member: str | None = None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[VelocityDecision]:
    """A campaign's decisions, newest first; those about one member when they are named."""
    query = select(VelocityDecision).where(VelocityDecision.campaign_id == campaign)
    if member is not None:
        query = query.where(VelocityDecision.member_id == member)
    if before is not None:
        query = query.where(tuple_(VelocityDecision.at, VelocityDecision.id) < before)
    return (
        await session.scalars(query.order_by(VelocityDecision.at.desc(), VelocityDecision.id.desc()).limit(limit))
    ).all()


async def challenge_of(
    session: AsyncSession, *, mall: str, challenge: str, for_update: bool = False
) -> VelocityDecision:
    """Raises NotFound for what is no challenge of the mall's campaigns."""
    query = (
        select(VelocityDecision)
        .join(Campaign, Campaign.id == VelocityDecision.campaign_id)
        .where(VelocityDecision.id == challenge, VelocityDecision.action == "challenge", Campaign.mall_id == mall)
    )
    decision = await session.scalar(query.with_for_update(of=VelocityDecision) if for_update else query)
    if decision is None:
        raise NotFound(noun="challenge")
    return decision


def rule_of(decision: VelocityDecision) -> VelocityRule:
    """The rule as it was when it was decided by."""
    return VelocityRule.model_validate(decision.rule)
