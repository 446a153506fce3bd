"""Points: credited to the member's wallet, once per award."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from prizes.fulfilment.contract import Faults, Fulfiller, Means, Order, Outcome, ProductFacts, Verdict
from prizes.models import Award
from prizes.wallet.contract import Done, NeverSent, Refused, Transfer, Unknown, WalletOutcome
from prizes.wallet.records import balance
from prizes.wallet.settling import settle_credit


def _check(facts: ProductFacts) -> Faults:
    return [] if facts.points > 0 else [("points", "a product of points needs 1 or more")]


async def _deliver(order: Order, means: Means) -> Outcome:
    return _outcome(await means.wallet.credit(_credit(order)))


async def _query(order: Order, means: Means) -> Outcome:
    return _outcome(await settle_credit(means.wallet, _credit(order)))


def _credit(order: Order) -> Transfer:
    return Transfer(
        id=order.award_id,
        mall_id=order.mall_id,
        member_id=order.member_id,
        points=order.prize["points"],
        cause="award",
    )


def _outcome(outcome: WalletOutcome) -> Outcome:
    match outcome:
        case Done(reference=reference):
            return Outcome(verdict=Verdict.DELIVERED, reference=reference)
        case Refused(reason=reason):
            return Outcome(verdict=Verdict.REFUSED, reason=reason)
        case Unknown(reason=reason):
            return Outcome(verdict=Verdict.UNKNOWN, reason=reason)
        case NeverSent(reason=reason):
            return Outcome(verdict=Verdict.RETRY, reason=reason)


async def _show(session: AsyncSession, award: Award, means: Means) -> Mapping[str, Any]:
    """What it was, and what the member has now if the accounts are ours to read."""
    points = None
    if means.wallet.traits.is_ours:
        now = means.clock.now()
        points = await balance(session, mall_id=award.mall_id, member_id=award.member_id, now=now)
    return {"kind": "points", "points": award.prize["points"], "balance": points}


POINTS = Fulfiller(
    type="points", form="virtual", claim="none", check=_check, deliver=_deliver, query=_query, show=_show
)
