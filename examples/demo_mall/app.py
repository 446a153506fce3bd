"""The demo mall: mints launch tokens and shows a page with one script tag. A mall developer may copy all of it."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from examples.demo_mall.launch import launch_token
from examples.demo_mall.reporting import report_event, report_passed
from examples.demo_mall.settings import MallSettings

ROOM = Path(__file__).parent
TEXTS: dict[str, Any] = json.loads((ROOM / "texts.json").read_text(encoding="utf-8"))
LANGUAGES = ("zh", "en")
MEMBERS = tuple(f"demo-member-{n}" for n in range(1, 6))
MEMBER_LENGTH_MAX = 64
TASKS = ("check-in", "order")
TASKS_CAMPAIGN = "wheel-tasks"
BODY_BYTES_MAX = 2_000

templates = Jinja2Templates(directory=ROOM / "templates")


def build(settings: MallSettings) -> Starlette:
    """The mall as an ASGI application."""
    app = Starlette(
        routes=[
            Route("/", mall_page),
            Route("/launch-token", mint, methods=["POST"]),
            Route("/tasks", finish_task, methods=["POST"]),
            Route("/checks", pass_check, methods=["POST"]),
            Route("/healthz", healthz),
            Mount("/static", StaticFiles(directory=ROOM / "static")),
        ]
    )
    app.state.settings = settings
    return app


async def mall_page(request: Request) -> Response:
    """The mall's front page, with the chosen campaign on it."""
    settings: MallSettings = request.app.state.settings
    language = chosen_language(request)
    member = request.query_params.get("member", MEMBERS[0])[:MEMBER_LENGTH_MAX]
    wish = request.query_params.get("campaign", next(iter(settings.campaigns), ""))
    if member == "new":
        visitor = f"visitor-{secrets.token_hex(4)}"
        asked = {**request.query_params, "lang": language, "member": visitor}  # who is invited keeps the invitation
        return RedirectResponse("/?" + urlencode(asked), status_code=303)
    facts = {
        "language": language,
        "texts": TEXTS[language],
        "windfall": settings.windfall_url,
        "campaign": settings.campaigns.get(wish, wish),
        "campaign_key": wish,
        "member": member,
        "tasks": TASKS if wish == TASKS_CAMPAIGN else (),
        "members": MEMBERS,
        "invite_page": address(language=language, member="new", campaign=wish),
        "other": address(language="en" if language == "zh" else "zh", member=member, campaign=wish),
    }
    response = templates.TemplateResponse(request, "mall.html", facts)
    response.headers["Content-Security-Policy"] = content_policy(settings.windfall_url)
    return response


async def mint(request: Request) -> Response:
    """A launch token for the member who is signed in here; `<windfall-campaign token-url>` asks for it.

    A real mall takes the member from its own session. This one has no sign-in, so the page says who is playing.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return JSONResponse({"detail": "Only this mall's own pages may ask for a token."}, status_code=403)
    settings: MallSettings = request.app.state.settings
    member = request.query_params.get("member", "")
    campaign = await asked_campaign(request)
    if not 0 < len(member) <= MEMBER_LENGTH_MAX or campaign is None:
        return JSONResponse({"detail": "A member and a campaign are needed."}, status_code=422)
    token = launch_token(settings, member=member, campaign=campaign)
    return JSONResponse({"token": token}, headers={"Cache-Control": "no-store"})


async def finish_task(request: Request) -> Response:
    """A member did something here: the mall's server tells Windfall, which answers what that is worth.

    A real mall would know of its orders and check-ins by itself. A check-in is one event a day, an order is a new one each time.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return JSONResponse({"detail": "Only this mall's own pages may report a task."}, status_code=403)
    member, task = request.query_params.get("member", ""), request.query_params.get("task", "")
    if not 0 < len(member) <= MEMBER_LENGTH_MAX or task not in TASKS:
        return JSONResponse({"detail": "A member and a task are needed."}, status_code=422)
    event = f"{task}-{member}-{datetime.now(UTC):%Y%m%d}" if task == "check-in" else f"{task}-{secrets.token_hex(8)}"
    told = await report_event(request.app.state.settings, event_id=event, rule=task, member=member)
    return JSONResponse(told or {"detail": "Windfall gave no answer."}, status_code=200 if told else 502)


async def pass_check(request: Request) -> Response:
    """The member who was challenged passed this mall's check: here, a press of a button. A real mall would know a person by more."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return JSONResponse({"detail": "Only this mall's own pages may report a check."}, status_code=403)
    try:
        challenge = str(UUID(request.query_params.get("challenge", "")))
    except ValueError:
        return JSONResponse({"detail": "A challenge is needed."}, status_code=422)
    told = await report_passed(request.app.state.settings, challenge=challenge)
    return JSONResponse({}, status_code=200 if told else 502)


async def healthz(_request: Request) -> Response:
    """Up, and nothing more."""
    return JSONResponse({"status": "up"})


async def asked_campaign(request: Request) -> str | None:
    """The campaign the page asks a token for, or None when the body does not say."""
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        campaign = json.loads(body)["campaign"]
    except (ValueError, TypeError, KeyError):
        return None
    return campaign if isinstance(campaign, str) and campaign else None


def chosen_language(request: Request) -> str:
    """`?lang=` when it is one of ours, else what the browser prefers, else zh."""
    wish = request.query_params.get("lang", "")
    header = request.headers.get("accept-language", "").lower()
    tags = [wish, *(part.strip()[:2] for part in header.split(","))]
    return next((tag for tag in tags if tag in LANGUAGES), LANGUAGES[0])


def address(*, language: str, member: str, campaign: str) -> str:
    """The front page for a language, a member and a campaign."""
    return "/?" + urlencode({"lang": language, "member": member, "campaign": campaign})


def content_policy(windfall: str) -> str:
    """What a mall's own policy must allow for the element: its script, and frames of the same origin."""
    return (
        f"default-src 'self'; script-src 'self' {windfall}; frame-src {windfall}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; object-src 'none'"
    )
