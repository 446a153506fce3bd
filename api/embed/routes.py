"""`/embed.js`, `/w/{campaign}` and `/assets/*`: everything a mall's page loads from us."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import FileResponse, HTMLResponse, Response

from api.embed.assets import asset, manifest

ROOM = Path(__file__).parent
LANGUAGES = ("zh", "en")
EMBED_CACHE = "public, max-age=300"
NOBODY = "'none'"
OURS = "'self'"

router = APIRouter(include_in_schema=False)
pages = Environment(
    loader=FileSystemLoader(ROOM / "templates"), autoescape=select_autoescape(default=True), auto_reload=False
)


@router.get("/embed.js")
async def embed_script() -> FileResponse:
    """The custom element; its address never changes, so it is cached for minutes only."""
    return asset(manifest().embed, cache_control=EMBED_CACHE)


@router.get("/assets/{name}")
async def built_file(name: str) -> FileResponse:
    """A built file, named by its content and cached for ever."""
    return asset(name)


@router.get("/favicon.ico")
@router.get("/favicon.svg")
async def favicon() -> FileResponse:
    """The mark of the service."""
    return FileResponse(ROOM / "favicon.svg", media_type="image/svg+xml", headers={"Cache-Control": EMBED_CACHE})


@router.get("/w/{campaign}")
async def frame(
    request: Request, campaign: str, accept_language: Annotated[str, Header(max_length=500)] = ""
) -> Response:
    """The page that holds one campaign; only the mall's own origins may frame it."""
    language = preferred(accept_language)
    origins = await allowed_origins(request, campaign)
    if origins is None:
        body = pages.get_template("missing.html").render(
            language=language, texts=texts(language), frame=manifest().frame
        )
        return page(body, origins=(), status_code=404)
    built = manifest()
    config = {"campaign": campaign, "origins": list(origins), "widgets": built.widgets}
    body = pages.get_template("frame.html").render(
        language=language, texts=texts(language), frame=built.frame, config=config
    )
    return page(body, origins=origins, status_code=200)


async def allowed_origins(request: Request, campaign: str) -> Sequence[str] | None:
    """The origins that may frame a campaign, or None when there is no such campaign."""
    try:
        identity = str(UUID(campaign))
    except ValueError:
        return None
    found: Sequence[str] | None = await request.app.state.house.allowed_origins(identity)
    return found


def page(body: str, *, origins: Sequence[str], status_code: int) -> HTMLResponse:
    """A page that runs our own files only, shows itself in the given origins only, and of theirs takes pictures."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src {' '.join([OURS, 'data:', *origins])}; "
        f"base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors {' '.join(origins) or NOBODY}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Language",
    }
    return HTMLResponse(body, status_code=status_code, headers=headers)


def preferred(accept_language: str) -> str:
    """The first language the browser asks for that we speak; zh when it asks for neither."""
    for part in accept_language.lower().split(","):
        tag = part.split(";")[0].strip()[:2]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]


@cache
def texts(language: str) -> dict[str, Any]:
    """The frame's words in one language, the same file the browser code uses."""
    found: dict[str, Any] = json.loads((ROOM / "frame" / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    return found
