"""Awards as the API shows them; nothing personal leaves here unmasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from prizes.awards import DELIVERED, HELD, SHIPPED
from prizes.fulfilment.contract import Means
from prizes.fulfilment.router import FULFILLERS, claim_kind
from prizes.models import Award, Claim
from prizes.personal import summary
from prizes.queries import claims_of

AwardState = Literal[
    "held", "covered", "won", "claim_needed", "ready", "sending", "unknown", "retry", "packing", "shipped",
    "delivered", "refused", "dead", "void", "lapsed",
]  # fmt: skip


class Text(BaseModel):
    zh: str
    en: str


class Money(BaseModel):
    """Minor units: 1000 of CNY is ¥10."""

    amount: int
    currency: str


class PrizeView(BaseModel):
    name: Text
    sku: str
    form: Literal["virtual", "physical"]
    type: str
    merchant: str
    market_value: Money
    points: int


class ClaimView(BaseModel):
    """What the winner must give, until when, and a masked summary of what was given. No time runs while a win is held."""

    kind: Literal["none", "phone", "address"]
    before: datetime | None
    given: bool
    summary: str | None = Field(examples=["138****0000"])


class CodeResult(BaseModel):
    kind: Literal["code"]
    code: str


class LinkResult(BaseModel):
    kind: Literal["link"]
    url: str


class PointsResult(BaseModel):
    kind: Literal["points"]
    points: int
    balance: int | None


class TrackingResult(BaseModel):
    kind: Literal["tracking"]
    carrier: str
    number: str


class TopupResult(BaseModel):
    kind: Literal["topup"]
    phone: str = Field(examples=["138****0000"])


Result = Annotated[CodeResult | LinkResult | PointsResult | TrackingResult | TopupResult, Field(discriminator="kind")]


class AwardView(BaseModel):
    id: str
    campaign_id: str
    play_id: Annotated[str, Field(description="The play that won it, or whose ticket did.")]
    won_by: Annotated[Literal["play", "raffle"], Field(description="By the play's own draw, or by the raffle.")]
    won_at: datetime
    prize: PrizeView
    state: AwardState
    told: Annotated[
        Text | None,
        Field(
            description="Of a win that is held: why it is checked before it is delivered. Of one that was rejected: why."
        ),
    ]
    claim: ClaimView
    delivered_at: datetime | None
    result: Result | None


async def awards_as_views(session: AsyncSession, awards: Sequence[Award], means: Means) -> list[dict[str, Any]]:
    claims = await claims_of(session, [award.id for award in awards])
    return [await _as_view(session, award, claims.get(award.id), means) for award in awards]


async def award_as_view(session: AsyncSession, award: Award, means: Means) -> dict[str, Any]:
    return (await awards_as_views(session, [award], means))[0]


async def _as_view(session: AsyncSession, award: Award, claim: Claim | None, means: Means) -> dict[str, Any]:
    return {
        "id": award.id,
        "campaign_id": award.campaign_id,
        "play_id": award.play_id,
        "won_by": award.won_by,
        "won_at": award.won_at,
        "prize": award.prize,
        "state": award.state,
        "told": award.told,
        "claim": _claim(award, claim, means),
        "delivered_at": award.delivered_at,
        "result": await _result(session, award, means),
    }


def _claim(award: Award, claim: Claim | None, means: Means) -> dict[str, Any]:
    kind = claim_kind(award.type)
    sealed = claim.sealed if claim else None
    return {
        "kind": kind,
        "before": None if kind == "none" or award.state == HELD else award.claim_before,
        "given": claim is not None,
        "summary": None if sealed is None else summary(means.vault, award_id=award.id, sealed=sealed),
    }


async def _result(session: AsyncSession, award: Award, means: Means) -> Mapping[str, Any] | None:
    if award.state not in (DELIVERED, SHIPPED):
        return None
    return await FULFILLERS[award.type].show(session, award, means)
