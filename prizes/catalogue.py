"""The catalogue: what can be won, imported from a spreadsheet and reported on row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from core.ids import Ids
from prizes.fulfilment.contract import Faults, ProductFacts
from prizes.fulfilment.router import FULFILLERS, claim_kind
from prizes.models import DETAIL_CHARS_MAX, MERCHANT_CHARS_MAX, NAME_CHARS_MAX, SKU_CHARS_MAX, Product
from prizes.sheets import Report, RowFault, read_rows

COLUMNS: Final = (
    "sku", "name_zh", "name_en", "form", "type", "merchant", "market_value_fen", "cost_fen", "points", "detail",
)  # fmt: skip
CURRENCY: Final = "CNY"
AMOUNT_MAX: Final = 10**12
_SKU: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{SKU_CHARS_MAX - 1}}}")
_INTEGER: Final = re.compile(r"[0-9]{1,13}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A row that passed every check; amounts in minor units of CURRENCY."""

    sku: str
    name_zh: str
    name_en: str
    form: str
    type: str
    merchant: str
    market_value: int
    cost: int
    points: int
    detail: str


async def import_products(session: AsyncSession, *, mall_id: str, raw: bytes, ids: Ids, now: datetime) -> Report:
    """Create and update the mall's products; a bad row is refused in the report and stops no other.

    InvalidField("file") when the file is no such sheet at all: then nothing is imported.
    """
    report = Report()
    rows = _good_rows(raw, report)
    existing = await _by_sku(session, mall_id, list(rows))
    for row, (number, facts) in zip(rows, rows.values(), strict=True):
        _sort_in(report, number=number, facts=facts, known=existing.get(row))
    wanted = {*report.new, *report.updated}
    await _upsert(
        session, [facts for _, facts in rows.values() if facts.sku in wanted], mall_id=mall_id, ids=ids, now=now
    )
    report.refused.sort(key=lambda fault: fault.row)
    return report


async def find(session: AsyncSession, *, mall_id: str, sku: str) -> Product:
    product = await session.scalar(select(Product).filter_by(mall_id=mall_id, sku=sku))
    if product is None:
        raise NotFound(noun="product")
    return product


async def find_all(session: AsyncSession, *, mall_id: str, skus: Sequence[str]) -> Mapping[str, Product]:
    """The mall's products among these skus; a sku that is missing from the answer is not in the catalogue."""
    found = await session.scalars(select(Product).where(Product.mall_id == mall_id, Product.sku.in_(skus)))
    return {product.sku: product for product in found}


async def page(session: AsyncSession, *, mall_id: str, after_sku: str | None, limit: int) -> Sequence[Product]:
    query = select(Product).where(Product.mall_id == mall_id).order_by(Product.sku).limit(limit)
    if after_sku is not None:
        query = query.where(Product.sku > after_sku)
    return (await session.scalars(query)).all()


def snapshot(product: Product) -> dict[str, Any]:
    """The product as a campaign's version freezes it, as JSON. What it costs is the operators' affair alone."""
    return {
        "product_id": product.id,
        "sku": product.sku,
        "name": {"zh": product.name_zh, "en": product.name_en},
        "form": product.form,
        "type": product.type,
        "merchant": product.merchant,
        "market_value": {"amount": product.market_value, "currency": product.currency},
        "cost": {"amount": product.cost, "currency": product.currency},
        "points": product.points,
        "detail": product.detail,
        "claim": claim_kind(product.type),
    }


def parse_row(cells: Mapping[str, str]) -> tuple[ProductRow | None, Faults]:
    """The row as a product, or every (field, reason) that keeps it from being one."""
    if "" in cells:
        return None, [("row", cells[""])]
    faults: Faults = []
    if not _SKU.fullmatch(cells["sku"]):
        faults.append(("sku", f"must be 1 to {SKU_CHARS_MAX} of A-Z a-z 0-9 . _ - and start with a letter or digit"))
    for name, most in (("name_zh", NAME_CHARS_MAX), ("name_en", NAME_CHARS_MAX), ("merchant", MERCHANT_CHARS_MAX)):
        faults += _text_faults(name, cells[name], at_least=1, at_most=most)
    faults += _text_faults("detail", cells["detail"], at_least=0, at_most=DETAIL_CHARS_MAX)
    amounts = {name: _amount(name, cells[name], faults) for name in ("market_value_fen", "cost_fen", "points")}
    faults += _type_faults(cells["type"], cells["form"], ProductFacts(points=amounts["points"], detail=cells["detail"]))
    if faults:
        return None, faults
    row = ProductRow(
        sku=cells["sku"],
        name_zh=cells["name_zh"],
        name_en=cells["name_en"],
        form=cells["form"],
        type=cells["type"],
        merchant=cells["merchant"],
        market_value=amounts["market_value_fen"],
        cost=amounts["cost_fen"],
        points=amounts["points"],
        detail=cells["detail"],
    )
    return row, []


def _type_faults(type_word: str, form: str, facts: ProductFacts) -> Faults:
    fulfiller = FULFILLERS.get(type_word)
    if fulfiller is None:
        return [("type", f"no way to deliver {type_word or 'nothing'!r}; known: {', '.join(sorted(FULFILLERS))}")]
    wrong_form = [] if form == fulfiller.form else [("form", f"a product of type {type_word} is {fulfiller.form}")]
    return wrong_form + fulfiller.check(facts)


def _text_faults(name: str, text: str, *, at_least: int, at_most: int) -> Faults:
    if not at_least <= len(text) <= at_most:
        return [(name, f"must have {at_least} to {at_most} characters, has {len(text)}")]
    return [] if text.isprintable() else [(name, "holds characters that cannot be printed")]


def _amount(name: str, cell: str, faults: Faults) -> int:
    if _INTEGER.fullmatch(cell) and int(cell) <= AMOUNT_MAX:
        return int(cell)
    faults.append((name, f"must be a whole number from 0 to {AMOUNT_MAX}"))
    return 1  # stands in, so that the type's own check adds no second complaint about it


def _good_rows(raw: bytes, report: Report) -> dict[str, tuple[int, ProductRow]]:
    """sku -> (row number, product) of what can be imported; the rest goes to the report."""
    rows: dict[str, tuple[int, ProductRow]] = {}
    for number, cells in read_rows(raw, columns=COLUMNS):
        facts, faults = parse_row(cells)
        if facts is not None and facts.sku in rows:
            faults = [("sku", f"the same as in row {rows[facts.sku][0]}")]
        if facts is None or faults:
            report.refused += [RowFault(number, cells["sku"][:SKU_CHARS_MAX], *fault) for fault in faults]
        else:
            rows[facts.sku] = (number, facts)
    return rows


def _sort_in(report: Report, *, number: int, facts: ProductRow, known: Product | None) -> None:
    if known is None:
        report.new.append(facts.sku)
    elif known.type != facts.type:
        reason = f"is {known.type} and stays so; a product of another type needs its own sku"
        report.refused.append(RowFault(number, facts.sku, "type", reason))
    elif all(getattr(known, name) == value for name, value in asdict(facts).items()):
        report.unchanged.append(facts.sku)
    else:
        report.updated.append(facts.sku)


async def _by_sku(session: AsyncSession, mall_id: str, skus: Sequence[str]) -> dict[str, Product]:
    known: dict[str, Product] = {}
    for start in range(0, len(skus), 500):
        known.update(await find_all(session, mall_id=mall_id, skus=skus[start : start + 500]))
    return known


async def _upsert(session: AsyncSession, rows: Sequence[ProductRow], *, mall_id: str, ids: Ids, now: datetime) -> None:
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(Product)
    fresh = {name: insert.excluded[name] for name in (*ProductRow.__dataclass_fields__, "updated_at") if name != "sku"}
    values = [
        {"id": ids.new(), "mall_id": mall_id, "currency": CURRENCY, "created_at": now, "updated_at": now, **asdict(row)}
        for row in sorted(rows, key=lambda row: row.sku)  # in one order, so that two imports cannot lock each other out
    ]
    await session.execute(insert.on_conflict_do_update(index_elements=["mall_id", "sku"], set_=fresh), values)
    session.expire_all()
