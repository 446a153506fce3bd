"""The play: one bare ASGI endpoint, because everything a member waits for passes here; and a member's past plays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.dependencies import CurrentSession, TheHouse
from api.auth.refusals import NotSignedIn
from api.auth.sessions import MemberSession
from api.auth.tokens import bearer
from api.house import House
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.problem_details import RESPONSE, failed, refused
from api.routes.award_views import Money
from campaigns import registry
from campaigns.answers import answer, covered_answer
from campaigns.covers import covered_among, uncover
from campaigns.game import AnyGame, Text
from campaigns.ledger import LedgerAway
from campaigns.models import Play
from campaigns.plays import Asked, written_entry
from campaigns.queries import page_of_plays
from campaigns.rounds import RoundNeeded
from core.errors import InvalidField, NotFound, Refusal

router = APIRouter(prefix="/v1/plays", tags=["plays"])

PATH = "/v1/campaigns/{campaign_id}/plays"
BODY_BYTES_MAX = 4096
BODIES_KEPT = 4096
KEY_PATTERN = r"^[\x21-\x7e]{8,64}$"
_KEY = re.compile(KEY_PATTERN)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class KeyMissing(Refusal, code="idempotency-key-missing"):
    """A play needs an Idempotency-Key, so that asking twice never plays twice."""


class NotJson(Refusal, code="not-json"):
    """The body must be JSON and say so in its content type."""


class PlayBody(BaseModel):
    """What the game asks of a member; a wheel asks nothing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"entry": {}}]})

    entry: dict[str, Any] = {}


class LineShown(BaseModel):
    key: str
    name: Text


class PrizeShown(BaseModel):
    name: Text
    form: str
    type: str
    market_value: Money


class AwardShown(BaseModel):
    """What was won, and what the winner must give for it to come."""

    id: str
    claim: Annotated[str, Field(description="none, phone or address")]
    claim_before: Annotated[str, Field(description="Of a win that is held, later by as long as it is.")]
    prize: PrizeShown
    held: Annotated[Text | None, Field(description="Why the win is checked before it is delivered, when it is.")]


class PlayView(BaseModel):
    """A play as it is shown, now and ever after. Of one that is covered, nothing tells what came of it."""

    id: str
    campaign_id: str
    ordinal: int
    played_at: str
    version: int
    drawn: str | None
    awarded: str | None
    line: LineShown | None
    reveal: dict[str, Any] | None
    award: AwardShown | None
    chances_left: int | None
    next_chance_at: str | None
    wins_within: Annotated[
        int | None,
        Field(description="In how many plays at the latest the guaranteed line is won, while it is to be had."),
    ]
    covered_until: Annotated[
        str | None,
        Field(
            description="Of a play that is covered: when it is uncovered by itself. Until then its member may do it."
        ),
    ]


class PlayPage(BaseModel):
    items: list[PlayView]
    next: str | None


class PlayEndpoint:
    """POST: session, entry and key in; the play's answer out, the same bytes however often it is asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        house: House = scope["app"].state.house
        headers = {name: value for name, value in scope["headers"] if name in _HEADERS_READ}
        member = await _member(house, headers)
        key = _key_of(headers)
        if not headers.get(b"content-type", b"").startswith(b"application/json"):
            raise NotJson
        body = await _body(receive)
        campaign = _id_of(scope["path_params"]["campaign_id"])
        try:
            shown = await _play(house, member, campaign, key, body, network=network_of(house, scope))
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise LedgerAway(reason=type(error).__name__) from error
        await send({"type": "http.response.start", "status": 201, "headers": _response_headers(shown)})
        await send({"type": "http.response.body", "body": shown})


async def _play(house: House, member: MemberSession, campaign: str, key: str, body: bytes, *, network: str) -> bytes:
    game = await game_of(house, member, campaign)
    asked = asked_by(member, campaign, key=key, entry=entry_of(game, body), network=network)
    return await house.campaigns.plays.play(asked)


def network_of(house: House, scope: Scope) -> str:
    """A digest of the range of addresses that a request comes from."""
    client = scope.get("client")
    return house.whereabouts.network(client[0] if client else None)


async def game_of(house: House, member: MemberSession, campaign: str) -> str:
    """The key of the campaign's game. Raises NotFound for a campaign that the session may not play, and RoundNeeded."""
    game = await may_play(house, member, campaign)
    if game.steps is not None:
        raise RoundNeeded
    return game.key


async def may_play(house: House, member: MemberSession, campaign: str) -> AnyGame:
    """The campaign's game. Raises NotFound for a campaign that the session may not play."""
    running = await house.campaigns.versions.running(campaign)
    if running.version.mall != member.mall_id or member.campaign_id not in (None, campaign):
        raise NotFound(noun="campaign")
    return running.version.game


def asked_by(member: MemberSession, campaign: str, *, key: str, entry: str, network: str, times: int = 1) -> Asked:
    return Asked(
        campaign=campaign,
        member=member.member_id,
        key=key,
        entry=entry,
        sub=member.sub,
        attributes=member.attributes,
        device=member.device,
        network=network,
        times=times,
    )


@lru_cache(maxsize=BODIES_KEPT)
def entry_of(game: str, body: bytes) -> str:
    """The game's entry in a request's body, as canonical JSON. Raises InvalidField, naming what does not fit."""
    try:
        asked = PlayBody.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from error
    return canonical(game, asked.entry)


def canonical(game: str, told: Mapping[str, Any]) -> str:
    """The game's entry as canonical JSON. Raises InvalidField, naming what does not fit."""
    try:
        entry = registry.game(game).entry.model_validate(dict(told))
    except ValidationError as error:
        raise invalid(error, "entry") from error
    return written_entry(entry)


@router.get("", response_model=PlayPage)
async def list_plays(
    member: CurrentSession,
    house: TheHouse,
    *,
    campaign_id: Annotated[UUID | None, Query(description="Only plays of this campaign.")] = None,
    covered: Annotated[bool, Query(description="Only plays that wait to be uncovered.")] = False,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Any:
    """My plays, newest first, as they were shown."""
    wanted = str(campaign_id) if campaign_id is not None else member.campaign_id
    if member.campaign_id not in (None, wanted):
        raise NotFound(noun="campaign")
    position = position_of(cursor, parts=1)
    now = house.clock.now()
    async with house.database.reading() as session:
        plays = await page_of_plays(
            session,
            member=member.member_id,
            campaign=wanted,
            before=_id_of(position[0]) if position else None,
            limit=limit,
            covered_at=now if covered else None,
        )
        still_covered = await covered_among(session, [play.id for play in plays], now=now)
    items = [await _shown(house, play, covered=play.id in still_covered) for play in plays]
    return {"items": items, "next": cursor_at(plays[-1].id) if len(plays) == limit else None}


@router.post("/{play_id}/uncover", response_model=PlayView)
async def uncover_play(play_id: UUID, request: Request, member: CurrentSession, house: TheHouse) -> Any:
    """See what a covered play came to; from now on what it won is mine. Asked again, the same."""
    async with house.database.transaction() as session:
        play, has_won = await uncover(session, member=member.member_id, play=str(play_id), now=house.clock.now())
        if member.campaign_id not in (None, play.campaign_id):
            raise NotFound(noun="play")
    if has_won:
        asked = asked_by(member, play.campaign_id, key="", entry="", network=network_of(house, request.scope))
        await house.campaigns.plays.count_uncovered(asked, play.id)
    return await _shown(house, play)


async def _shown(house: House, play: Play, *, covered: bool = False) -> dict[str, Any]:
    version = await house.campaigns.versions.at(play.campaign_id, play.version)
    entry = house.campaigns.ledger.entry_of(play)
    return covered_answer(entry, version) if covered else answer(entry, version)


async def _member(house: House, headers: dict[bytes, bytes]) -> MemberSession:
    token = bearer(headers.get(b"authorization", b"").decode("latin-1"))
    session = (house.sessions.cached(token) or await house.sessions.resolve(token)) if token else None
    if session is None:
        raise NotSignedIn
    return session


def _key_of(headers: dict[bytes, bytes]) -> str:
    return checked_key(headers.get(b"idempotency-key", b"").decode("latin-1"))


def checked_key(key: str) -> str:
    """Raises KeyMissing, and InvalidField for what is no key."""
    if not key:
        raise KeyMissing
    if not _KEY.match(key):
        raise InvalidField(("Idempotency-Key", "is 8 to 64 visible ASCII characters"))
    return key


def _id_of(text: str) -> str:
    if not _ID.fullmatch(text):
        raise NotFound(noun="campaign")
    return text.lower()


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(400)
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(413)
        if not message.get("more_body"):
            return body


def invalid(error: ValidationError, *inside: str) -> InvalidField:
    """What does not fit, field by field."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return InvalidField(*((".".join(map(str, (*inside, *fault["loc"]))) or "body", fault["msg"]) for fault in faults))


def _response_headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]


class PlaysFirst:
    """Answers a play ahead of the framework's layers, none of which it needs; everything else goes on to them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._play = PlayEndpoint()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"campaign_id": found[1]}
        scope["route"] = ROUTE
        try:
            await self._play(scope, receive, send)
        except Refusal as error:
            await refused(Request(scope), error)(scope, receive, send)
        except HTTPException as error:
            await failed(Request(scope), error)(scope, receive, send)


_PATH = re.compile(r"/v1/campaigns/([^/]+)/plays")
_HEADERS_READ = frozenset({b"authorization", b"idempotency-key", b"content-type"})

ROUTE = Route(PATH, PlayEndpoint(), methods=["POST"], name="play")

OPENAPI: dict[str, Any] = {
    PATH: {
        "post": {
            "tags": ["plays"],
            "summary": "Play once",
            "operationId": "play",
            "description": (
                "Consumes one chance and answers with what it won, once that is in the ledger. Asking again with the "
                "same Idempotency-Key and body gives the same bytes; with another body it is refused. After a 503 or a "
                "lost connection, ask again with the same key."
            ),
            "security": [{"member": []}],
            "parameters": [
                {
                    "name": "campaign_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "format": "uuid"},
                },
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": True,
                    "schema": {"type": "string", "pattern": KEY_PATTERN},
                    "example": "5f0c8a52-7c1e-4f0e-9d41-2b8f8f2f8a10",
                },
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PlayBody"}}},
            },
            "responses": {
                "201": {
                    "description": "The play",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PlayView"}}},
                },
                "default": RESPONSE,
            },
        }
    }
}
SCHEMAS: dict[str, Any] = {"PlayBody": PlayBody.model_json_schema(ref_template="#/components/schemas/{model}")}
