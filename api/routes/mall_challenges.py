"""Challenges: a member is to be checked by the mall, whose server says when they have passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth.dependencies import TheHouse
from api.auth.mall_calls import CallingMall
from api.auth.members import names_of
from campaigns.game import Text
from campaigns.velocity_decisions import challenge_of, rule_of
from campaigns.velocity_models import VelocityDecision

router = APIRouter(prefix="/v1/mall/challenges", tags=["mall"])


class ChallengeView(BaseModel):
    """Whom to check and why. `passed_at` is when the mall said that they had passed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0191d1f4-7b1c-7000-8000-5a0c1d2e3f40",
                    "campaign_id": "0191d1f4-7b1c-7000-8000-5a0c1d2e3f41",
                    "sub": "member-1",
                    "told": {
                        "zh": "该账号在 1 分钟内已参加 20 次。",
                        "en": "This account reached 20 plays within 1 minute.",
                    },
                    "asked_at": "2026-11-22T08:00:00Z",
                    "passed_at": None,
                }
            ]
        }
    )

    id: str
    campaign_id: str
    sub: str
    told: Text
    asked_at: datetime
    passed_at: datetime | None


@router.get("/{challenge_id}", response_model=ChallengeView)
async def get_challenge(challenge_id: UUID, mall: CallingMall, house: TheHouse) -> Any:
    """A challenge that one of the mall's members was given."""
    async with house.database.reading() as session:
        decision = await challenge_of(session, mall=mall, challenge=str(challenge_id))
        names = await names_of(session, [decision.member_id])
    return _view(decision, names[decision.member_id])


@router.post("/{challenge_id}/passed", response_model=ChallengeView)
async def pass_challenge(challenge_id: UUID, mall: CallingMall, house: TheHouse) -> Any:
    """The member has passed the mall's check, and may ask as often again as the rule allows. Said again, it changes nothing."""
    decision = await house.campaigns.velocity.passed(mall=mall, challenge=str(challenge_id))
    async with house.database.reading() as session:
        names = await names_of(session, [decision.member_id])
    return _view(decision, names[decision.member_id])


def _view(decision: VelocityDecision, sub: str) -> dict[str, Any]:
    return {
        "id": decision.id,
        "campaign_id": decision.campaign_id,
        "sub": sub,
        "told": rule_of(decision).told,
        "asked_at": decision.at,
        "passed_at": decision.passed_at,
    }
