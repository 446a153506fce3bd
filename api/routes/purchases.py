"""Chances for points: a member buys, and sees what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.sessions import MemberSession
from api.house import House
from api.routes.plays import KEY_PATTERN, KeyMissing
from campaigns.ledger import LedgerAway
from campaigns.limits import BOUGHT_AT_ONCE_MAX
from campaigns.selling import Wanted
from core.errors import NotFound
from earning.purchase_models import ChancePurchase, State

router = APIRouter(prefix="/v1/campaigns", tags=["purchases"])

RETRY_AFTER_SECONDS: Final = 2

Shown = Literal["pending", "done", "refused", "refunding", "refunded"]
_SHOWN: Final[dict[str, Shown]] = {
    State.SENDING: "pending",
    State.READY: "pending",
    State.UNKNOWN: "pending",
    State.GRANTED: "done",
    State.DONE: "done",
    State.REFUSED: "refused",
    State.REFUNDING: "refunding",
    State.STUCK: "refunding",
    State.REFUNDED: "refunded",
}


class PurchaseBody(BaseModel):
    """How many chances, at the published price."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"chances": 1}]})

    chances: Annotated[int, Field(ge=1, le=BOUGHT_AT_ONCE_MAX, strict=True)]


class PurchaseView(BaseModel):
    """`pending` means that the wallet has not said yet; look again. `refunding` and `refunded`: no chances, and the points come back.

    `balance` is what the wallet said was left, if it said.
    """

    id: str
    campaign_id: str
    state: Shown
    chances: int
    points: int
    balance: int | None
    reason: Annotated[str | None, Field(description="Why it was refused or is given back, as a word.")]
    asked_at: datetime
    expires_at: Annotated[
        datetime | None, Field(description="Until when the chances may be played; null: as long as the campaign.")
    ]


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="Required, so that asking twice never buys twice.",
        examples=["5f0c8a52-7c1e-4f0e-9d41-2b8f8f2f8a10"],
    ),
]


@router.post(
    "/{campaign_id}/purchases",
    status_code=status.HTTP_201_CREATED,
    responses={status.HTTP_202_ACCEPTED: {"model": PurchaseView, "description": "The wallet has not said yet"}},
)
async def buy_chances(
    *,
    campaign_id: UUID,
    asked: PurchaseBody,
    member: CurrentSession,
    house: TheHouse,
    response: Response,
    key: Key = None,
) -> PurchaseView:
    """Buy chances for points. The same key and body is the same purchase for ever; after a 202 or a 503 ask again or look."""
    if key is None:
        raise KeyMissing
    campaign = await _campaign(house, member, campaign_id)
    wanted = Wanted(
        campaign=campaign,
        member=member.member_id,
        key=key,
        chances=asked.chances,
        sub=member.sub,
        attributes=member.attributes,
    )
    try:
        purchase = await house.selling.buy(wanted)
    except (DBAPIError, PoolTimeout, OSError) as error:
        raise LedgerAway(reason=type(error).__name__) from error
    response.headers["cache-control"] = "no-store"
    shown = purchase_as_view(purchase)
    if shown.state != "done":
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return shown


@router.get("/{campaign_id}/purchases/{purchase_id}")
async def get_purchase(
    campaign_id: UUID, purchase_id: UUID, member: CurrentSession, house: TheHouse, response: Response
) -> PurchaseView:
    """What became of a purchase of mine."""
    response.headers["cache-control"] = "no-store"
    campaign = await _campaign(house, member, campaign_id)
    async with house.database.reading() as session:
        purchase = await session.get(ChancePurchase, str(purchase_id))
    if purchase is None or (purchase.campaign_id, purchase.member_id) != (campaign, member.member_id):
        raise NotFound(noun="purchase")
    return purchase_as_view(purchase)


def purchase_as_view(purchase: ChancePurchase) -> PurchaseView:
    facts: dict[str, Any] = {
        name: getattr(purchase, name)
        for name in ("id", "campaign_id", "chances", "points", "balance", "reason", "asked_at", "expires_at")
    }
    return PurchaseView(state=_SHOWN[purchase.state], **facts)


async def _campaign(house: House, member: MemberSession, campaign_id: UUID) -> str:
    running = await house.campaigns.versions.running(str(campaign_id))
    if running.version.mall != member.mall_id or member.campaign_id not in (None, running.campaign):
        raise NotFound(noun="campaign")
    return running.campaign
