"""Attempts: an award is leased and its attempt written down before the call, and settled by its newest attempt only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import Entropy, Ids
from prizes.awards import DEAD, DELIVERED, READY, REFUSED, RETRY, SENDING, UNKNOWN, move
from prizes.fulfilment.backoff import delay
from prizes.fulfilment.contract import Order, Outcome, Verdict
from prizes.models import Award, Claim, Delivery

LEASE: Final = timedelta(seconds=60)
STARVED_WAIT: Final = timedelta(minutes=5)
DELIVER: Final = "deliver"
QUERY: Final = "query"
STALE: Final = "stale"
LEASABLE: Final = (READY, RETRY, SENDING, UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """An award held by one worker; the winner's details stay sealed until the call.

    Its order may have been sent before whenever `act` is QUERY.
    """

    order: Order
    sealed: bytes | None
    attempt: int
    act: str
    until: datetime


def is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        Award.due_at <= now,
        Award.state.in_(LEASABLE),
        or_(Award.leased_until.is_(None), Award.leased_until <= now),
    )


async def lease(session: AsyncSession, *, product_type: str, limit: int, ids: Ids, now: datetime) -> list[Leased]:
    """Lease due awards of one type and write their attempts down; the caller commits before it calls anybody.

    An award in `sending` was sent and accepted, or left behind by a worker that died: it is asked about, not sent.
    """
    due = await session.scalars(
        select(Award)
        .where(Award.type == product_type, is_due(now))
        .order_by(Award.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leased = [await _lease_one(session, award, ids=ids, now=now) for award in due.all()]
    await session.flush()
    return leased


async def settle(
    session: AsyncSession, leased: Leased, outcome: Outcome, *, attempts_max: int, entropy: Entropy, now: datetime
) -> bool:
    """Record what the attempt came to and say whether it counted: a newer attempt makes an older one's word stale."""
    award = (
        await session.execute(select(Award).where(Award.id == leased.order.award_id).with_for_update())
    ).scalar_one()
    counts = award.attempt == leased.attempt and award.state == SENDING
    await session.execute(
        update(Delivery)
        .where(Delivery.award_id == award.id, Delivery.attempt == leased.attempt)
        .values(
            finished_at=now,
            outcome=outcome.verdict if counts else STALE,
            reference=outcome.reference,
            reason=outcome.reason,
        )
    )
    if counts:
        award.leased_until = None
        _apply(award, outcome, leased.act, attempts_max=attempts_max, entropy=entropy, now=now)
    await session.flush()
    return counts


async def _lease_one(session: AsyncSession, award: Award, *, ids: Ids, now: datetime) -> Leased:
    act = QUERY if award.state in (SENDING, UNKNOWN) else DELIVER
    move(award, SENDING, now=now, reason=award.reason)
    award.attempt += 1
    award.leased_until = now + LEASE
    session.add(Delivery(id=ids.new(), award_id=award.id, attempt=award.attempt, act=act, started_at=now))
    sealed = await session.scalar(select(Claim.sealed).where(Claim.award_id == award.id))
    order = Order(
        award_id=award.id,
        mall_id=award.mall_id,
        member_id=award.member_id,
        prize=award.prize,
        contact=None,
    )
    return Leased(order=order, sealed=sealed, attempt=award.attempt, act=act, until=award.leased_until)


def _apply(award: Award, outcome: Outcome, act: str, *, attempts_max: int, entropy: Entropy, now: datetime) -> None:
    match outcome.verdict:
        case Verdict.DELIVERED:
            move(award, DELIVERED, now=now)
            award.delivered_at, award.due_at, award.failures = now, None, 0
        case Verdict.REFUSED:
            move(award, REFUSED, now=now, reason=outcome.reason)
            award.due_at = None
        case Verdict.ACCEPTED:
            move(award, SENDING, now=now, reason=outcome.reason)
            award.due_at, award.failures = now + delay(award.attempt, entropy), 0
        case Verdict.RETRY if outcome.starved:
            move(award, RETRY, now=now, reason=outcome.reason)
            award.due_at = now + STARVED_WAIT
        case Verdict.RETRY if act == QUERY:  # certain now that it never arrived: send it
            move(award, RETRY, now=now, reason=outcome.reason)
            award.due_at = now
        case _:
            _fail(award, outcome, attempts_max=attempts_max, entropy=entropy, now=now)


def _fail(award: Award, outcome: Outcome, *, attempts_max: int, entropy: Entropy, now: datetime) -> None:
    award.failures += 1
    if award.failures >= attempts_max:
        move(award, DEAD, now=now, reason=outcome.reason)
        award.due_at = None
        return
    move(award, UNKNOWN if outcome.verdict is Verdict.UNKNOWN else RETRY, now=now, reason=outcome.reason)
    award.due_at = now + delay(award.failures, entropy)
