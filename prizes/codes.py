"""Code pools: codes are sealed at rest, found again by a blind index, and given to one award for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidField, Refusal
from prizes.awards import RETRY
from prizes.models import Award, PoolCode, Product
from prizes.sheets import Report, RowFault, decode
from prizes.vault import Vault

CODE_CHARS_MAX: Final = 200
CODES_PER_UPLOAD_MAX: Final = 10_000
_INSERT_ROWS: Final = 500
POOL_EMPTY: Final = "code-pool-empty"
CODE_TYPE: Final = "coupon_code"


class NoCodePool(Refusal, code="no-code-pool"):
    """Products of this type are not delivered from a pool of codes."""

    def __init__(self, *, sku: str, type: str) -> None:  # noqa: A002 - the product's word for it
        super().__init__(sku=sku, type=type)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLevel:
    """How full a product's pool is; `waiting` counts the awards that found it empty."""

    sku: str
    free: int
    given: int
    waiting: int


async def upload(session: AsyncSession, *, product: Product, raw: bytes, vault: Vault, now: datetime) -> Report:
    """Add one code a line (an optional header `code`) and wake the awards that wait; keys in the report are line numbers.

    Duplicates, within the file or of a code that was ever in the pool, are refused line by line and never stored twice.
    """
    if product.type != CODE_TYPE:
        raise NoCodePool(sku=product.sku, type=product.type)
    await session.execute(select(Product.id).where(Product.id == product.id).with_for_update())  # one upload at a time
    report = Report()
    fresh = _read(raw, report, product=product, vault=vault)
    known = await _known(session, product.id, list(fresh))
    rows = []
    for digest, (line, code) in fresh.items():
        if digest in known:
            report.refused.append(RowFault(line, str(line), "code", "already in the pool"))
            continue
        bound = _bound_to(product.id, digest)
        rows.append(
            {
                "product_id": product.id,
                "digest": digest,
                "sealed": vault.seal(code.encode(), bound_to=bound),
                "added_at": now,
            }
        )
        report.new.append(str(line))
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    for start in range(0, len(rows), _INSERT_ROWS):
        await session.execute(insert(PoolCode).on_conflict_do_nothing(), rows[start : start + _INSERT_ROWS])
    await _wake(session, product.id, now)
    report.refused.sort(key=lambda fault: fault.row)
    return report


async def give(session: AsyncSession, *, award_id: str, product_id: str, now: datetime) -> int | None:
    """The id of the code this award holds, taking the oldest free one if it holds none; None when the pool is empty."""
    held = await _held(session, award_id)
    if held is not None:
        return held.id
    free = await session.scalar(
        select(PoolCode)
        .where(PoolCode.product_id == product_id, PoolCode.award_id.is_(None))
        .order_by(PoolCode.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if free is None:
        return None
    free.award_id, free.given_at = award_id, now
    await session.flush()
    return free.id


async def read(session: AsyncSession, *, award_id: str, vault: Vault) -> str | None:
    """The code in plain text, for its winner's eyes."""
    held = await _held(session, award_id)
    if held is None:
        return None
    return vault.open(held.sealed, bound_to=_bound_to(held.product_id, held.digest)).decode()


async def holds(session: AsyncSession, *, award_id: str) -> int | None:
    held = await _held(session, award_id)
    return None if held is None else held.id


async def levels(
    session: AsyncSession, *, mall_id: str, sku: str | None = None, free_below: int | None = None
) -> Sequence[PoolLevel]:
    """Every pool of the mall by sku, or one; with `free_below`, only those running low."""
    free: ColumnElement[int] = func.count(case((PoolCode.id.is_not(None) & PoolCode.award_id.is_(None), 1)))
    waiting = (
        select(func.count())
        .where(Award.product_id == Product.id, Award.state == RETRY, Award.reason == POOL_EMPTY)
        .scalar_subquery()
    )
    query = (
        select(Product.sku, free, func.count(PoolCode.award_id), waiting)
        .outerjoin(PoolCode, PoolCode.product_id == Product.id)
        .where(Product.mall_id == mall_id, Product.type == CODE_TYPE)
        .group_by(Product.id, Product.sku)
        .order_by(Product.sku)
    )
    if sku is not None:
        query = query.where(Product.sku == sku)
    if free_below is not None:
        query = query.having(free < free_below)
    rows = await session.execute(query)
    return [PoolLevel(sku=sku, free=left, given=given, waiting=waits) for sku, left, given, waits in rows]


def _read(raw: bytes, report: Report, *, product: Product, vault: Vault) -> dict[bytes, tuple[int, str]]:
    """digest -> (line number, code), what cannot be a code left in the report."""
    lines = decode(raw).splitlines()
    if len(lines) > CODES_PER_UPLOAD_MAX:
        raise InvalidField(("file", f"more than {CODES_PER_UPLOAD_MAX} codes"))
    found: dict[bytes, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        code = line.strip()
        if not code or (number == 1 and code.lower() == "code"):
            continue
        digest = vault.digest(code, within=product.id)
        fault = _fault(code) or (f"the same as line {found[digest][0]}" if digest in found else None)
        if fault:
            report.refused.append(RowFault(number, str(number), "code", fault))
        else:
            found[digest] = (number, code)
    if not found and not report.refused:
        raise InvalidField(("file", "holds no codes"))
    return found


def _fault(code: str) -> str | None:
    if len(code) > CODE_CHARS_MAX:
        return f"longer than {CODE_CHARS_MAX} characters"
    return None if code.isprintable() else "holds characters that cannot be printed"


async def _known(session: AsyncSession, product_id: str, digests: Sequence[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for start in range(0, len(digests), _INSERT_ROWS):
        batch = digests[start : start + _INSERT_ROWS]
        known.update(
            await session.scalars(
                select(PoolCode.digest).where(PoolCode.product_id == product_id, PoolCode.digest.in_(batch))
            )
        )
    return known


async def _wake(session: AsyncSession, product_id: str, now: datetime) -> None:
    waiting = (Award.product_id == product_id, Award.state == RETRY, Award.reason == POOL_EMPTY)
    await session.execute(update(Award).where(*waiting).values(due_at=now))


async def _held(session: AsyncSession, award_id: str) -> PoolCode | None:
    return await session.scalar(select(PoolCode).where(PoolCode.award_id == award_id))


def _bound_to(product_id: str, digest: bytes) -> str:
    return f"{product_id}:{digest.hex()}"
