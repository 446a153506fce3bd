"""Pages of a list: `?limit=` and an opaque `?cursor=` that says where the last page ended."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from core.errors import InvalidField

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
CURSOR_CHARS_MAX = 200
NUMBER_DIGITS_MAX = 18  # fits a 64-bit column

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items at most.")]
Cursor = Annotated[
    str | None, Query(max_length=CURSOR_CHARS_MAX, description="`next` of the page before, for the page after it.")
]


def cursor_at(*position: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def position_of(cursor: str | None, *, parts: int) -> tuple[str, ...] | None:
    """The position inside a cursor of ours; InvalidField when it is none."""
    if cursor is None:
        return None
    try:
        position: Any = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _not_ours() from None
    fits = isinstance(position, list) and len(position) == parts and all(isinstance(each, str) for each in position)
    if not fits or any("\0" in each or not each.isprintable() for each in position):
        raise _not_ours()
    return tuple(position)


def number_of(cursor: str | None) -> int | None:
    """The number inside a cursor of ours; InvalidField when it is none."""
    position = position_of(cursor, parts=1)
    if position is None:
        return None
    if not (position[0].isascii() and position[0].isdigit() and len(position[0]) <= NUMBER_DIGITS_MAX):
        raise _not_ours()
    return int(position[0])


def cursor_in_time(at: datetime, identity: str) -> str:
    return cursor_at(at.isoformat(), identity)


def position_in_time(cursor: str | None) -> tuple[datetime, str] | None:
    """The instant and id inside a cursor of ours; InvalidField when it is none."""
    position = position_of(cursor, parts=2)
    if position is None:
        return None
    try:
        at, identity = datetime.fromisoformat(position[0]), str(UUID(position[1]))
    except ValueError:
        raise _not_ours() from None
    if at.tzinfo is None:
        raise _not_ours()
    return at, identity


def _not_ours() -> InvalidField:
    return InvalidField(("cursor", "not a cursor of this list"))
