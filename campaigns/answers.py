"""What a member is shown of a play: made from its row and version alone, so the same play always gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_json

from campaigns.chances import chances_after, used_by, wins_within
from campaigns.fairness import spread_of
from campaigns.game import Shown
from campaigns.reviewing import reason_of
from campaigns.versions import LineFacts, Version
from core.clock import from_ms
from inventory.stream import Entry


def answer(entry: Entry, version: Version) -> dict[str, Any]:
    """The body of a play's answer, as JSON values."""
    facts = version.lines[entry.awarded]
    played_at = from_ms(entry.played_at_ms)
    left = chances_after(version, used_by(entry), now_ms=entry.played_at_ms)
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
        "chances_left": left.chances,
        "next_chance_at": iso(left.next_at) if left.next_at else None,
        "wins_within": wins_within(version, version.lines[entry.drawn].pool, entry),
    }


def answer_bytes(entry: Entry, version: Version) -> bytes:
    return to_json(answer(entry, version))


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
        "held": reason_of(version.config, entry.review).model_dump() if entry.review else None,
    }
