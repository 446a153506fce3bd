"""The claim: the winner says where the prize should go, once, before the deadline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound, Refusal
from prizes.awards import CLAIM_NEEDED, HELD, LAPSED, move
from prizes.fulfilment.router import claim_kind, make_ready, route
from prizes.models import Award, Claim
from prizes.personal import Contact, contact_of, seal_contact, unmask
from prizes.vault import Vault


class ClaimNotNeeded(Refusal, code="claim-not-needed"):
    """This prize is delivered without asking the winner anything."""


class ClaimClosed(Refusal, code="claim-closed"):
    """The time to claim this prize is over."""

    def __init__(self, *, claim_before: datetime) -> None:
        super().__init__(claim_before=claim_before)


class AwardHeld(Refusal, code="award-held"):
    """This prize is checked before it is delivered, and waits for nothing from its winner."""


class AlreadyClaimed(Refusal, code="already-claimed"):
    """The prize was claimed before, with other details, and is on its way."""


async def claim(
    session: AsyncSession,
    *,
    award_id: str,
    member_id: str,
    phone: str,
    recipient: str | None = None,
    address: str | None = None,
    vault: Vault,
    now: datetime,
) -> Award:
    """Take the winner's details and set the award on its way; the same details again change nothing.

    Refusals: NotFound (also for another member's award, and one that is covered), ClaimNotNeeded, InvalidField, AwardHeld, AlreadyClaimed, ClaimClosed.
    """
    award = await session.scalar(select(Award).where(Award.id == award_id).with_for_update())
    if award is None or award.member_id != member_id or award.is_covered:
        raise NotFound(noun="award")
    route(award, now=now)
    kind = claim_kind(award.type)
    if kind == "none":
        raise ClaimNotNeeded
    contact = contact_of(kind=kind, phone=phone, recipient=recipient, address=address)
    if award.state == HELD:
        raise AwardHeld
    given = await session.get(Claim, award_id)
    if given is not None:
        _must_equal(given, contact, vault)
        return award
    if award.state != CLAIM_NEEDED or award.claim_before <= now:
        raise ClaimClosed(claim_before=award.claim_before)
    sealed = seal_contact(vault, award_id=award_id, contact=contact)
    session.add(Claim(award_id=award_id, kind=kind, sealed=sealed, given_at=now))
    make_ready(award, now=now)
    await session.flush()
    return award


async def lapse_due(session: AsyncSession, *, limit: int, now: datetime) -> int:
    """Close the claims whose deadline has passed; the number closed."""
    late = await session.scalars(
        select(Award)
        .where(Award.state == CLAIM_NEEDED, Award.due_at <= now)
        .order_by(Award.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    closed = late.all()
    for award in closed:
        move(award, LAPSED, now=now)
        award.due_at = None
    await session.flush()
    return len(closed)


def _must_equal(given: Claim, contact: Contact, vault: Vault) -> None:
    if given.sealed is None or unmask(vault, award_id=given.award_id, sealed=given.sealed) != contact:
        raise AlreadyClaimed
