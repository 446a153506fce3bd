"""Decisions about velocity for operators: who was slowed down, challenged, put under review or blocked, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.auth.dependencies import AnyOperator, TheHouse
from api.auth.members import known_member, names_of
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_in_time, position_in_time
from campaigns.game import Text
from campaigns.lifecycle import campaign_of
from campaigns.models import SUB_CHARS_MAX
from campaigns.velocity import VelocityRule
from campaigns.velocity_decisions import page, rule_of

router = APIRouter(prefix="/v1/admin/campaigns", tags=["admin: campaigns"])


class DecisionView(BaseModel):
    """`told` is the reason in words that may be read to the member; `until` is when the rule allows the next ask, or the block ends."""

    id: str
    member_id: str
    sub: str
    action: Literal["slow_down", "challenge", "review", "block"]
    told: Text
    rule: VelocityRule
    version: int
    at: datetime
    until: datetime
    passed_at: datetime | None


class DecisionPage(BaseModel):
    items: list[DecisionView]
    next: str | None


@router.get("/{campaign_id}/decisions")
async def list_decisions(
    *,
    campaign_id: UUID,
    operator: AnyOperator,
    house: TheHouse,
    sub: Annotated[str | None, Query(max_length=SUB_CHARS_MAX, description="Only those about this member.")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> DecisionPage:
    """What followed where members came to what a velocity rule allows, newest first; one a rule and member while it looks back."""
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        member = await known_member(session, operator.mall_id, sub) if sub is not None else None
        if sub is not None and member is None:
            return DecisionPage(items=[], next=None)
        found = await page(session, campaign=campaign.id, member=member, before=position_in_time(cursor), limit=limit)
        names = await names_of(session, [each.member_id for each in found])
    items = [DecisionView.model_validate(_view(each, names[each.member_id])) for each in found]
    return DecisionPage(items=items, next=cursor_in_time(found[-1].at, found[-1].id) if len(found) == limit else None)


def _view(decision: Any, sub: str) -> dict[str, Any]:
    rule = rule_of(decision)
    facts = {name: getattr(decision, name) for name in DecisionView.model_fields if hasattr(decision, name)}
    return {**facts, "sub": sub, "told": rule.told, "rule": rule}
