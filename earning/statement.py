"""The daily statement: every transfer of points that we say we made in a day, against what the wallet says of it.

A day is one of UTC. The built-in wallet is read from its double entry, points and all, and is also asked what it has that we
do not know of. A mall's own is asked transfer by transfer; one that cannot be asked can only be counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, Final, Literal

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from earning.purchase_models import GIVEN, ChancePurchase, State
from earning.purchases import CAUSE
from prizes.awards import DELIVERED
from prizes.models import Award
from prizes.wallet.contract import Done, NeverSent, Refused, Wallet, refund_id
from prizes.wallet.models import WalletEntry, WalletTransfer
from prizes.wallet.posting import DEBIT

BATCH: Final = 500
ASKS_MAX: Final = 3
CALLS_AT_ONCE_MAX: Final = 8
DIFFERENCES_MAX: Final = 200
POINTS: Final = "points"

Kind = Literal["debit", "refund", "credit"]
Said = Literal["done", "not-done", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A transfer as we have it; `said` is None while we do not know ourselves."""

    id: str
    kind: Kind
    points: int
    said: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A transfer that the two sides tell differently; in points, if both say that it happened."""

    transfer: str
    kind: Kind
    ours: str
    theirs: str


@dataclass(slots=True, kw_only=True)
class Statement:
    """`checked` transfers were compared, `in_flight` are not settled on our side, `unasked` the wallet tells nothing of.

    `differences` holds the first of `differences_total`.
    """

    day: date
    checked: int = 0
    in_flight: int = 0
    unasked: int = 0
    differences: list[Difference] = field(default_factory=list)
    differences_total: int = 0

    @property
    def agrees(self) -> bool:
        return self.differences_total == 0

    def differ(self, difference: Difference) -> None:
        self.differences_total += 1
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(difference)


async def match_day(database: Database, wallet: Wallet, *, day: date, mall: str | None = None) -> Statement:
    """Compare one day, of one mall or of all."""
    statement = Statement(day=day)
    begins = datetime.combine(day, time(), UTC)
    within = (begins, begins + timedelta(days=1))
    async for batch in _batches(database, within, mall):
        settled = [ours for ours in batch if ours.said is not None]
        statement.in_flight += len(batch) - len(settled)
        if not wallet.traits.can_be_asked:
            statement.unasked += len(settled)
            continue
        await _compare(database, wallet, settled, statement)
    if wallet.traits.is_ours:
        async with database.reading() as session:
            await _look_for_others(session, within, mall, statement)
    return statement


async def _compare(database: Database, wallet: Wallet, settled: Sequence[Ours], statement: Statement) -> None:
    if wallet.traits.is_ours:
        async with database.reading() as session:
            moved = await _moved(session, [ours.id for ours in settled])
        told = ["not-done" if ours.id not in moved else f"done: {moved[ours.id]} points" for ours in settled]
        wanted = [f"done: {ours.points} points" if ours.said == "done" else str(ours.said) for ours in settled]
    else:
        told = await _asked(wallet, settled)
        wanted = [str(ours.said) for ours in settled]
    for ours, own, theirs in zip(settled, wanted, told, strict=True):
        statement.checked += 1
        if own != theirs:
            statement.differ(Difference(transfer=ours.id, kind=ours.kind, ours=own, theirs=theirs))


async def _asked(wallet: Wallet, transfers: Sequence[Ours]) -> list[str]:
    turns = asyncio.Semaphore(CALLS_AT_ONCE_MAX)

    async def ask(ours: Ours) -> str:
        told = ""
        for _ in range(ASKS_MAX):  # an answer that got lost is no difference
            async with turns:
                outcome = await wallet.query(ours.id)
            match outcome:
                case Done():
                    return "done"
                case Refused() | NeverSent():
                    return "not-done"
                case _:
                    told = f"unknown: {outcome.reason}"
        return told

    return list(await asyncio.gather(*map(ask, transfers)))


async def _moved(session: AsyncSession, transfers: Sequence[str]) -> dict[str, int]:
    """Points on the member's side of these transfers in the built-in wallet, unsigned."""
    query = select(WalletEntry.transfer_id, func.abs(WalletEntry.points)).where(
        WalletEntry.transfer_id.in_(transfers), WalletEntry.number.is_not(None)
    )
    return {transfer: int(points) for transfer, points in await session.execute(query)}


async def _look_for_others(
    session: AsyncSession, within: tuple[datetime, datetime], mall: str | None, statement: Statement
) -> None:
    """Debits for chances in the built-in wallet that no purchase of ours asked for."""
    query = (
        select(WalletTransfer.id, func.abs(WalletEntry.points))
        .join(WalletEntry, and_(WalletEntry.transfer_id == WalletTransfer.id, WalletEntry.number.is_not(None)))
        .outerjoin(ChancePurchase, ChancePurchase.id == WalletTransfer.id)
        .where(WalletTransfer.at >= within[0], WalletTransfer.at < within[1])
        .where(WalletTransfer.kind == DEBIT, WalletTransfer.cause == CAUSE, ChancePurchase.id.is_(None))
        .limit(DIFFERENCES_MAX)
    )
    for transfer, points in await session.execute(
        query if mall is None else query.where(WalletTransfer.mall_id == mall)
    ):
        told = f"done: {int(points)} points"
        statement.differ(Difference(transfer=transfer, kind="debit", ours="not known", theirs=told))


async def _batches(
    database: Database, within: tuple[datetime, datetime], mall: str | None
) -> AsyncIterator[Sequence[Ours]]:
    bought = select(ChancePurchase).where(ChancePurchase.asked_at >= within[0], ChancePurchase.asked_at < within[1])
    won = select(Award).where(
        Award.type == POINTS, Award.state == DELIVERED, Award.delivered_at >= within[0], Award.delivered_at < within[1]
    )
    for table, query, told in ((ChancePurchase, bought, _of_purchase), (Award, won, _of_award)):
        of_mall = [] if mall is None else [table.mall_id == mall]
        async for rows in _pages(database, table, query.where(*of_mall)):
            yield list(chain.from_iterable(map(told, rows)))


async def _pages(database: Database, table: Any, query: Select[Any]) -> AsyncIterator[Sequence[Any]]:
    after: str | None = None
    while True:
        page = query.order_by(table.id).limit(BATCH)
        async with database.reading() as session:
            rows = (await session.scalars(page if after is None else page.where(table.id > after))).all()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def _of_purchase(purchase: ChancePurchase) -> list[Ours]:
    facts: dict[str, Any] = {"points": purchase.points}
    if purchase.state in GIVEN:
        return [Ours(id=purchase.id, kind="debit", said="done", **facts)]
    if purchase.state == State.REFUSED:
        return [Ours(id=purchase.id, kind="debit", said="not-done", **facts)]
    if purchase.state == State.REFUNDED:
        refund = Ours(id=refund_id(purchase.id), kind="refund", said="done", **facts)
        return [Ours(id=purchase.id, kind="debit", said="done", **facts), refund]
    return [Ours(id=purchase.id, kind="debit", said=None, **facts)]


def _of_award(award: Award) -> list[Ours]:
    return [Ours(id=award.id, kind="credit", points=award.prize["points"], said="done")]
