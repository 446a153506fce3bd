"""What must hold of purchases, as queries: no point is taken but for chances, and none is kept that bought none.

They look at the tables, not at the code: at the purchases, at the grants, and at the built-in wallet's double entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from earning.grants import Source
from earning.models import ChanceGrant
from earning.purchase_models import ENDS, GIVEN, ChancePurchase, ChancePurchaseNumber, State
from prizes.wallet.models import WalletEntry, WalletTransfer
from prizes.wallet.posting import DEBIT, REFUND

BROKEN_SHOWN_MAX: Final = 100
SLA: Final = timedelta(days=3)
Checked = tuple[int, list[str]]

_GRANT: Final = and_(
    ChanceGrant.campaign_id == ChancePurchase.campaign_id,
    ChanceGrant.member_id == ChancePurchase.member_id,
    ChanceGrant.number == ChancePurchase.grant_number,
)


class Sums(NamedTuple):
    """Points of one campaign: debits = granted + refunded + in_flight."""

    debits: int
    granted: int
    refunded: int
    in_flight: int

    @property
    def balance(self) -> bool:
        return self.debits == self.granted + self.refunded + self.in_flight

    def __str__(self) -> str:
        return f"{self.debits} taken = {self.granted} granted + {self.refunded} refunded + {self.in_flight} in flight"


async def sums_of(session: AsyncSession, *, campaign: str) -> Sums:
    """By our own tables; what was granted is counted from the grants."""
    taken = ChancePurchase.debited_at.is_not(None)
    is_given = ChancePurchase.state.in_(GIVEN)
    is_refunded = ChancePurchase.state == State.REFUNDED
    points = ChancePurchase.points
    query = (
        select(
            _sum(points, taken),
            _sum(ChanceGrant.amount * ChancePurchase.price, ChanceGrant.number.is_not(None)),
            _sum(points, is_refunded),
            _sum(points, and_(taken, ~is_given, ~is_refunded)),
        )
        .select_from(ChancePurchase)
        .outerjoin(ChanceGrant, _GRANT)
        .where(ChancePurchase.campaign_id == campaign)
    )
    return Sums(*map(int, (await session.execute(query)).one()))


async def ledger_sums_of(session: AsyncSession, *, campaign: str) -> tuple[int, int]:
    """Points that the built-in wallet's entries say were taken for purchases of a campaign, and given back."""
    taken, given_back = aliased(WalletEntry), aliased(WalletEntry)
    query = _with_entries(
        select(func.coalesce(func.sum(-taken.points), 0), func.coalesce(func.sum(given_back.points), 0)),
        taken,
        given_back,
    ).where(ChancePurchase.campaign_id == campaign)
    debits, refunds = (await session.execute(query)).one()
    return int(debits), int(refunds)


async def conserved(session: AsyncSession, *, campaign: str) -> Checked:
    """I13, the purchases' part: debits = granted + refunded + in flight, and the built-in wallet's ledger says the same."""
    of_campaign = ChancePurchase.campaign_id == campaign
    checked = await session.scalar(select(func.count(ChancePurchase.id)).where(of_campaign)) or 0
    if not checked:
        return 0, [f"grant {each} was bought by nobody" for each in await _some(session, _unbought(campaign))]
    sums = await sums_of(session, campaign=campaign)
    return checked, [
        *([] if sums.balance else [f"points of purchases do not add up: {sums}"]),
        *[f"grant {each} was bought by nobody" for each in await _some(session, _unbought(campaign))],
        *[f"purchase {each} was granted something else" for each in await _some(session, _misgranted(campaign))],
        *[f"purchase {each} came to nothing and counts" for each in await _some(session, _still_counted(campaign))],
        *[f"purchase {each} is not what the wallet's ledger says" for each in await _some(session, _unlike(campaign))],
    ]


async def overdue(session: AsyncSession, *, now: datetime, sla: timedelta = SLA) -> Checked:
    """Purchases that have been under way for longer than any should be; those that are stuck wait for people."""
    open_ones = ChancePurchase.state.not_in(ENDS)
    checked = await session.scalar(select(func.count(ChancePurchase.id)).where(open_ones)) or 0
    late = select(ChancePurchase.id).where(open_ones, ChancePurchase.asked_at < now - sla)
    return checked, [f"purchase {each} is past its time" for each in await _some(session, late)]


def _unbought(campaign: str) -> Select[int]:
    return (
        select(ChanceGrant.number)
        .outerjoin(ChancePurchase, and_(_GRANT, ChancePurchase.state.in_(GIVEN)))
        .where(
            ChanceGrant.campaign_id == campaign,
            ChanceGrant.source == Source.PURCHASE,
            ChancePurchase.id.is_(None),
        )
    )


def _misgranted(campaign: str) -> Select[str]:
    other = or_(
        ChanceGrant.number.is_(None),
        ChanceGrant.amount != ChancePurchase.chances,
        ChanceGrant.source != Source.PURCHASE,
        ChancePurchase.points != ChancePurchase.chances * ChancePurchase.price,
    )
    query = select(ChancePurchase.id).outerjoin(ChanceGrant, _GRANT)
    return query.where(ChancePurchase.campaign_id == campaign, ChancePurchase.state.in_(GIVEN), other)


def _still_counted(campaign: str) -> Select[str]:
    counted = select(ChancePurchaseNumber.purchase_id)
    came_to_nothing = ChancePurchase.state.in_((State.REFUSED, State.REFUNDED))
    return select(ChancePurchase.id).where(
        ChancePurchase.campaign_id == campaign, came_to_nothing, ChancePurchase.id.in_(counted)
    )


def _unlike(campaign: str) -> Select[str]:
    """Purchases for which the built-in wallet took or gave back other than they say. What is in flight may be either way."""
    taken, given_back = aliased(WalletEntry), aliased(WalletEntry)
    debited = func.coalesce(-taken.points, 0)
    refunded = func.coalesce(given_back.points, 0)
    kept = and_(debited == ChancePurchase.points, refunded == 0)
    undone = and_(debited == ChancePurchase.points, refunded == ChancePurchase.points)
    is_right = case(
        (ChancePurchase.state.in_(GIVEN), kept),
        (ChancePurchase.state == State.REFUNDED, undone),
        (ChancePurchase.state == State.REFUSED, debited == refunded),
        else_=or_(debited == 0, kept, undone),
    )
    query = _with_entries(select(ChancePurchase.id), taken, given_back)
    return query.where(ChancePurchase.campaign_id == campaign, ChancePurchase.is_ours, ~is_right)


def _with_entries(query: Any, taken: Any, given_back: Any) -> Select[Any]:
    """A query over purchases with the member's side of their debits and refunds in the built-in wallet."""
    debit, refund = aliased(WalletTransfer), aliased(WalletTransfer)
    joined: Select[Any] = (
        query.select_from(ChancePurchase)
        .outerjoin(debit, and_(debit.id == ChancePurchase.id, debit.kind == DEBIT))
        .outerjoin(taken, and_(taken.transfer_id == debit.id, taken.number.is_not(None)))
        .outerjoin(refund, and_(refund.debit_id == ChancePurchase.id, refund.kind == REFUND))
        .outerjoin(given_back, and_(given_back.transfer_id == refund.id, given_back.number.is_not(None)))
    )
    return joined


def _sum(of: Any, where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((where, of), else_=0)), 0)


async def _some(session: AsyncSession, query: Select[Any]) -> Sequence[Any]:
    return (await session.scalars(query.limit(BROKEN_SHOWN_MAX))).all()
