"""Awards: the words of their states, the moves between them, and how a win is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.db import Batch
from prizes.awards_sql import insert_wins
from prizes.models import Award

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
WON_BATCH_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Won:
    """A win as the ledger hands it over. `prize` is the product's snapshot in the campaign's version."""

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


async def record_won(batch: Batch, won: Sequence[Won]) -> None:
    """Write awards and their outbox rows inside the play's own transaction; at most WON_BATCH_MAX at a time.

    Writing a win twice changes nothing: the API and the worker may both come with it.
    """
    if len(won) > WON_BATCH_MAX:
        raise AssertionError(f"{len(won)} wins in one batch")
    if not won:
        return
    await insert_wins(batch, [_award_row(each) for each in won], topic=AWARD_WON)


def move(award: Award, to: str, *, now: datetime, reason: str | None = None) -> None:
    """The one way an award changes its state; a move outside MOVES is a bug."""
    if to not in MOVES[award.state]:
        raise AssertionError(f"award {award.id}: {award.state} -> {to}")
    award.state = to
    award.reason = reason
    award.changed_at = now


def _award_row(won: Won) -> dict[str, Any]:
    return {
        "id": won.award_id,
        "mall_id": won.mall_id,
        "campaign_id": won.campaign_id,
        "member_id": won.member_id,
        "play_id": won.play_id,
        "product_id": won.prize["product_id"],
        "line": won.line,
        "unit": won.unit,
        "prize": won.prize,
        "type": won.prize["type"],
        "state": WON,
        "won_at": won.won_at,
        "claim_before": won.claim_before,
        "changed_at": won.won_at,
        "attempt": 0,
        "failures": 0,
    }
