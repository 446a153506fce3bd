"""Members invite others: whether they may, who came, and whom the ledger shows to have played since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.admission import Admission
from campaigns.invitations import terms_of
from campaigns.models import Campaign, Play
from campaigns.paying import Paying
from campaigns.queries import last_play
from campaigns.refusals import Over
from campaigns.versions import Running, Versions
from core.clock import Clock, from_ms
from core.db import Database
from earning.invitation_models import Invited
from earning.invitation_rewards import FirstPlay, due_ones, note_first_plays, reward
from earning.invitations import Invitations, InvitationsClosed, Link, Terms

log = structlog.get_logger()
BATCH = 100
AFTER_END = timedelta(days=1)
"""For so long after a campaign's end plays may still come to the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for a link, or has come by one; `sub` and `attributes` are what the mall signed."""

    campaign: str
    member: str
    sub: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Inviting:
    def __init__(
        self,
        *,
        database: Database,
        versions: Versions,
        admission: Admission,
        paying: Paying,
        invitations: Invitations,
        clock: Clock,
    ) -> None:
        self._database = database
        self._versions = versions
        self._admission = admission
        self._paying = paying
        self._invitations = invitations
        self._clock = clock

    async def link(self, asking: Asking) -> Link:
        """The member's link. Raises InvitationsClosed, Over, TooManyInvitations, and what keeps the member from playing."""
        running = await self._entered(asking)
        now, config = self._clock.now(), running.version.config
        if config.invitations is None or await self._terms(running) is None:
            raise InvitationsClosed
        expires_at = min(now + timedelta(days=config.invitations.days), config.ends_at)
        return await self._invitations.link(
            campaign=running.campaign, member=asking.member, expires_at=expires_at, now=now
        )

    async def accept(self, asking: Asking, code: str) -> Invited:
        """The member came by this link; what it gives at once is given. Raises what `earning.invitations` names, Over, and
        what keeps the member from playing.
        """
        running = await self._entered(asking)

        async def has_played(session: AsyncSession) -> bool:
            return await last_play(session, campaign=running.campaign, member=asking.member) is not None

        invited = await self._invitations.accept(
            campaign=running.campaign,
            member=asking.member,
            code=code,
            terms=await self._terms(running),
            has_played=has_played,
            now=self._clock.now(),
        )
        if invited.due_at is not None and invited.rewarded_at is None:
            await self._reward(invited.id)
            async with self._database.reading() as session:
                invited = await session.get_one(Invited, invited.id)
        return invited

    async def run_once(self) -> bool:
        """One bounded round: who has played is noted, and what is due is given; whether some may be left."""
        played = await self._first_plays()
        if played:
            await note_first_plays(self._database, played, now=self._clock.now())
        due = await due_ones(self._database, limit=BATCH)
        failed = 0
        for invited in due:
            try:
                await self._reward(invited)
            except Exception:
                failed += 1
                log.exception("invitation not rewarded", invited=invited)
        return len(played) >= BATCH or (len(due) >= BATCH and failed < len(due))

    async def _first_plays(self) -> list[FirstPlay]:
        """Invited members whose first play is in the ledger and not noted. Nobody is invited after it, so it came after."""
        first = (Play.campaign_id == Invited.campaign_id) & (Play.member_id == Invited.member_id) & (Play.ordinal == 1)
        query = (
            select(Invited.id, Play.id, Play.played_at_ms)
            .join(Play, first)
            .join(Campaign, Campaign.id == Invited.campaign_id)
            .where(Invited.first_play_id.is_(None), Campaign.ends_at > self._clock.now() - AFTER_END)
            .limit(BATCH)
        )
        async with self._database.reading() as session:
            rows = (await session.execute(query)).all()
        return [FirstPlay(invited, play, from_ms(played_at_ms)) for invited, play, played_at_ms in rows]

    async def _reward(self, invited: str) -> None:
        for given in await reward(self._database, invited=invited, now=self._clock.now()):
            await self._paying.tell(given.campaign, given.member, given.grant)

    async def _terms(self, running: Running) -> Terms | None:
        async with self._database.reading() as session:
            return await terms_now(session, running)

    async def _entered(self, asking: Asking) -> Running:
        running = await self._versions.look_again(asking.campaign)
        version = running.version
        if running.phase(self._clock.now()) == "ended":
            raise Over(ended_at=version.config.ends_at)
        found = await self._admission.look_again(version, sub=asking.sub, attributes=asking.attributes)
        if found.refusal is not None:
            raise found.refusal
        return running


async def terms_now(session: AsyncSession, running: Running) -> Terms | None:
    """What an invitation to the campaign is worth at present; None where there is nothing to be had."""
    version = running.version
    return await terms_of(session, version.config.invitations, mall=version.mall, campaign=running.campaign)
