"""A member's own prizes: what they are, where they are, and where they should go."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_in_time, position_in_time
from api.routes.award_views import AwardView, award_as_view, awards_as_views
from core.errors import NotFound
from prizes import claims, queries
from prizes.personal import ADDRESS_CHARS_MAX, PHONE_CHARS_MAX, RECIPIENT_CHARS_MAX

router = APIRouter(prefix="/v1/awards", tags=["awards"])


class AwardPage(BaseModel):
    items: list[AwardView]
    next: str | None


class ClaimForm(BaseModel):
    """A phone number, as people type it; and for a parcel, who and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"phone": "13800000000"},
                {"recipient": "测试甲", "phone": "13800000000", "address": "浙江省杭州市西湖区示例路1号1幢100室"},
            ]
        },
    )

    phone: Annotated[str, Field(min_length=1, max_length=PHONE_CHARS_MAX)]
    recipient: Annotated[str | None, Field(max_length=RECIPIENT_CHARS_MAX)] = None
    address: Annotated[str | None, Field(max_length=ADDRESS_CHARS_MAX)] = None


@router.get("", response_model=AwardPage)
async def list_awards(
    member: CurrentSession,
    house: TheHouse,
    campaign_id: UUID | None = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Any:
    """My prizes, newest first."""
    async with house.database.reading() as session:
        awards = await queries.page_of_member(
            session,
            member_id=member.member_id,
            campaign_id=_campaign_in_reach(member, campaign_id),
            after=position_in_time(cursor),
            limit=limit,
        )
        items = await awards_as_views(session, awards, house.fulfilment.means)
    return {"items": items, "next": cursor_in_time(awards[-1].won_at, awards[-1].id) if len(awards) == limit else None}


@router.get("/{award_id}", response_model=AwardView)
async def get_award(award_id: UUID, member: CurrentSession, house: TheHouse) -> Any:
    """One of my prizes, and its result once it is on its way."""
    async with house.database.reading() as session:
        award = await queries.of_member(session, member_id=member.member_id, award_id=str(award_id))
        _must_reach(member, award.campaign_id)
        return await award_as_view(session, award, house.fulfilment.means)


@router.post("/{award_id}/claim", response_model=AwardView)
async def claim_award(award_id: UUID, form: ClaimForm, member: CurrentSession, house: TheHouse) -> Any:
    """Say where my prize should go. The same again is harmless; other details after it moved on are refused."""
    async with house.database.transaction() as session:
        award = await claims.claim(
            session,
            award_id=str(award_id),
            member_id=member.member_id,
            phone=form.phone,
            recipient=form.recipient,
            address=form.address,
            vault=house.fulfilment.vault,
            now=house.clock.now(),
        )
        _must_reach(member, award.campaign_id)
        return await award_as_view(session, award, house.fulfilment.means)


def _campaign_in_reach(member: MemberSession, wanted: UUID | None) -> str | None:
    """The campaign to list; a session of one campaign sees that one only."""
    if member.campaign_id is None:
        return str(wanted) if wanted else None
    if wanted is not None:
        _must_reach(member, str(wanted))
    return member.campaign_id


def _must_reach(member: MemberSession, campaign_id: str) -> None:
    if member.campaign_id not in (None, campaign_id):
        raise NotFound(noun="award")
