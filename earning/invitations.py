"""Members invite others by a link: made once while it is good, accepted once by everybody who comes by one.

The code of a link is made from the link's id under a key of its own, and the ledger holds only what it digests to: so the same
link can be told again, and whoever reads the ledger can make none (0016).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.errors import Refusal
from core.ids import Ids
from earning.event_models import EventRule
from earning.guessing import begin_try
from earning.invitation_models import LINKS_MAX, Invitation, Invited

CODE_BYTES = 16
CODE = r"^[A-Za-z0-9_-]{22}$"
TRIES_MAX = 10

When = Literal["joined", "played"]
HasPlayed = Callable[[AsyncSession], Awaitable[bool]]


class InvitationsClosed(Refusal, code="invitations-closed"):
    """Nobody is rewarded for inviting others to the campaign, or not at present."""


class TooManyInvitations(Refusal, code="too-many-invitations"):
    """The member has made as many links in one campaign as there may be."""

    def __init__(self, *, links_max: int) -> None:
        super().__init__(links_max=links_max)


class UnknownInvitation(Refusal, code="unknown-invitation"):
    """The campaign has no such invitation."""


class InvitationExpired(Refusal, code="invitation-expired"):
    """The invitation was good until an hour."""

    def __init__(self, *, expired_at: datetime) -> None:
        super().__init__(expired_at=expired_at)


class OwnInvitation(Refusal, code="own-invitation"):
    """The member made the invitation themselves."""


class AlreadyInvited(Refusal, code="already-invited"):
    """The member came by another invitation before; one counts."""


class AlreadyPlayed(Refusal, code="already-played"):
    """The member has played in the campaign, so nobody brought them to it."""


class Terms(NamedTuple):
    """What an invitation to a campaign is worth: when, and by which rules."""

    mall: str
    campaign: str
    reward_when: When
    inviter: EventRule
    invitee: EventRule | None


class Link(NamedTuple):
    code: str
    made_at: datetime
    expires_at: datetime


class InvitationCodes:
    """The codes of links: 128 bits, the same for the same link."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, invitation: str) -> str:
        mac = hmac.digest(self._key, invitation.encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:CODE_BYTES]).rstrip(b"=").decode()


def digest_of(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


class Invitations:
    def __init__(self, *, database: Database, codes: InvitationCodes, ids: Ids) -> None:
        self._database = database
        self._codes = codes
        self._ids = ids

    async def link(self, *, campaign: str, member: str, expires_at: datetime, now: datetime) -> Link:
        """The member's link while it is good, else a new one that is good until `expires_at`. Raises TooManyInvitations."""
        for _ in range(TRIES_MAX):
            try:
                async with self._database.transaction() as session:
                    row = await self._link(session, campaign, member, expires_at, now)
            except IntegrityError:  # the member asked twice at once
                continue
            return Link(self._codes.of(row.id), row.made_at, row.expires_at)
        raise AssertionError(f"no link for member {member} in {TRIES_MAX} tries")

    async def _link(
        self, session: AsyncSession, campaign: str, member: str, expires_at: datetime, now: datetime
    ) -> Invitation:
        of_member = (Invitation.campaign_id == campaign) & (Invitation.member_id == member)
        latest = await session.scalar(select(Invitation).where(of_member).order_by(Invitation.number.desc()).limit(1))
        if latest is not None and latest.expires_at > now:
            return latest
        number = latest.number + 1 if latest is not None else 1
        if number > LINKS_MAX:
            raise TooManyInvitations(links_max=LINKS_MAX)
        invitation = self._ids.new()
        row = Invitation(
            id=invitation,
            campaign_id=campaign,
            member_id=member,
            number=number,
            digest=digest_of(self._codes.of(invitation)),
            made_at=now,
            expires_at=expires_at,
        )
        session.add(row)
        await session.flush()
        return row

    async def accept(
        self, *, campaign: str, member: str, code: str, terms: Terms | None, has_played: HasPlayed, now: datetime
    ) -> Invited:
        """Note that the member came by an invitation, once; the same again is answered again. Without `terms` no other is taken.

        Raises UnknownInvitation, InvitationExpired, OwnInvitation, AlreadyInvited, AlreadyPlayed, InvitationsClosed, and
        TooManyWrongCodes without having looked.
        """
        for _ in range(TRIES_MAX):
            try:
                async with self._database.transaction() as session:
                    noted = await begin_try(session, member=member, now=now)
                    invitation = await _find(session, campaign=campaign, code=code)
                    if invitation is not None:
                        await session.delete(noted)
                        return await self._accept(session, invitation, member, terms, has_played, now)
            except IntegrityError:  # another try of the member was there first
                continue
            raise UnknownInvitation
        raise AssertionError(f"no turn for an invitation of member {member} in {TRIES_MAX} tries")

    async def _accept(  # noqa: PLR0917 - what `accept` knows, and what it found
        self,
        session: AsyncSession,
        invitation: Invitation,
        member: str,
        terms: Terms | None,
        has_played: HasPlayed,
        now: datetime,
    ) -> Invited:
        known = await invited_of(session, campaign=invitation.campaign_id, member=member)
        if known is not None and known.invitation_id == invitation.id:
            return known
        if invitation.member_id == member:
            raise OwnInvitation
        if known is not None:
            raise AlreadyInvited
        if terms is None:
            raise InvitationsClosed
        if invitation.expires_at <= now:
            raise InvitationExpired(expired_at=invitation.expires_at)
        if await has_played(session):
            raise AlreadyPlayed
        row = Invited(
            id=self._ids.new(),
            mall_id=terms.mall,
            campaign_id=invitation.campaign_id,
            member_id=member,
            invitation_id=invitation.id,
            inviter_id=invitation.member_id,
            reward_when=terms.reward_when,
            inviter_rule_id=terms.inviter.id,
            invitee_rule_id=terms.invitee.id if terms.invitee is not None else None,
            accepted_at=now,
            due_at=now if terms.reward_when == "joined" else None,
        )
        session.add(row)
        await session.flush()
        return row


async def invited_of(session: AsyncSession, *, campaign: str, member: str) -> Invited | None:
    """How the member came to the campaign, if by an invitation."""
    return await session.scalar(select(Invited).where(Invited.campaign_id == campaign, Invited.member_id == member))


async def _find(session: AsyncSession, *, campaign: str, code: str) -> Invitation | None:
    return await session.scalar(
        select(Invitation).where(Invitation.campaign_id == campaign, Invitation.digest == digest_of(code))
    )
