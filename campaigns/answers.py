"""What a member is shown of a play: made from its row and version alone, so the same play always gives the same bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from campaigns.config import Config
from campaigns.fairness import spread_of
from campaigns.game import Shown
from campaigns.versions import LineFacts, Version
from core.clock import from_ms
from inventory.stream import Entry


def answer(entry: Entry, version: Version) -> dict[str, Any]:
    """The body of a play's answer, as JSON values."""
    facts = version.lines[entry.awarded]
    played_at = from_ms(entry.played_at_ms)
    chances_left, next_chance_at = chances_after(
        version.config, ordinal=entry.ordinal, day=entry.day, day_ordinal=entry.day_ordinal
    )
    return {
        "id": entry.play,
        "campaign_id": version.campaign,
        "ordinal": entry.ordinal,
        "played_at": iso(played_at),
        "version": entry.version,
        "drawn": entry.drawn,
        "awarded": entry.awarded,
        "line": {"key": entry.awarded, "name": facts.name},
        "reveal": _reveal(entry, version),
        "award": _award(entry, facts, version, played_at),
        "chances_left": chances_left,
        "next_chance_at": iso(next_chance_at) if next_chance_at else None,
    }


def answer_bytes(entry: Entry, version: Version) -> bytes:
    return to_json(answer(entry, version))


def chances_after(config: Config, *, ordinal: int, day: int, day_ordinal: int) -> tuple[int | None, datetime | None]:
    """Chances left after the member's plays so far, and when the next free one comes if there are none.

    No limit at all gives None left; none left with no hour means used up for good.
    """
    limits = config.limits
    left = [
        most - used
        for most, used in ((limits.member_plays_max, ordinal), (limits.member_day_plays_max, day_ordinal))
        if most is not None
    ]
    if not left:
        return None, None
    chances_left = max(min(left), 0)
    if chances_left or (limits.member_plays_max is not None and ordinal >= limits.member_plays_max):
        return chances_left, None
    midnight = start_of_day(config.zone, day + 1)
    return 0, midnight if midnight < config.ends_at else None


def start_of_day(zone: str, day: int) -> datetime:
    """The instant at which a day (counted from 1970 in the zone) begins there, in UTC."""
    local = date(1970, 1, 1) + timedelta(days=day)
    return datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reveal(entry: Entry, version: Version) -> dict[str, Any]:
    shown = Shown(
        line=entry.awarded,
        ordinal=entry.ordinal,
        spread=spread_of(version.seed, version.campaign, entry.member, entry.ordinal),
    )
    return dict(version.game.reveal(version.game_config, version.entry_of(entry.entry), shown))


def _award(entry: Entry, facts: LineFacts, version: Version, played_at: datetime) -> dict[str, Any] | None:
    if facts.prize is None:
        return None
    return {
        "id": entry.play,
        "claim": facts.prize["claim"],
        "claim_before": iso(played_at + timedelta(days=version.config.claim_days)),
        "prize": facts.public_prize,
    }
