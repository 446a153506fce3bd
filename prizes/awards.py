"""Awards: the words of their states, the moves between them, and a win as the ledger hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prizes.models import Award

HELD: Final = "held"
COVERED: Final = "covered"
WON: Final = "won"
CLAIM_NEEDED: Final = "claim_needed"
READY: Final = "ready"
SENDING: Final = "sending"
UNKNOWN: Final = "unknown"
RETRY: Final = "retry"
PACKING: Final = "packing"
SHIPPED: Final = "shipped"
DELIVERED: Final = "delivered"
REFUSED: Final = "refused"
DEAD: Final = "dead"
VOID: Final = "void"
LAPSED: Final = "lapsed"

MOVES: Final[Mapping[str, frozenset[str]]] = {
    HELD: frozenset({WON, COVERED, VOID}),
    COVERED: frozenset({WON}),
    WON: frozenset({CLAIM_NEEDED, READY, DEAD, LAPSED}),
    CLAIM_NEEDED: frozenset({READY, LAPSED}),
    READY: frozenset({SENDING, PACKING}),
    SENDING: frozenset({SENDING, DELIVERED, REFUSED, UNKNOWN, RETRY, DEAD}),
    UNKNOWN: frozenset({SENDING}),
    RETRY: frozenset({SENDING, UNKNOWN, VOID}),
    PACKING: frozenset({SHIPPED, VOID}),
    SHIPPED: frozenset({DELIVERED}),
    REFUSED: frozenset({RETRY, VOID}),
    DEAD: frozenset({WON, UNKNOWN, VOID}),
    DELIVERED: frozenset(),
    VOID: frozenset(),
    LAPSED: frozenset(),
}
"""State -> the states it may move to. A state with nowhere to go is an end."""

STATES: Final = frozenset(MOVES)
ENDS: Final = frozenset(state for state, onward in MOVES.items() if not onward)
AWARD_WON: Final = "award.won"
BY_PLAY: Final = "play"
BY_RAFFLE: Final = "raffle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Won:
    """A win as the ledger hands it over. `prize` is the product's snapshot in the campaign's version.

    One under review is held for the rule with the key `held_for`, and its winner is `told` why, in zh and en. One whose
    winner does not know of it yet is covered, until then at the latest.
    """

    award_id: str
    mall_id: str
    campaign_id: str
    member_id: str
    play_id: str
    line: str
    unit: int | None
    prize: Mapping[str, Any]
    won_at: datetime
    claim_before: datetime
    held_for: str | None = None
    told: Mapping[str, str] | None = None
    covered_until: datetime | None = None


def move(award: Award, to: str, *, now: datetime, reason: str | None = None) -> None:
    """The way an award changes its state; a move outside MOVES is a bug."""
    for column, value in moved(award.state, to, now=now, reason=reason).items():
        setattr(award, column, value)


def moved(state: str, to: str, *, now: datetime, reason: str | None = None) -> dict[str, Any]:
    """The columns that a move changes: the same for many awards in one state at once."""
    if to not in MOVES[state]:
        raise AssertionError(f"{state} -> {to}")
    return {"state": to, "reason": reason, "changed_at": now}
