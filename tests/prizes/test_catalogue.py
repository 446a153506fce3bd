"""The catalogue's import: what is good goes in, what is not is reported with its row, field and reason."""

from __future__ import annotations

import asyncio

import pytest

from core.db import Database
from core.errors import InvalidField, NotFound
from prizes.catalogue import find, import_products, page, snapshot
from prizes.sheets import Report, defuse
from tests.prizes.conftest import SHARED_DATA
from tests.prizes.factories import MALL, a_product, a_row, a_sheet
from tests.support.arguments import NOON, CountingIds


async def imported(database: Database, raw: bytes, *, mall_id: str = MALL) -> Report:
    async with database.transaction() as session:
        return await import_products(session, mall_id=mall_id, raw=raw, ids=_IDS, now=NOON)


_IDS = CountingIds()


def faults(report: Report) -> list[tuple[int, str]]:
    return [(fault.row, fault.field) for fault in report.refused]


async def test_rows_are_created_then_updated_then_left_alone(database: Database) -> None:
    sheet = a_sheet(a_row(sku="A"), a_row(sku="B"))
    assert (await imported(database, b"\xef\xbb\xbf" + sheet)).new == ["A", "B"]
    changed = await imported(database, a_sheet(a_row(sku="A", cost_fen=7), a_row(sku="B"), a_row(sku="C")))
    assert (changed.new, changed.updated, changed.unchanged) == (["C"], ["A"], ["B"])
    async with database.reading() as session:
        assert (await find(session, mall_id=MALL, sku="A")).cost == 7
        assert [each.sku for each in await page(session, mall_id=MALL, after_sku="A", limit=10)] == ["B", "C"]


async def test_one_bad_row_stops_no_other(database: Database) -> None:
    report = await imported(
        database,
        a_sheet(
            a_row(sku="GOOD-1"),
            a_row(sku="no spaces"),
            a_row(sku="CHANCE-1", type="chance", form="virtual"),
            a_row(sku="FORM", form="virtual"),
            a_row(sku="MONEY", market_value_fen="1.5"),
            a_row(sku="NEGATIVE", cost_fen="-1"),
            a_row(sku="NAME", name_zh=""),
            a_row(sku="POINTS-0", form="virtual", type="points", points=0),
            a_row(sku="LINK", form="virtual", type="link", detail="javascript:alert(1)"),
            a_row(sku="TOPUP", form="virtual", type="phone_topup", detail=""),
            a_row(sku="GOOD-1"),
            a_row(sku="GOOD-2"),
        ),
    )
    assert report.new == ["GOOD-1", "GOOD-2"]
    assert faults(report) == [
        (3, "sku"),
        (4, "type"),
        (5, "form"),
        (6, "market_value_fen"),
        (7, "cost_fen"),
        (8, "name_zh"),
        (9, "points"),
        (10, "detail"),
        (11, "detail"),
        (12, "sku"),
    ]


async def test_every_fault_of_a_row_is_named(database: Database) -> None:
    report = await imported(database, a_sheet(a_row(sku="", name_en="", points="x")))
    assert faults(report) == [(2, "sku"), (2, "name_en"), (2, "points")]


async def test_a_row_of_another_width_is_refused_alone(database: Database) -> None:
    report = await imported(database, a_sheet(a_row(sku="A")) + b"\nB,too,short\n")
    assert (report.new, faults(report)) == (["A"], [(3, "row")])


async def test_a_product_keeps_its_type(database: Database) -> None:
    await a_product(database, "parcel", sku="A")
    report = await imported(database, a_sheet(a_row(sku="A", form="virtual", type="coupon_code")))
    assert faults(report) == [(2, "type")]


async def test_two_imports_at_once_do_not_get_in_each_others_way(database: Database) -> None:
    rows = [a_row(sku=f"S{number}") for number in range(50)]
    reports = await asyncio.gather(
        *(imported(database, a_sheet(*(rows if turn % 2 else reversed(rows)))) for turn in range(6))
    )
    assert not any(report.refused for report in reports)
    async with database.reading() as session:
        assert len(await page(session, mall_id=MALL, after_sku=None, limit=100)) == 50


async def test_malls_do_not_see_each_other(database: Database) -> None:
    other = "00000000-0000-0000-0000-00000000ffff"
    await imported(database, a_sheet(a_row(sku="A")), mall_id=other)
    assert (await imported(database, a_sheet(a_row(sku="A", cost_fen=5)))).new == ["A"]
    async with database.reading() as session:
        assert (await find(session, mall_id=other, sku="A")).cost == 0
        with pytest.raises(NotFound):
            await find(session, mall_id=other, sku="B")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "lacks sku"),
        (b"sku,name_zh\nA,B", "lacks name_en"),
        (a_sheet(a_row()).replace(b"detail", b"detail,extra"), "no other"),
        ("名称".encode("gb18030"), "not UTF-8"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than"),
        (a_sheet(*[a_row(sku=f"S{number}") for number in range(10_001)]), "more than 10000 rows"),
        (a_sheet(a_row(sku='"never closed')), "CSV"),
    ],
    ids=["empty", "columns missing", "column too many", "not UTF-8", "too large", "too long", "broken quotes"],
)
async def test_a_file_that_is_no_catalogue_is_refused_whole(database: Database, raw: bytes, said: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        await imported(database, raw)
    assert refusal.value.facts["errors"][0]["field"] == "file"
    assert said in refusal.value.facts["errors"][0]["reason"]
    async with database.reading() as session:
        assert await page(session, mall_id=MALL, after_sku=None, limit=5) == []


async def test_a_snapshot_holds_what_a_campaign_promises(database: Database) -> None:
    product = await a_product(database, "phone_topup")
    assert snapshot(product) == {
        "product_id": product.id,
        "sku": "TOPUP-10",
        "name": {"zh": "样品", "en": "Sample"},
        "form": "virtual",
        "type": "phone_topup",
        "merchant": "sample-mall",
        "market_value": {"amount": 1000, "currency": "CNY"},
        "cost": {"amount": 985, "currency": "CNY"},
        "points": 0,
        "detail": "10",
        "claim": "phone",
    }


@pytest.mark.parametrize("cell", ["=1+1", "+86", "-1", "@SUM(A1)", "\tx", "＝1+1"])
def test_a_formula_is_written_as_text(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"


@pytest.mark.shared_data
async def test_a_real_catalogue_goes_in_but_for_what_cannot_be_delivered(database: Database) -> None:
    report = await imported(database, (SHARED_DATA / "products.csv").read_bytes())
    refused = {fault.key: fault.field for fault in report.refused}
    assert len(report.new) == 21
    assert refused == {"CHANCE-1": "type", "VIP-30": "type", "THANKS": "type"}
