"""What is read of campaigns and plays for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.covers import are_covered
from campaigns.models import Campaign, CampaignVersion, Play, PlayTally
from campaigns.tallies import ALL_PLAYS
from core.errors import NotFound
from earning.grants import PlaysCostNothing


async def page_of_plays(
    session: AsyncSession,
    *,
    member: str,
    campaign: str | None,
    before: str | None,
    limit: int,
    covered_at: datetime | None = None,
) -> Sequence[Play]:
    """A member's plays, newest first; ids are ordered in time. With `covered_at`, those that are covered then."""
    query = select(Play).where(Play.member_id == member).order_by(Play.id.desc()).limit(limit)
    if campaign is not None:
        query = query.where(Play.campaign_id == campaign)
    if before is not None:
        query = query.where(Play.id < before)
    if covered_at is not None:
        query = query.where(are_covered(covered_at))
    return (await session.scalars(query)).all()


async def last_play(session: AsyncSession, *, campaign: str, member: str) -> Play | None:
    """A member's latest play in a campaign; its ordinals count the plays before it."""
    query = select(Play).where(Play.campaign_id == campaign, Play.member_id == member)
    return await session.scalar(query.order_by(Play.ordinal.desc()).limit(1))


async def are_all_taken(session: AsyncSession, campaign: str, *, plays_max: int) -> bool:
    """Whether a campaign has given as many plays as there are for everybody together."""
    of_all = (PlayTally.campaign_id == campaign) & (PlayTally.subject_id == campaign) & (PlayTally.tally == ALL_PLAYS)
    highest = await session.scalar(select(func.max(PlayTally.number)).where(of_all)) or 0
    if highest < plays_max:
        return False
    return (await session.scalar(select(func.count()).select_from(PlayTally).where(of_all)) or 0) >= plays_max


async def page_of_campaigns(session: AsyncSession, *, mall: str, before: str | None, limit: int) -> Sequence[Campaign]:
    query = select(Campaign).where(Campaign.mall_id == mall).order_by(Campaign.id.desc()).limit(limit)
    return (await session.scalars(query if before is None else query.where(Campaign.id < before))).all()


async def campaign_that_costs(session: AsyncSession, campaign: str, *, mall: str) -> Campaign:
    """A mall's own campaign, published or not, in which a play costs a chance. Raises NotFound and PlaysCostNothing."""
    row = await session.get(Campaign, campaign)
    if row is None or row.mall_id != mall:
        raise NotFound(noun="campaign")
    written = await session.get(CampaignVersion, (campaign, row.version))
    if (written.config if written is not None else row.draft).get("chances") is None:
        raise PlaysCostNothing
    return row


async def versions_of(session: AsyncSession, *, campaign: str) -> Sequence[CampaignVersion]:
    query = select(CampaignVersion).where(CampaignVersion.campaign_id == campaign)
    return (await session.scalars(query.order_by(CampaignVersion.version))).all()
