"""Where a member stands in a campaign: what they may do now, and when they may do it next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.answers import chances_after
from campaigns.plays import day_of
from campaigns.queries import last_play
from campaigns.versions import Running
from core.clock import to_ms

StandingState = Literal["ready", "not-open-yet", "over", "paused", "no-chance-left", "not-eligible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`chances_left` is None where nothing limits them; `next_chance_at` is None where none is to come.

    `asks` is what the member does not meet of what the campaign asks of its audience.
    """

    state: StandingState
    chances_left: int | None
    next_chance_at: datetime | None
    plays: int
    asks: Sequence[Mapping[str, Any]]


async def standing_of(
    session: AsyncSession, running: Running, *, member: str, attributes: Mapping[str, Any], now: datetime
) -> Standing:
    version = running.version
    last = await last_play(session, campaign=running.campaign, member=member)
    plays, today = (last.ordinal, day_of(version, to_ms(now))) if last is not None else (0, day_of(version, to_ms(now)))
    day_plays = last.day_ordinal if last is not None and last.day >= today else 0
    day = max(today, last.day) if last is not None else today
    chances_left, next_chance_at = chances_after(version.config, ordinal=plays, day=day, day_ordinal=day_plays)
    state = _STATES.get(running.phase(now), "ready")
    asks = version.config.audience.unmet(attributes, now)
    if state == "ready" and asks:
        state = "not-eligible"
    elif state == "ready" and chances_left == 0:
        state = "no-chance-left"
    return Standing(state=state, chances_left=chances_left, next_chance_at=next_chance_at, plays=plays, asks=asks)


_STATES: dict[str, StandingState] = {
    "scheduled": "not-open-yet",
    "ended": "over",
    "paused": "paused",
    "recovering": "paused",
}
