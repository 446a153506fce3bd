"""Several plays asked for at once: numbered plays like all others, with one answer."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.auth.dependencies import CurrentSession, TheHouse
from api.routes.plays import PlayView, asked_by, canonical, checked_key, game_of, network_of
from campaigns.ledger import LedgerAway
from campaigns.limits import PLAYS_AT_ONCE_MAX

router = APIRouter(prefix="/v1/campaigns", tags=["plays"])


class SeveralForm(BaseModel):
    """How often, and what the game asks of a member each time."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"times": 10, "entry": {}}]})

    times: Annotated[int, Field(ge=2, le=PLAYS_AT_ONCE_MAX, strict=True)]
    entry: dict[str, Any] = {}


class SeveralView(BaseModel):
    plays: list[PlayView]


@router.post("/{campaign_id}/plays/several", status_code=201, response_model=SeveralView)
async def play_several(
    *,
    campaign_id: UUID,
    form: SeveralForm,
    request: Request,
    member: CurrentSession,
    house: TheHouse,
    idempotency_key: Annotated[str, Header(description="8 to 64 visible ASCII characters.")] = "",
) -> Response:
    """Play so often at once: all of them or, where there are too few chances, none.

    Each play is numbered, drawn and kept as if it had been asked for alone, a guarantee included. Asking again with the same
    Idempotency-Key and body gives the same bytes.
    """
    key, campaign = checked_key(idempotency_key), str(campaign_id)
    entry = canonical(await game_of(house, member, campaign), form.entry)
    asked = asked_by(member, campaign, key=key, entry=entry, network=network_of(house, request.scope), times=form.times)
    try:
        shown = await house.campaigns.several.play(asked)
    except (DBAPIError, PoolTimeout, OSError) as error:
        raise LedgerAway(reason=type(error).__name__) from error
    return Response(shown, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})
