"""Parcels: a queue that is exported for packing and comes back with tracking numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.awards import DELIVERED, PACKING, READY, SHIPPED, move
from prizes.fulfilment.parcel import PARCEL
from prizes.models import Award, Claim, Parcel
from prizes.personal import national_phone, unmask
from prizes.sheets import Report, RowFault, read_rows, write_rows
from prizes.vault import Vault

EXPORT_PARCELS_MAX: Final = 1_000
EXPORT_COLUMNS: Final = ("award_id", "sku", "name_zh", "name_en", "recipient", "phone", "address", "won_at")
TRACKING_COLUMNS: Final = ("award_id", "carrier", "tracking_number")
TRACKING_OPTIONAL: Final = ("delivered_on",)
CARRIER_CHARS_MAX: Final = 64
TRACKING_CHARS_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A packing list with names and addresses in the clear; `award_ids` is what the caller audits."""

    content: bytes
    award_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """One good row of a tracking import."""

    award_id: str
    carrier: str
    number: str
    delivered_on: date | None


async def export(session: AsyncSession, *, mall_id: str, again: bool, vault: Vault, now: datetime) -> Export:
    """Take up to EXPORT_PARCELS_MAX parcels off the queue, oldest first, as CSV; they are `packing` from then on.

    `again` writes those that are already packing instead, for a list that got lost.
    """
    rows = await session.execute(
        select(Award, Claim.sealed)
        .join(Claim, Claim.award_id == Award.id)
        .where(Award.mall_id == mall_id, Award.type == PARCEL.type, Award.state == (PACKING if again else READY))
        .order_by(Award.won_at, Award.id)
        .limit(EXPORT_PARCELS_MAX)
        .with_for_update(of=Award)
    )
    lines, awards = [], []
    for award, sealed in rows:
        if sealed is not None:  # erased: nobody can pack it, an operator voids it
            lines.append(_line(award, sealed, vault))
            awards.append(award)
    if not again:
        for award in awards:
            move(award, PACKING, now=now)
            session.add(Parcel(award_id=award.id, exported_at=now))
    await session.flush()
    return Export(content=write_rows(columns=EXPORT_COLUMNS, rows=lines), award_ids=[award.id for award in awards])


async def import_tracking(session: AsyncSession, *, mall_id: str, raw: bytes, now: datetime) -> Report:
    """Note how parcels were shipped, and from the optional column `delivered_on` (a date) that they arrived.

    The same row again changes nothing; a parcel that was shipped is never shipped again under another number.
    """
    report = Report()
    for row, cells in read_rows(raw, columns=TRACKING_COLUMNS, optional=TRACKING_OPTIONAL):
        tracking, fault = _parse(cells)
        if tracking is not None:
            fault = await _ship(session, tracking, mall_id=mall_id, report=report, now=now)
        if fault is not None:
            report.refused.append(RowFault(row, cells["award_id"][:64], *fault))
    await session.flush()
    return report


async def _ship(
    session: AsyncSession, tracking: Tracking, *, mall_id: str, report: Report, now: datetime
) -> tuple[str, str] | None:
    """Apply one row; (field, reason) when it is refused."""
    award = await session.get(Award, tracking.award_id, with_for_update=True)
    if award is None or award.mall_id != mall_id or award.type != PARCEL.type:
        return "award_id", "no such parcel"
    parcel = await session.get(Parcel, award.id)
    if parcel is None or award.state not in (PACKING, SHIPPED, DELIVERED):
        return "award_id", f"not packed: the award is {award.state}"
    if award.state != PACKING and (parcel.carrier, parcel.tracking_number) != (tracking.carrier, tracking.number):
        return "tracking_number", "already shipped under another number"
    if award.state == DELIVERED or (award.state == SHIPPED and tracking.delivered_on is None):
        report.unchanged.append(award.id)
        return None
    (report.new if award.state == PACKING else report.updated).append(award.id)
    if award.state == PACKING:
        move(award, SHIPPED, now=now)
        parcel.carrier, parcel.tracking_number, parcel.shipped_at = tracking.carrier, tracking.number, now
    if tracking.delivered_on is not None:
        move(award, DELIVERED, now=now)
        award.delivered_at = min(now, datetime.combine(tracking.delivered_on, time(), UTC))
    return None


def _parse(cells: Mapping[str, str]) -> tuple[Tracking | None, tuple[str, str] | None]:
    if "" in cells:
        return None, ("row", cells[""])
    try:
        award_id = str(UUID(cells["award_id"]))
    except ValueError:
        return None, ("award_id", "not an award's id")
    for name, most in (("carrier", CARRIER_CHARS_MAX), ("tracking_number", TRACKING_CHARS_MAX)):
        text = cells[name].removeprefix("'")
        if not 1 <= len(text) <= most or not text.isprintable():
            return None, (name, f"must have 1 to {most} printable characters")
    try:
        delivered_on = date.fromisoformat(cells["delivered_on"]) if cells.get("delivered_on") else None
    except ValueError:
        return None, ("delivered_on", "not a date like 2026-11-21")
    carrier, number = (cells[name].removeprefix("'") for name in ("carrier", "tracking_number"))
    return Tracking(award_id=award_id, carrier=carrier, number=number, delivered_on=delivered_on), None


def _line(award: Award, sealed: bytes, vault: Vault) -> dict[str, str]:
    contact = unmask(vault, award_id=award.id, sealed=sealed)
    return {
        "award_id": award.id,
        "sku": award.prize["sku"],
        "name_zh": award.prize["name"]["zh"],
        "name_en": award.prize["name"]["en"],
        "recipient": contact.recipient,
        "phone": national_phone(contact.phone),
        "address": contact.address,
        "won_at": award.won_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
