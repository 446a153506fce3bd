"""A member redeems a code (兑换码) for chances."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.house import House
from campaigns.chances import day_ends_at
from campaigns.refusals import Over
from campaigns.standing import standing_of
from campaigns.versions import Running
from core.clock import to_ms
from core.errors import NotFound
from earning.code_words import TYPED_CHARS_MAX
from inventory.connection import InventoryAway

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


class RedemptionForm(BaseModel):
    """A code as the member typed it: case, width, spaces and hyphens make no difference."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "KQ7RM-2XWPA-9TBHE"}]})

    code: Annotated[str, Field(min_length=1, max_length=TYPED_CHARS_MAX)]


class RedemptionView(BaseModel):
    """What the code gave and when, and how many chances the member has now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "chances": 2,
                    "expires_at": "2026-12-02T16:00:00Z",
                    "redeemed_at": "2026-12-02T03:04:05Z",
                    "chances_left": 3,
                }
            ]
        }
    )

    chances: int
    expires_at: Annotated[datetime | None, Field(description="None means as long as the campaign lasts.")]
    redeemed_at: datetime
    chances_left: Annotated[int | None, Field(description="None where nothing limits them.")]


@router.post("/{campaign_id}/redemptions", status_code=201)
async def redeem_code(
    campaign_id: UUID, form: RedemptionForm, member: CurrentSession, house: TheHouse
) -> RedemptionView:
    """Redeem a code once; the same code again gives the same answer and nothing more.

    After five wrong codes within fifteen minutes no other is looked at for a while, which a 429 names. A code that has
    the form of ours and cannot be one is a slip of the finger, which does not count.
    """
    running = await _entered(house, str(campaign_id), member)
    now = house.clock.now()
    redeemed = await house.redeeming.redeem(
        campaign=running.campaign,
        member=member.member_id,
        typed=form.code,
        day_ends_at=day_ends_at(running.version, now_ms=to_ms(now)),
        now=now,
    )
    with suppress(InventoryAway):  # the counters ask for what they were not told
        await house.campaigns.paying.learn(running, member.member_id)
    async with house.database.reading() as session:
        standing = await standing_of(
            session, running, member=member.member_id, sub=member.sub, attributes=member.attributes, now=now
        )
    return RedemptionView(**redeemed._asdict(), chances_left=standing.chances_left)


async def _entered(house: House, campaign: str, member: MemberSession) -> Running:
    """The campaign, for a member who may play in it. Raises NotFound, Over, Blocked and NotEligible."""
    running = await house.campaigns.versions.look_again(campaign)
    version = running.version
    if version.mall != member.mall_id or member.campaign_id not in (None, running.campaign):
        raise NotFound(noun="campaign")
    if running.phase(house.clock.now()) == "ended":
        raise Over(ended_at=version.config.ends_at)
    found = await house.campaigns.admission.look_again(version, sub=member.sub, attributes=member.attributes)
    if found.refusal is not None:
        raise found.refusal
    return running
