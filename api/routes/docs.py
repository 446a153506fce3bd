"""`/docs`: the API's reference, from files of our own; nothing is fetched from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from api.embed.assets import manifest

router = APIRouter(include_in_schema=False)
pages = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "pages"), autoescape=select_autoescape(default=True)
)
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)  # the reference styles its elements one by one


@router.get("/docs")
async def reference() -> HTMLResponse:
    """The API's reference, with a way to try it."""
    body = pages.get_template("docs.html").render(docs=manifest().docs)
    return HTMLResponse(body, headers={"Content-Security-Policy": POLICY})
