"""Parcels: out as a packing list, back with tracking numbers, shipped once."""

from __future__ import annotations

import csv
import io

from sqlalchemy import update

from core.db import Database
from prizes import interventions, parcels, queries
from prizes.fulfilment.deliveries import Fulfilment
from prizes.fulfilment.router import FULFILLERS
from prizes.invariants import one_delivery
from prizes.models import Award
from prizes.sheets import Report
from tests.prizes.factories import MALL, a_product, an_award, claim, the_award
from tests.support.arguments import HandClock

ADDRESS = "浙江省杭州市西湖区示例路1号1幢100室"


async def a_claimed_parcel(fulfilment: Fulfilment, *, recipient: str = "测试甲") -> str:
    database = fulfilment.means.database
    award_id = await an_award(database, await a_product(database, "parcel"))
    await claim(fulfilment, award_id, recipient=recipient, address=ADDRESS)
    return award_id


async def exported(fulfilment: Fulfilment, *, again: bool = False, mall_id: str = MALL) -> list[dict[str, str]]:
    async with fulfilment.means.database.transaction() as session:
        export = await parcels.export(
            session, mall_id=mall_id, again=again, vault=fulfilment.vault, now=fulfilment.means.clock.now()
        )
    rows = list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"))))
    assert [row["award_id"] for row in rows] == list(export.award_ids)
    return rows


async def tracked(fulfilment: Fulfilment, *lines: str, header: str = "award_id,carrier,tracking_number") -> Report:
    raw = "\n".join([header, *lines]).encode()
    async with fulfilment.means.database.transaction() as session:
        return await parcels.import_tracking(session, mall_id=MALL, raw=raw, now=fulfilment.means.clock.now())


async def test_a_parcel_goes_from_the_queue_to_the_winner(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    award_id = await a_claimed_parcel(fulfilment)
    assert (await fulfilment.run_once()).moved >= 0
    assert (await the_award(database, award_id)).state == "ready", "the worker leaves parcels to people"
    (row,) = await exported(fulfilment)
    assert (row["recipient"], row["phone"], row["address"], row["sku"]) == ("测试甲", "13800000000", ADDRESS, "MUG")
    assert (await the_award(database, award_id)).state == "packing"
    assert await exported(fulfilment) == [], "taken off the queue"
    assert await exported(fulfilment, again=True) == [row], "but a lost list can be had again"
    assert (await tracked(fulfilment, f"{award_id},SF,SF001")).new == [award_id]
    async with database.reading() as session:
        award = await queries.of_mall(session, mall_id=MALL, award_id=award_id)
        shown = await FULFILLERS["parcel"].show(session, award, fulfilment.means)
    assert (award.state, shown) == ("shipped", {"kind": "tracking", "carrier": "SF", "number": "SF001"})
    header = "award_id,carrier,tracking_number,delivered_on"
    assert (await tracked(fulfilment, f"{award_id},SF,SF001,2026-11-21", header=header)).updated == [award_id]
    assert (await the_award(database, award_id)).state == "delivered"
    async with database.reading() as session:
        assert await one_delivery(session, now=clock.now()) == (1, [])


async def test_tracking_is_reported_on_row_by_row_and_comes_twice_without_harm(
    fulfilment: Fulfilment, database: Database
) -> None:
    good, other = await a_claimed_parcel(fulfilment), await a_claimed_parcel(fulfilment)
    await exported(fulfilment)
    waiting = await a_claimed_parcel(fulfilment)
    points = await an_award(database, await a_product(database, "points"))
    lines = [
        f"{good},SF,SF001",
        "not-an-id,SF,SF002",
        f"{waiting},SF,SF003",
        f"{points},SF,SF004",
        f"{other},,SF005",
        "00000000-0000-0000-0000-0000000000aa,SF,SF006",
        f"{good},SF,SF-OTHER",
    ]
    first = await tracked(fulfilment, *lines)
    assert first.new == [good]
    refused = [
        (3, "award_id"),
        (4, "award_id"),
        (5, "award_id"),
        (6, "carrier"),
        (7, "award_id"),
        (8, "tracking_number"),
    ]
    assert [(fault.row, fault.field) for fault in first.refused] == refused
    second = await tracked(fulfilment, *lines)
    assert (second.new, second.unchanged, len(second.refused)) == ([], [good], 6)


async def test_a_formula_in_a_name_stays_text(fulfilment: Fulfilment) -> None:
    await a_claimed_parcel(fulfilment, recipient="=HYPERLINK(1)")
    (row,) = await exported(fulfilment)
    assert row["recipient"] == "'=HYPERLINK(1)"


async def test_another_mall_gets_no_address(fulfilment: Fulfilment) -> None:
    await a_claimed_parcel(fulfilment)
    assert await exported(fulfilment, mall_id="00000000-0000-0000-0000-00000000ffff") == []


async def test_a_parcel_that_cannot_be_sent_is_voided_and_then_not_shipped(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    award_id = await a_claimed_parcel(fulfilment)
    await exported(fulfilment)
    async with database.transaction() as session:
        award = await queries.of_mall(session, mall_id=MALL, award_id=award_id, for_update=True)
        await interventions.void(session, award=award, reason="no such address", now=clock.now())
    report = await tracked(fulfilment, f"{award_id},SF,SF001")
    assert [fault.reason for fault in report.refused] == ["not packed: the award is void"]


async def test_the_invariant_names_what_stands_still_and_what_is_delivered_by_nobody(
    fulfilment: Fulfilment, database: Database, clock: HandClock
) -> None:
    late, unfounded = await a_claimed_parcel(fulfilment), await a_claimed_parcel(fulfilment)
    async with database.transaction() as session:
        await session.execute(update(Award).where(Award.id == unfounded).values(state="delivered"))
    clock.advance(days=4)
    async with database.reading() as session:
        checked, broken = await one_delivery(session, now=clock.now())
    assert checked == 2
    assert broken == [f"award {unfounded} is delivered by no attempt", f"award {late} is past its time"]


async def test_the_queues_say_what_waits(fulfilment: Fulfilment, database: Database) -> None:
    await a_claimed_parcel(fulfilment)
    await an_award(database, await a_product(database, "points"))
    async with database.reading() as session:
        levels = await queries.queues(session, mall_id=MALL)
    assert [(level.type, level.state, level.count) for level in levels] == [
        ("parcel", "ready", 1),
        ("points", "won", 1),
    ]
