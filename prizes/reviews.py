"""Wins under review: what operators decide about them. One person may release a win; it takes two to reject it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidField, Refusal
from prizes.awards import COVERED, HELD, VOID, WON, move
from prizes.fulfilment.router import route
from prizes.models import Award, AwardRejection


class AwardNotHeld(Refusal, code="award-not-held"):
    """Only a win that is held can be released or rejected, once."""

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class AnotherOperatorNeeded(Refusal, code="another-operator-needed"):
    """A rejection is confirmed by somebody else than who proposed it."""

    def __init__(self, *, proposed_at: datetime) -> None:
        super().__init__(proposed_at=proposed_at)


async def release(session: AsyncSession, *, award: Award, now: datetime) -> None:
    """Set a held win on its way; the award's row is locked by the caller.

    What was proposed against it is dropped, and the deadline to claim it moves on by as long as it was held. A winner who
    does not know of it yet still learns of it when they uncover it.
    """
    _must_be_held(award)
    proposed = await session.get(AwardRejection, award.id)
    if proposed is not None:
        proposed.dropped_at = now
    move(award, COVERED if award.is_covered else WON, now=now)
    award.released_at, award.told = now, None
    award.claim_before += max(now - award.won_at, timedelta())
    route(award, now=now)
    await session.flush()


async def reject(
    session: AsyncSession,
    *,
    award: Award,
    operator: str,
    reason: str,
    told: Mapping[str, str] | None,
    now: datetime,
) -> AwardRejection:
    """Propose that a held win is void, or confirm that it is; the award's row is locked by the caller.

    Two people must say the same to the winner. Saying nothing confirms what was proposed; other words are a proposal of
    one's own, in its place. The unit of a rejected win stays taken.
    """
    _must_be_held(award)
    proposed = await session.get(AwardRejection, award.id)
    if proposed is not None and proposed.proposed_by == operator:
        raise AnotherOperatorNeeded(proposed_at=proposed.proposed_at)
    if proposed is not None and told in (None, proposed.told):
        proposed.confirmed_by, proposed.confirmed_at = operator, now
        move(award, VOID, now=now, reason=proposed.reason)
        award.told = proposed.told
    elif told is None:
        raise InvalidField(("told", "is needed: what the winner is told"))
    else:
        proposed = await session.merge(
            AwardRejection(award_id=award.id, proposed_by=operator, proposed_at=now, reason=reason, told=dict(told))
        )
    await session.flush()
    return proposed


def _must_be_held(award: Award) -> None:
    if award.state != HELD:
        raise AwardNotHeld(state=award.state)
