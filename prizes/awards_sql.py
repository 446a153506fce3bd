"""How wins are written: a batch as one JSON document, by statements that the ledger joins to its own.

A win and its play are one transaction, and every member waits for it: through SQLAlchemy the same costs twice the time.
Writing a win twice changes nothing: the API and the worker may both come with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from core.db import rows_of_json
from prizes.awards import AWARD_WON, BY_PLAY, COVERED, HELD, WON, Won

WINS_MAX = 500

_AWARD = {
    "id": "uuid",
    "mall_id": "uuid",
    "campaign_id": "uuid",
    "member_id": "uuid",
    "play_id": "uuid",
    "product_id": "uuid",
    "line": "text",
    "unit": "bigint",
    "prize": "jsonb",
    "type": "text",
    "state": "text",
    "won_at": "timestamptz",
    "claim_before": "timestamptz",
    "changed_at": "timestamptz",
    "attempt": "int",
    "failures": "int",
    "held_for": "text",
    "told": "jsonb",
    "covered_until": "timestamptz",
}
_COLUMNS = ", ".join(_AWARD)
_TAKEN = ", ".join(f"r.{name}" for name in _AWARD)
_TELL = "INSERT INTO outbox (topic, subject_id, created_at)"


def wins_postgresql(*, parameter: int, plays: str) -> str:
    """CTEs that write the wins of parameter `$n` whose plays the relation `plays` has, each with its outbox row."""
    source = f"{rows_of_json('postgresql', _AWARD, parameter=parameter)} JOIN {plays} ON {plays}.id = r.play_id"
    return (
        f"won AS (INSERT INTO award ({_COLUMNS}) SELECT {_TAKEN} FROM {source}"
        " ON CONFLICT DO NOTHING RETURNING id, won_at),"
        f" told AS ({_TELL} SELECT '{AWARD_WON}', id, won_at FROM won ON CONFLICT DO NOTHING)"
    )


def wins_sqlite(*, plays: str) -> tuple[str, ...]:
    """Statements that write the wins of parameter `?1` whose plays the table `plays` has, each with its outbox row."""
    rows = rows_of_json("sqlite", _AWARD)
    source = f"FROM {rows} WHERE EXISTS (SELECT 1 FROM {plays} WHERE {plays}.id = r.play_id) ON CONFLICT DO NOTHING"
    return (
        f"INSERT INTO award ({_COLUMNS}) SELECT {_TAKEN} {source}",
        f"{_TELL} SELECT '{AWARD_WON}', r.id, r.won_at {source}",
    )


def not_won_yet(*, play: str) -> str:
    """A condition: the play with the id that the expression `play` gives has not won an award by itself yet."""
    return f"NOT EXISTS (SELECT 1 FROM award WHERE award.play_id = {play} AND award.won_by = '{BY_PLAY}')"


def wins_document(dialect: str, won: Sequence[Won]) -> str:
    """The parameter of these statements; at most WINS_MAX wins."""
    if len(won) > WINS_MAX:
        raise AssertionError(f"{len(won)} wins in one batch")
    rows = [[row[name] for name in _AWARD] for row in map(award_row, won)]
    if dialect == "sqlite":
        kinds = tuple(_AWARD.values())
        rows = [[_as_sqlite_keeps(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in rows]
    return to_json(rows).decode()


def award_row(won: Won) -> dict[str, Any]:
    """The columns of a fresh award; those left out are null."""
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
        "state": _born(won),
        "won_at": won.won_at,
        "claim_before": won.claim_before,
        "changed_at": won.won_at,
        "attempt": 0,
        "failures": 0,
        "held_for": won.held_for,
        "told": won.told,
        "covered_until": won.covered_until,
    }


def _born(won: Won) -> str:
    if won.held_for is not None:
        return HELD
    return WON if won.covered_until is None else COVERED


def _as_sqlite_keeps(kind: str, value: Any) -> Any:
    """The value as SQLAlchemy's types keep it in SQLite: ids without dashes, instants as UTC text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.replace("-", "") if kind == "uuid" else value
