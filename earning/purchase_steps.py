"""The steps of a purchase: taken up by one worker at a time, and settled by its newest call to the wallet only.

Nothing here calls anybody: what is about to be done is committed, then done (`purchasing.py`), then settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Refusal
from core.ids import Entropy
from earning.grants import Source, TooManyGrants, give
from earning.purchase_models import ENDS, STEPS, ChancePurchase, State
from earning.purchases import CAUSE, LEASE, give_back_numbers, hold
from prizes.fulfilment.backoff import delay
from prizes.wallet.contract import (
    NO_SUCH_DEBIT,
    Done,
    NeverSent,
    Refused,
    Transfer,
    Wallet,
    WalletOutcome,
    wait_before,
)

SENDS_MAX: Final = 4
TOO_LATE: Final = "too-late"
AWAY: Final = "wallet-away"
NOT_CONFIRMED: Final = "not-confirmed"
REASON_CHARS_MAX: Final = 64


class NotStuck(Refusal, code="purchase-not-stuck"):
    """Only a purchase whose points would not go back is tried again by hand."""

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class Act(StrEnum):
    """What is asked of the wallet."""

    DEBIT = "debit"
    SETTLE = "settle"
    REFUND = "refund"
    CONFIRM = "confirm"


_ACTS: Final = {
    State.READY: Act.DEBIT,
    State.UNKNOWN: Act.SETTLE,
    State.REFUNDING: Act.REFUND,
    State.GRANTED: Act.CONFIRM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A purchase held by one process until an hour, and the call it is about to make."""

    transfer: Transfer
    act: Act
    attempt: int
    until: datetime


def is_due(now: datetime) -> ColumnElement[bool]:
    is_free = or_(ChancePurchase.leased_until.is_(None), ChancePurchase.leased_until <= now)
    return and_(ChancePurchase.due_at <= now, is_free)


def leased_by_its_writer(purchase: ChancePurchase) -> Leased:
    """A purchase that was just written down: its first call is its writer's."""
    return _leased(purchase, Act.DEBIT)


async def take_up(session: AsyncSession, *, limit: int, now: datetime) -> list[Leased]:
    """Take up open purchases and write down what is done next; the caller commits before it calls anybody."""
    query = select(ChancePurchase).where(is_due(now)).order_by(ChancePurchase.due_at).limit(limit)
    found = (await session.scalars(query.with_for_update(skip_locked=True))).all()
    leased = [each for purchase in found if (each := await _take_up(session, purchase, now=now)) is not None]
    await session.flush()
    return leased


async def settle(
    session: AsyncSession, leased: Leased, outcome: WalletOutcome, *, wallet: Wallet, entropy: Entropy, now: datetime
) -> ChancePurchase:
    """Record what a call came to. A newer call makes an older one's word stale; the purchase comes back as it is now."""
    query = select(ChancePurchase).where(ChancePurchase.id == leased.transfer.id)
    purchase = (await session.scalars(query.with_for_update())).one()
    if purchase.attempt != leased.attempt or purchase.leased_until is None:
        return purchase
    purchase.leased_until = None
    match leased.act:
        case Act.DEBIT | Act.SETTLE:
            await _debited(session, purchase, leased.act, outcome, entropy=entropy, now=now)
        case Act.REFUND:
            await _refunded(session, purchase, outcome, wallet=wallet, now=now)
        case Act.CONFIRM:
            await _confirmed(session, purchase, outcome, wallet=wallet, now=now)
    await session.flush()
    return purchase


async def try_again(session: AsyncSession, purchase: ChancePurchase, *, now: datetime) -> None:
    """Somebody has looked at a refund that was stuck: it is tried again. Raises NotStuck."""
    if purchase.state != State.STUCK:
        raise NotStuck(state=purchase.state)
    await _move(session, purchase, State.REFUNDING, now=now, reason=purchase.reason)
    await session.flush()


async def _take_up(session: AsyncSession, purchase: ChancePurchase, *, now: datetime) -> Leased | None:
    """What is done next for a purchase that is due; None when it has ended."""
    is_late = now >= purchase.honour_until
    if purchase.state == State.SENDING:  # whoever sent it died: it may have arrived
        await _move(session, purchase, State.UNKNOWN, now=now)
    if purchase.state == State.UNKNOWN and is_late:
        await _move(session, purchase, State.REFUNDING, now=now, reason=TOO_LATE)
    if purchase.state == State.READY and is_late:
        await _move(session, purchase, State.REFUSED, now=now, reason=AWAY)
        return None
    act = _ACTS[State(purchase.state)]
    if act is Act.DEBIT:
        tries = purchase.tries
        await _move(session, purchase, State.SENDING, now=now)
        purchase.tries = tries
    purchase.attempt += 1
    purchase.leased_until = purchase.due_at = now + LEASE
    return _leased(purchase, act)


def _leased(purchase: ChancePurchase, act: Act) -> Leased:
    if purchase.leased_until is None:
        raise AssertionError(f"purchase {purchase.id} is held by nobody")
    transfer = Transfer(
        id=purchase.id,
        mall_id=purchase.mall_id,
        member_id=purchase.member_id,
        points=purchase.points,
        cause=CAUSE,
        reference=purchase.reference,
    )
    return Leased(transfer=transfer, act=act, attempt=purchase.attempt, until=purchase.leased_until)


async def _debited(
    session: AsyncSession,
    purchase: ChancePurchase,
    act: Act,
    outcome: WalletOutcome,
    *,
    entropy: Entropy,
    now: datetime,
) -> None:
    match outcome:
        case Done(reference=reference, balance=balance):
            purchase.reference, purchase.balance = reference, balance
            await _honour(session, purchase, now=now)
        case Refused(reason=reason):
            await _move(session, purchase, State.REFUSED, now=now, reason=reason)
        case NeverSent() if act is Act.DEBIT and purchase.tries + 1 >= SENDS_MAX:
            await _move(session, purchase, State.REFUSED, now=now, reason=AWAY)
        case _:
            tries = purchase.tries + 1
            is_certain = isinstance(outcome, NeverSent) and act is Act.DEBIT
            await _move(session, purchase, State.READY if is_certain else State.UNKNOWN, now=now, reason=outcome.reason)
            purchase.tries = tries
            purchase.due_at = min(now + delay(tries, entropy), max(purchase.honour_until, now))


async def _honour(session: AsyncSession, purchase: ChancePurchase, *, now: datetime) -> None:
    """The points were taken: the chances are granted in the same transaction, or the points go back."""
    purchase.debited_at = now
    if now >= purchase.honour_until:
        await _move(session, purchase, State.REFUNDING, now=now, reason=TOO_LATE)
        return
    await hold(session, campaign=purchase.campaign_id, member=purchase.member_id)
    try:
        grant = await give(
            session,
            campaign=purchase.campaign_id,
            member=purchase.member_id,
            amount=purchase.chances,
            expires_at=purchase.expires_at,
            source=Source.PURCHASE,
            reference=purchase.id,
            now=now,
        )
    except TooManyGrants as refusal:
        await _move(session, purchase, State.REFUNDING, now=now, reason=refusal.code)
        return
    purchase.grant_number = grant.number
    await _move(session, purchase, State.GRANTED, now=now)


async def _refunded(
    session: AsyncSession, purchase: ChancePurchase, outcome: WalletOutcome, *, wallet: Wallet, now: datetime
) -> None:
    match outcome:
        case Done():
            purchase.debited_at = purchase.debited_at or now
            await _move(session, purchase, State.REFUNDED, now=now, reason=purchase.reason)
        case Refused(reason=reason) if reason == NO_SUCH_DEBIT and purchase.debited_at is None:
            await _move(session, purchase, State.REFUSED, now=now, reason=purchase.reason)
        case Refused(reason=reason):
            await _move(session, purchase, State.STUCK, now=now, reason=reason)
        case _:
            wait = wait_before(wallet, tries=purchase.tries + 1)
            if wait is None:
                await _move(session, purchase, State.STUCK, now=now, reason=outcome.reason)
                return
            purchase.tries += 1
            purchase.due_at = now + wait


async def _confirmed(
    session: AsyncSession, purchase: ChancePurchase, outcome: WalletOutcome, *, wallet: Wallet, now: datetime
) -> None:
    """The member has the chances whatever becomes of this; a wallet that will not listen is noted and left."""
    wait = wait_before(wallet, tries=purchase.tries + 1)
    if isinstance(outcome, Done):
        await _move(session, purchase, State.DONE, now=now)
    elif isinstance(outcome, Refused) or wait is None:
        await _move(session, purchase, State.DONE, now=now, reason=NOT_CONFIRMED)
    else:
        purchase.tries += 1
        purchase.due_at = now + wait


async def _move(
    session: AsyncSession, purchase: ChancePurchase, to: State, *, now: datetime, reason: str | None = None
) -> None:
    """The way a purchase changes its state; a step outside STEPS is a bug, which the table would not take either."""
    purchase.reason = reason[:REASON_CHARS_MAX] if reason else None
    if purchase.state == to:
        return
    if to not in STEPS.get(purchase.state, ()):
        raise AssertionError(f"{purchase.state} -> {to}")
    purchase.came_from, purchase.state, purchase.tries = purchase.state, to, 0
    purchase.due_at = None if to in (*ENDS, State.STUCK) else now
    if to in ENDS:
        purchase.ended_at = now
    if to in (State.REFUSED, State.REFUNDED):
        await give_back_numbers(session, purchase)
