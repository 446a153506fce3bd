"""The languages the service speaks, and which of them a caller would rather read."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]
HEADER_CHARS_MAX = 200


def language_of(accept_language: str | None) -> Language:
    """The better liked of zh and en in an Accept-Language header; en when it says neither."""
    liked: list[tuple[float, Language]] = []
    for choice in (accept_language or "")[:HEADER_CHARS_MAX].lower().split(","):
        tag, _, quality = choice.strip().partition(";q=")
        weight = _weight(quality)
        if tag.split("-")[0] == "zh":
            liked.append((weight, "zh"))
        elif tag.split("-")[0] == "en":
            liked.append((weight, "en"))
    return max(liked, key=lambda choice: choice[0])[1] if liked else "en"


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
