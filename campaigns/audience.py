"""Who a campaign is for, judged by what the mall signed and listed about the member and by nothing the browser says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from campaigns.limits import Key
from core.clock import to_ms
from core.errors import Refusal

NAMES_MAX = 50
LISTS_MAX = 20
DAYS_MAX = 3650
DAY_MS = 86_400_000

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Names = Annotated[tuple[Name, ...], Field(max_length=NAMES_MAX)]


class NotEligible(Refusal, code="not-eligible"):
    """The member is not among those the campaign is for; `asks` is what they do not meet."""

    def __init__(self, *, asks: list[dict[str, Any]]) -> None:
        super().__init__(asks=asks)


class Audience(BaseModel):
    """What is asked of a member. Nothing said asks nothing; of names, one is enough; all that is said must be met.

    The answers are signed attributes of the launch token: `tier`, a name; `segments`, names; `registered_at`, seconds
    since 1970. One that the mall does not sign is not met. `lists` are the mall's own, by their keys.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"tiers": ["gold", "platinum"], "registered_within_days": 30}]},
    )

    tiers: Names = ()
    segments: Names = ()
    registered_within_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    lists: Annotated[tuple[Key, ...], Field(max_length=LISTS_MAX)] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Audience:
        for field, names in (("tiers", self.tiers), ("segments", self.segments), ("lists", self.lists)):
            if len(set(names)) < len(names):
                raise ValueError(f"{field} names one twice")
        return self

    def unmet(
        self, attributes: Mapping[str, Any], now: datetime, *, on_lists: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        """What the member does not meet, as {"kind", …}: `any_of` for tier, segment and list, `days` for newness."""
        asks: list[dict[str, Any]] = []
        if self.tiers and attributes.get("tier") not in self.tiers:
            asks.append({"kind": "tier", "any_of": list(self.tiers)})
        if self.segments and not set(self.segments) & set(_names(attributes.get("segments"))):
            asks.append({"kind": "segment", "any_of": list(self.segments)})
        days = self.registered_within_days
        if days is not None and not _is_new(attributes.get("registered_at"), days, now):
            asks.append({"kind": "new-member", "days": days})
        if self.lists and not set(self.lists) & set(on_lists):
            asks.append({"kind": "list", "any_of": list(self.lists)})
        return asks

    def is_as_wide_as(self, other: Audience) -> bool:
        """Whether everybody whom `other` lets in is let in here."""
        fewer_names = any(
            mine and not (theirs and set(theirs) <= set(mine))
            for mine, theirs in (
                (self.tiers, other.tiers),
                (self.segments, other.segments),
                (self.lists, other.lists),
            )
        )
        mine, theirs = self.registered_within_days, other.registered_within_days
        return not fewer_names and (mine is None or (theirs is not None and theirs <= mine))


EVERYBODY = Audience()


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple) else []


def _is_new(registered_at: object, days: int, now: datetime) -> bool:
    if isinstance(registered_at, bool) or not isinstance(registered_at, int):
        return False
    return 0 <= to_ms(now) - registered_at * 1000 < days * DAY_MS
