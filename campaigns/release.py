"""How a line's stock is let out over a campaign: at once, evenly, or in stages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.clock import to_ms

STAGES_MAX = 100
CLOCKS_APART_MS = 5_000
"""How far the clock that lets units out may run ahead of the one that dates plays."""


class Stage(BaseModel):
    """So many of the line's units are kept back until this hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime
    units: Annotated[int, Field(ge=1)]


Release = Literal["at_once", "linear"] | Annotated[tuple[Stage, ...], Field(min_length=1, max_length=STAGES_MAX)]


def released(stock: int, release: Release, *, starts_at: datetime, ends_at: datetime, now_ms: int) -> int:
    """How many units of the stock are out. Evenly means that unit k comes out at (k - 1/2) / stock of the campaign."""
    if release == "at_once":
        return stock
    if release == "linear":
        opens, closes = to_ms(starts_at), to_ms(ends_at)
        lasts, elapsed = closes - opens, min(max(now_ms - opens, 0), closes - opens)
        return (2 * stock * elapsed + lasts) // (2 * lasts)
    return stock - sum(stage.units for stage in release if to_ms(stage.at) > now_ms)
