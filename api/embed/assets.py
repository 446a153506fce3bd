"""What the front-end build left in `dist/`: the manifest, and files named by their own content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

DIST = Path(__file__).parents[2] / "dist"
FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class NotBuilt(RuntimeError):
    """The browser code has not been built; `npm ci && npm run build` does it."""

    def __init__(self) -> None:
        super().__init__(f"{DIST} holds no build of the browser code: run `npm ci && npm run build`")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which hashed file is which."""

    embed: str
    frame: dict[str, str | None]
    docs: dict[str, str | None]
    widgets: dict[str, dict[str, str | None]]


def manifest() -> Manifest:
    """Read the build's manifest; refuses with NotBuilt."""
    try:
        found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotBuilt from None
    return Manifest(embed=found["embed"], frame=found["frame"], docs=found["docs"], widgets=found["widgets"])


def asset(name: str, *, cache_control: str = FOREVER) -> FileResponse:
    """One built file by its bare name; anything else in or out of `dist/` does not exist."""
    path = DIST / name
    if path.suffix not in MEDIA_TYPES or path.name != name or not path.is_file():
        raise HTTPException(status_code=404)
    headers = {
        "Cache-Control": cache_control,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)
