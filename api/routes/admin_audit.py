"""What operators did, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.auth.audit import page
from api.auth.dependencies import AnyOperator, TheHouse
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, number_of

router = APIRouter(prefix="/v1/admin", tags=["admin: audit"])
Word = Annotated[str | None, Query(max_length=64, pattern=r"^[\x21-\x7e]+$")]


class AuditView(BaseModel):
    """One change. `hash` covers the row and the hash before it, so that none can be altered or left out unseen."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject_type: str
    subject_id: str
    before: Any
    after: Any
    reason: str | None
    request_id: str | None
    hash: str


class AuditPage(BaseModel):
    items: list[AuditView]
    next: str | None


@router.get("/audit")
async def list_audit(
    *,
    operator: AnyOperator,
    house: TheHouse,
    subject_type: Word = None,
    subject_id: Word = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> AuditPage:
    """The mall's audit rows, newest first; of one subject when it is named."""
    async with house.database.reading() as session:
        entries = await page(
            session,
            mall_id=operator.mall_id,
            subject_type=subject_type,
            subject_id=subject_id,
            before=number_of(cursor),
            limit=limit,
        )
    names = AuditView.model_fields.keys() - {"hash"}
    items = [AuditView(**{name: getattr(entry, name) for name in names}, hash=entry.hash.hex()) for entry in entries]
    return AuditPage(items=items, next=cursor_at(str(entries[-1].seq)) if len(entries) == limit else None)
