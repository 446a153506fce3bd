"""A member's own points: what they have, what expires when, and every change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from api.auth.dependencies import CurrentSession, TheHouse
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from core.errors import InvalidField
from prizes.wallet import records

router = APIRouter(prefix="/v1/wallet", tags=["wallet"])

NUMBER_DIGITS_MAX = 18  # fits a 64-bit column


class ExpiringView(BaseModel):
    points: int
    expires_at: datetime


class WalletView(BaseModel):
    points: int
    expiring: list[ExpiringView]


class RecordView(BaseModel):
    """One change: `points` are signed, `balance` is what the member had after it."""

    number: int
    at: datetime
    kind: Literal["credit", "debit", "refund", "expiry"]
    cause: str
    points: int
    balance: int


class RecordPage(BaseModel):
    items: list[RecordView]
    next: str | None


@router.get("", response_model=WalletView)
async def get_wallet(member: CurrentSession, house: TheHouse) -> Any:
    """My points, and those that will expire, soonest first."""
    records.must_be_ours(house.wallet)
    whose = {"mall_id": member.mall_id, "member_id": member.member_id}
    now = house.clock.now()
    async with house.database.reading() as session:
        points = await records.balance(session, **whose, now=now)
        expiring = await records.expiring(session, **whose, now=now)
    return {"points": points, "expiring": [each._asdict() for each in expiring]}


@router.get("/records", response_model=RecordPage)
async def list_records(
    member: CurrentSession, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Any:
    """What changed my points, newest first."""
    records.must_be_ours(house.wallet)
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        page = await records.page_of_member(
            session,
            mall_id=member.mall_id,
            member_id=member.member_id,
            before=None if position is None else _number(position[0]),
            limit=limit,
        )
    following = cursor_at(str(page[-1].number)) if len(page) == limit else None
    return {"items": [each._asdict() for each in page], "next": following}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX):
        raise InvalidField(("cursor", "not a cursor of this list"))
    return int(text)
