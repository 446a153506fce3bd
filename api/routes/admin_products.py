"""The catalogue and the code pools, for operators."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.award_views import Money, Text
from api.routes.sheets import ImportReport, as_view, body_of, counts, csv_body
from core.errors import NotFound
from prizes import catalogue, codes
from prizes.models import SKU_CHARS_MAX, Product

router = APIRouter(prefix="/v1/admin", tags=["admin: products"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
CodeKeeper = Annotated[Actor, Depends(operator_with(Role.EDITOR, Role.FULFILMENT))]
Sku = Annotated[str, Path(min_length=1, max_length=SKU_CHARS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

_CATALOGUE_EXAMPLE = (
    ",".join(catalogue.COLUMNS)
    + "\nTOPUP-10,10元话费,¥10 phone credit,virtual,phone_topup,sample-telco,1000,985,0,10\n"
)


class ProductView(BaseModel):
    id: str
    sku: str
    name: Text
    form: Literal["virtual", "physical"]
    type: str
    merchant: str
    market_value: Money
    cost: Money
    points: int
    detail: str
    claim: Literal["none", "phone", "address"]


class ProductPage(BaseModel):
    items: list[ProductView]
    next: str | None


class PoolView(BaseModel):
    """How full a pool of codes is; `waiting` awards found it empty."""

    sku: str
    free: int
    given: int
    waiting: int


class PoolList(BaseModel):
    items: list[PoolView]


@router.get("/products")
async def list_products(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> ProductPage:
    """The mall's catalogue, by sku."""
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        products = await catalogue.page(
            session, mall_id=operator.mall_id, after_sku=position[0] if position else None, limit=limit
        )
    following = cursor_at(products[-1].sku) if len(products) == limit else None
    return ProductPage(items=[_product_view(product) for product in products], next=following)


@router.post("/products", openapi_extra=csv_body("The catalogue as CSV, UTF-8.", _CATALOGUE_EXAMPLE))
async def import_products(request: Request, operator: Editor, house: TheHouse) -> ImportReport:
    """Create and update products from a CSV; a bad row is reported and stops no other."""
    raw = await body_of(request)
    now = house.clock.now()
    async with house.database.transaction() as session:
        report = await catalogue.import_products(session, mall_id=operator.mall_id, raw=raw, ids=house.ids, now=now)
        await audit.record(
            session,
            actor=operator,
            action="products.import",
            subject=audit.Subject("catalogue", operator.mall_id),
            before=None,
            after={**counts(report), "new": report.new[:100], "changed": report.updated[:100]},
            reason=None,
            at=now,
        )
    return as_view(report)


@router.get("/code-pools")
async def list_code_pools(
    operator: AnyOperator,
    house: TheHouse,
    free_below: Annotated[int | None, Query(ge=1, le=1_000_000, description="Only pools running low.")] = None,
) -> PoolList:
    """How many codes every pool has left."""
    async with house.database.reading() as session:
        levels = await codes.levels(session, mall_id=operator.mall_id, free_below=free_below)
    return PoolList(items=[_pool_view(level) for level in levels])


@router.get("/products/{sku}/codes")
async def get_code_pool(sku: Sku, operator: AnyOperator, house: TheHouse) -> PoolView:
    """How many codes this product's pool has left."""
    async with house.database.reading() as session:
        await catalogue.find(session, mall_id=operator.mall_id, sku=sku)
        levels = await codes.levels(session, mall_id=operator.mall_id, sku=sku)
    if not levels:
        raise NotFound(noun="code pool")
    return _pool_view(levels[0])


@router.post("/products/{sku}/codes", openapi_extra=csv_body("One code a line.", "code\nSAMPLE-0001\nSAMPLE-0002\n"))
async def upload_codes(sku: Sku, request: Request, operator: CodeKeeper, house: TheHouse) -> ImportReport:
    """Add codes to a product's pool; duplicates are reported by line, and no code is ever echoed."""
    raw = await body_of(request)
    now = house.clock.now()
    async with house.database.transaction() as session:
        product = await catalogue.find(session, mall_id=operator.mall_id, sku=sku)
        report = await codes.upload(session, product=product, raw=raw, vault=house.fulfilment.vault, now=now)
        await audit.record(
            session,
            actor=operator,
            action="codes.upload",
            subject=audit.Subject("product", product.id),
            before=None,
            after={"sku": sku, **counts(report)},
            reason=None,
            at=now,
        )
    return as_view(report)


def _product_view(product: Product) -> ProductView:
    cost = {"amount": product.cost, "currency": product.currency}
    return ProductView.model_validate({**catalogue.snapshot(product), "id": product.id, "cost": cost})


def _pool_view(level: codes.PoolLevel) -> PoolView:
    return PoolView(sku=level.sku, free=level.free, given=level.given, waiting=level.waiting)
