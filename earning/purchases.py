"""What members ask to buy: written down before anything is sent, once per key, within what one member may buy.

Bought chances are numbered for every limit that counts them, as plays are. A purchase holds its numbers while it is under
way and for good once it is granted; one that comes to nothing gives them back, so a failure never costs a member a turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import db
from core.errors import Refusal
from earning.grants import GRANTS_MAX
from earning.purchase_models import NEW, ChancePurchase, ChancePurchaseNumber, State

LEASE: Final = timedelta(seconds=60)
HONOURED: Final = timedelta(minutes=15)
"""How long a purchase whose outcome is unknown may still come to chances."""
CAUSE: Final = "chances"


class TooManyPurchases(Refusal, code="too-many-purchases"):
    """A member has asked to buy as often in one campaign as there may be."""

    def __init__(self, *, purchases_max: int) -> None:
        super().__init__(purchases_max=purchases_max)


class PurchaseLimit(Refusal, code="purchase-limit"):
    """The member may not buy that many chances; `left` is how many they may, today (`day`) or in all (`all`)."""

    def __init__(self, *, period: str, left: int) -> None:
        super().__init__(period=period, left=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many bought chances at most for a member in a period; `tally` is day or all, `period` its number."""

    tally: str
    period: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a member asks for, and on what terms. `request_key` and `fingerprint` are digests of the key and the body."""

    campaign: str
    mall: str
    member: str
    request_key: str
    fingerprint: str
    chances: int
    price: int
    limits: Sequence[Limit]
    honour_until: datetime
    expires_at: datetime | None


async def find(session: AsyncSession, *, campaign: str, member: str, request_key: str) -> ChancePurchase | None:
    """What the member's key became."""
    return await session.scalar(
        select(ChancePurchase).filter_by(campaign_id=campaign, member_id=member, request_key=request_key)
    )


async def write_down(
    session: AsyncSession, order: Order, *, purchase_id: str, is_ours: bool, now: datetime
) -> tuple[ChancePurchase, bool]:
    """The purchase of this key, and whether it is new; a new one is the caller's to carry on for as long as LEASE.

    Raises PurchaseLimit and TooManyPurchases.
    """
    await hold(session, campaign=order.campaign, member=order.member)
    known = await find(session, campaign=order.campaign, member=order.member, request_key=order.request_key)
    if known is not None:
        return known, False
    of_member = {"campaign_id": order.campaign, "member_id": order.member}
    if (await session.scalar(select(func.count(ChancePurchase.id)).filter_by(**of_member)) or 0) >= GRANTS_MAX:
        raise TooManyPurchases(purchases_max=GRANTS_MAX)
    numbers = [number for limit in order.limits for number in await _free_numbers(session, order, limit)]
    purchase = ChancePurchase(
        id=purchase_id,
        **of_member,
        mall_id=order.mall,
        request_key=order.request_key,
        fingerprint=order.fingerprint,
        chances=order.chances,
        price=order.price,
        points=order.chances * order.price,
        is_ours=is_ours,
        asked_at=now,
        honour_until=order.honour_until,
        expires_at=order.expires_at,
        state=State.SENDING,
        came_from=NEW,
        attempt=1,
        tries=0,
        due_at=now + LEASE,
        leased_until=now + LEASE,
    )
    session.add(purchase)
    await session.flush()
    session.add_all(
        ChancePurchaseNumber(
            **of_member, tally=limit.tally, period=limit.period, number=number, most=limit.most, purchase_id=purchase_id
        )
        for limit, number in numbers
    )
    await session.flush()
    return purchase, True


async def give_back_numbers(session: AsyncSession, purchase: ChancePurchase) -> None:
    await session.execute(delete(ChancePurchaseNumber).where(ChancePurchaseNumber.purchase_id == purchase.id))


async def left_to_buy(session: AsyncSession, limits: Sequence[Limit], *, campaign: str, member: str) -> int | None:
    """How many chances the member may still buy now; None where nothing limits them."""
    if not limits:
        return None
    return min([limit.most - len(await _taken(session, limit, campaign=campaign, member=member)) for limit in limits])


async def page_of_campaign(
    session: AsyncSession, *, campaign: str, state: State | None, before: str | None, limit: int
) -> Sequence[ChancePurchase]:
    """A campaign's purchases, newest first; ids are ordered in time."""
    query = select(ChancePurchase).where(ChancePurchase.campaign_id == campaign)
    if state is not None:
        query = query.where(ChancePurchase.state == state)
    if before is not None:
        query = query.where(ChancePurchase.id < before)
    return (await session.scalars(query.order_by(ChancePurchase.id.desc()).limit(limit))).all()


async def hold(session: AsyncSession, *, campaign: str, member: str) -> None:
    """Make whatever else buys for this member wait until the transaction ends, so that numbers never clash."""
    await db.hold(session, f"purchases {campaign} {member}")


async def _free_numbers(session: AsyncSession, order: Order, limit: Limit) -> list[tuple[Limit, int]]:
    taken = set(await _taken(session, limit, campaign=order.campaign, member=order.member))
    left = limit.most - len(taken)
    if left < order.chances:
        raise PurchaseLimit(period=limit.tally, left=max(left, 0))
    upper = len(taken) + order.chances  # the lowest free ones are among these
    return [(limit, number) for number in range(1, upper + 1) if number not in taken][: order.chances]


async def _taken(session: AsyncSession, limit: Limit, *, campaign: str, member: str) -> Sequence[int]:
    query = select(ChancePurchaseNumber.number).filter_by(
        campaign_id=campaign, member_id=member, tally=limit.tally, period=limit.period
    )
    return (await session.scalars(query)).all()
