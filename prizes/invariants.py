"""The room's invariants as queries: (rows checked, what is broken). They look at the tables, not at the code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from prizes.awards import CLAIM_NEEDED, COVERED, ENDS, SHIPPED, VOID
from prizes.codes import CODE_TYPE
from prizes.covers import may_be_seen
from prizes.models import Award, AwardRejection, Claim, Delivery, Parcel, PoolCode
from prizes.wallet.contract import CLOSED
from prizes.wallet.models import WalletAccount, WalletEntry, WalletLot, WalletTaking, WalletTransfer
from prizes.wallet.posting import DEBIT, REFUND

BROKEN_SHOWN_MAX: Final = 100
SLA: Final = timedelta(days=3)
Checked = tuple[int, list[str]]


async def codes_given_once(session: AsyncSession) -> Checked:
    """I2: a code belongs to one award for ever: by its row, by the attempts that delivered, and of the right product."""
    checked = await _count(session, select(func.count()).select_from(PoolCode).where(PoolCode.award_id.is_not(None)))
    twice = (
        select(Delivery.reference)
        .where(Delivery.outcome == "delivered", Delivery.reference.like("code:%"))
        .group_by(Delivery.reference)
        .having(func.count(func.distinct(Delivery.award_id)) > 1)
    )
    wrong_product = (
        select(PoolCode.id).join(Award, Award.id == PoolCode.award_id).where(Award.product_id != PoolCode.product_id)
    )
    without_code = (
        select(Award.id)
        .outerjoin(PoolCode, PoolCode.award_id == Award.id)
        .where(Award.type == CODE_TYPE, Award.state == "delivered", PoolCode.id.is_(None))
    )
    return checked, [
        *[f"{each} was delivered to several awards" for each in await _some(session, twice)],
        *[f"code:{each} belongs to an award of another product" for each in await _some(session, wrong_product)],
        *[f"award {each} is delivered and holds no code" for each in await _some(session, without_code)],
    ]


async def one_delivery(session: AsyncSession, *, now: datetime, sla: timedelta = SLA) -> Checked:
    """I14: at most one attempt of an award delivers, delivered means that one did, and every award ends within its SLA.

    The time in which a winner may claim does not count, and after a review it begins anew; a shipped parcel is in the carrier's hands.
    """
    checked = await _count(session, select(func.count()).select_from(Award))
    twice = (
        select(Delivery.award_id)
        .where(Delivery.outcome == "delivered")
        .group_by(Delivery.award_id)
        .having(func.count() > 1)
    )
    by_worker = select(Delivery.award_id).where(Delivery.outcome == "delivered")
    by_carrier = select(Parcel.award_id).where(Parcel.shipped_at.is_not(None))
    unfounded = select(Award.id).where(
        Award.state == "delivered", Award.id.not_in(by_worker), Award.id.not_in(by_carrier)
    )
    forgotten = select(Award.id).where(Award.id.in_(by_worker), Award.state != "delivered")
    return checked, [
        *[f"award {each} was delivered more than once" for each in await _some(session, twice)],
        *[f"award {each} is delivered by no attempt" for each in await _some(session, unfounded)],
        *[f"award {each} was delivered and does not say so" for each in await _some(session, forgotten)],
        *[f"award {each} is past its time" for each in await _some(session, late_awards(now=now, sla=sla))],
    ]


def late_awards(*, now: datetime, sla: timedelta = SLA) -> Select[str]:
    """Awards that stand still longer than they may, oldest first; what waits for the winner waits until its deadline."""
    since = func.coalesce(Claim.given_at, Award.uncovered_at, Award.released_at, Award.won_at)
    idle = and_(Award.state.not_in(ENDS | {SHIPPED, CLAIM_NEEDED, COVERED}), since < now - sla)
    covered = and_(~may_be_seen(), Award.covered_until < now - sla)
    unclaimed = and_(Award.state == CLAIM_NEEDED, Award.claim_before < now - sla)
    return (
        select(Award.id)
        .outerjoin(Claim, Claim.award_id == Award.id)
        .where(or_(idle, covered, unclaimed))
        .order_by(Award.won_at)
    )


async def reviews_decided(session: AsyncSession) -> Checked:
    """I14, wins under review: nothing of one that is held was begun, and one that is void was rejected by two people."""
    checked = await _count(session, select(func.count()).select_from(Award).where(Award.held_for.is_not(None)))
    confirmed = AwardRejection.confirmed_at.is_not(None)
    never_released = and_(Award.held_for.is_not(None), Award.released_at.is_(None))
    hasty = select(Award.id).where(never_released, _is_begun())
    alone = select(Award.id).where(
        never_released, Award.state == VOID, Award.id.not_in(select(AwardRejection.award_id).where(confirmed))
    )
    ignored = (
        select(Award.id)
        .join(AwardRejection, AwardRejection.award_id == Award.id)
        .where(confirmed, or_(Award.state != VOID, Award.released_at.is_not(None)))
    )
    return checked, [
        *[f"award {each} was under review and its delivery was begun" for each in await _some(session, hasty)],
        *[
            f"award {each} was under review and is void by nobody's confirmation"
            for each in await _some(session, alone)
        ],
        *[f"award {each} was rejected and is not void" for each in await _some(session, ignored)],
    ]


async def covers_kept(session: AsyncSession) -> Checked:
    """I14, wins that their winners do not know of yet: nothing of one was begun."""
    checked = await _count(session, select(func.count()).select_from(Award).where(Award.covered_until.is_not(None)))
    hasty = select(Award.id).where(~may_be_seen(), _is_begun())
    return checked, [f"award {each} is covered and its delivery was begun" for each in await _some(session, hasty)]


def _is_begun() -> ColumnElement[bool]:
    return or_(
        Award.id.in_(select(Delivery.award_id)),
        Award.id.in_(select(Claim.award_id)),
        Award.id.in_(select(PoolCode.award_id).where(PoolCode.award_id.is_not(None))),
    )


async def wallet_balances(session: AsyncSession) -> Checked:
    """I13, the built-in wallet's part: a transfer's two entries add up to zero, an account is what its entries and its
    lots come to, a lot lacks what was taken from it, and a refund gives back one debit, whole.
    """
    checked = await _count(session, select(func.count()).select_from(WalletTransfer))
    return checked, [
        *[f"transfer {each} does not balance" for each in await _some(session, _lopsided())],
        *[f"account {each} is not the sum of its entries" for each in await _some(session, _drifted())],
        *[f"account {each} is not the sum of its lots" for each in await _some(session, _outside_lots())],
        *[f"lot {each} does not lack what was taken" for each in await _some(session, _leaking())],
        *[f"transfer {each} refunds no such debit" for each in await _some(session, _unfounded_refunds())],
    ]


def _lopsided() -> Select[str]:
    sides = case((WalletTransfer.kind == CLOSED, 0), else_=2)
    return (
        select(WalletTransfer.id)
        .outerjoin(WalletEntry, WalletEntry.transfer_id == WalletTransfer.id)
        .group_by(WalletTransfer.id, WalletTransfer.kind)
        .having((func.coalesce(func.sum(WalletEntry.points), 0) != 0) | (func.count(WalletEntry.points) != sides))
    )


def _drifted() -> Select[str]:
    return (
        select(WalletAccount.id)
        .outerjoin(WalletEntry, WalletEntry.account_id == WalletAccount.id)
        .where(WalletAccount.balance.is_not(None))
        .group_by(WalletAccount.id, WalletAccount.balance, WalletAccount.entries)
        .having(
            (func.coalesce(func.sum(WalletEntry.points), 0) != WalletAccount.balance)
            | (func.coalesce(func.max(WalletEntry.number), 0) != WalletAccount.entries)
            | (func.count(WalletEntry.number) != WalletAccount.entries)
        )
    )


def _outside_lots() -> Select[str]:
    return (
        select(WalletAccount.id)
        .outerjoin(WalletLot, WalletLot.account_id == WalletAccount.id)
        .where(WalletAccount.balance.is_not(None))
        .group_by(WalletAccount.id, WalletAccount.balance)
        .having(func.coalesce(func.sum(WalletLot.remaining), 0) != WalletAccount.balance)
    )


def _leaking() -> Select[str]:
    return (
        select(WalletLot.id)
        .outerjoin(WalletTaking, WalletTaking.lot_id == WalletLot.id)
        .group_by(WalletLot.id, WalletLot.points, WalletLot.remaining)
        .having(func.coalesce(func.sum(WalletTaking.points), 0) != WalletLot.points - WalletLot.remaining)
    )


def _unfounded_refunds() -> Select[str]:
    """Refunds that give to a member what no debit took from the same one."""
    given, taken, debit = aliased(WalletEntry), aliased(WalletEntry), aliased(WalletTransfer)
    return (
        select(WalletTransfer.id)
        .join(given, (given.transfer_id == WalletTransfer.id) & given.number.is_not(None))
        .outerjoin(debit, (debit.id == WalletTransfer.debit_id) & (debit.kind == DEBIT))
        .outerjoin(
            taken,
            (taken.transfer_id == debit.id) & (taken.account_id == given.account_id) & (taken.points == -given.points),
        )
        .where(WalletTransfer.kind == REFUND, taken.transfer_id.is_(None))
    )


async def _count(session: AsyncSession, query: Select[int]) -> int:
    return (await session.execute(query)).scalar_one()


async def _some(session: AsyncSession, query: Select[Any]) -> Sequence[Any]:
    return (await session.scalars(query.limit(BROKEN_SHOWN_MAX))).all()
