"""What a member is shown of a play: made from its row and version alone, so the same play always gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from campaigns.chances import chances_after, used_by, wins_within
from campaigns.covers import claim_before, covered_until_ms
from campaigns.fairness import spread_of
from campaigns.game import Shown
from campaigns.reviewing import reason_of
from campaigns.versions import LineFacts, Version
from core.clock import from_ms
from inventory.stream import Entry

OUTCOME = ("drawn", "awarded", "line", "reveal", "award", "wins_within")
"""What a covered play does not tell: of a guarantee, how near it is would tell it."""


def first_answer(entry: Entry, version: Version) -> bytes:
    """What a member is answered who plays: the outcome, or that one is there, which they may uncover."""
    is_covered = version.covers is not None
    return to_json(covered_answer(entry, version) if is_covered else answer(entry, version))


def covered_answer(entry: Entry, version: Version) -> dict[str, Any]:
    """A play of which nothing tells what came of it."""
    told = answer(entry, version)
    covered_ms = covered_until_ms(entry, version)
    if covered_ms is None:
        raise AssertionError(f"play {entry.play} is not covered")
    return told | dict.fromkeys(OUTCOME) | {"covered_until": iso(from_ms(covered_ms))}


def answer(entry: Entry, version: Version) -> dict[str, Any]:
    """The body of a play's answer, with its outcome, as JSON values."""
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
        "award": _award(entry, facts, version),
        "chances_left": left.chances,
        "next_chance_at": iso(left.next_at) if left.next_at else None,
        "wins_within": wins_within(version, version.lines[entry.drawn].pool, entry),
        "covered_until": None,
    }


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reveal(entry: Entry, version: Version) -> dict[str, Any]:
    shown = Shown(
        line=entry.awarded,
        ordinal=entry.ordinal,
        spread=spread_of(version.seed, version.campaign, entry.member, entry.ordinal),
    )
    return dict(version.game.reveal(version.game_config, version.entry_of(entry.entry), shown))


def _award(entry: Entry, facts: LineFacts, version: Version) -> dict[str, Any] | None:
    if facts.prize is None:
        return None
    return {
        "id": entry.play,
        "claim": facts.prize["claim"],
        "claim_before": iso(claim_before(entry, version)),
        "prize": facts.public_prize,
        "held": reason_of(version.config, entry.review).model_dump() if entry.review else None,
    }
