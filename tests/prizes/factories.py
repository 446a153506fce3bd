"""Products, awards and their winners, with defaults."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.db import Database
from prizes import claims
from prizes.awards import AWARD_WON, Won
from prizes.awards_sql import award_row
from prizes.catalogue import COLUMNS, find, import_products, snapshot
from prizes.fulfilment.deliveries import Fulfilment
from prizes.models import Award, Outbox, Product
from tests.support.arguments import NOON, CountingIds, HandClock

MALL = str(UUID(int=1))
MEMBER = str(UUID(int=2))
CAMPAIGN = str(UUID(int=3))
_numbers = itertools.count(100)

ROWS: Mapping[str, Mapping[str, Any]] = {
    "phone_topup": {"sku": "TOPUP-10", "form": "virtual", "market_value_fen": 1000, "cost_fen": 985, "detail": "10"},
    "points": {"sku": "POINTS-66", "form": "virtual", "market_value_fen": 660, "points": 66},
    "coupon_code": {"sku": "COUPON-5", "form": "virtual", "market_value_fen": 500},
    "link": {"sku": "CHECKUP", "form": "virtual", "detail": "https://clinic.example/book"},
    "parcel": {"sku": "MUG", "form": "physical", "market_value_fen": 3900},
}


def a_row(**cells: Any) -> dict[str, str]:
    """One row of the catalogue's sheet that would be accepted."""
    row = {"sku": "SKU-1", "name_zh": "样品", "name_en": "Sample", "merchant": "sample-mall", "points": 0, "detail": ""}
    row |= {"market_value_fen": 0, "cost_fen": 0, "form": "physical", "type": "parcel", **cells}
    return {name: str(row[name]) for name in COLUMNS}


def a_sheet(*rows: Mapping[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    lines = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
    return "\n".join(lines).encode()


async def a_product(database: Database, product_type: str, *, mall_id: str = MALL, **cells: Any) -> Product:
    row = a_row(type=product_type, **{**ROWS[product_type], **cells})
    async with database.transaction() as session:
        ids = CountingIds()
        ids.new = lambda: str(UUID(int=next(_numbers)))  # type: ignore[method-assign]
        report = await import_products(session, mall_id=mall_id, raw=a_sheet(row), ids=ids, now=NOON)
        assert not report.refused, report.refused
    async with database.reading() as session:
        return await find(session, mall_id=mall_id, sku=row["sku"])


def a_win(product: Product, **changes: Any) -> Won:
    award_id = str(UUID(int=next(_numbers)))
    facts = {
        "award_id": award_id,
        "mall_id": product.mall_id,
        "campaign_id": CAMPAIGN,
        "member_id": MEMBER,
        "play_id": award_id,
        "line": "line",
        "unit": None,
        "prize": snapshot(product),
        "won_at": NOON,
        "claim_before": NOON + timedelta(days=15),
    }
    return Won(**{**facts, **changes})


async def an_award(database: Database, product: Product, **changes: Any) -> str:
    won = a_win(product, **changes)
    async with database.transaction() as session:
        session.add(Award(**award_row(won)))
        session.add(Outbox(topic=AWARD_WON, subject_id=won.award_id, created_at=won.won_at))
    return won.award_id


async def a_claimed_topup(fulfilment: Fulfilment, *, phone: str = "13800000000") -> str:
    """An award of phone credit whose winner has given a number."""
    database = fulfilment.means.database
    award_id = await an_award(database, await a_product(database, "phone_topup"))
    await claim(fulfilment, award_id, phone=phone)
    return award_id


async def claim(fulfilment: Fulfilment, award_id: str, *, phone: str = "13800000000", **more: Any) -> Award:
    async with fulfilment.means.database.transaction() as session:
        return await claims.claim(
            session,
            award_id=award_id,
            member_id=more.pop("member_id", MEMBER),
            phone=phone,
            vault=fulfilment.vault,
            now=fulfilment.means.clock.now(),
            **more,
        )


async def the_award(database: Database, award_id: str) -> Award:
    async with database.reading() as session:
        award = await session.get(Award, award_id)
        assert award is not None
        return award


async def run_out(fulfilment: Fulfilment, clock: HandClock, *, rounds: int = 12) -> None:
    """Run the worker's step again and again, past every back-off, lease and rest."""
    for _ in range(rounds):
        await fulfilment.run_once()
        clock.advance(minutes=11)
