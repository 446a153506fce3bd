"""How wins are written: a batch as one JSON document, inside the transaction of the plays that won.

Through SQLAlchemy the same costs the client twice the time, on the one path where every member waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from core.db import Batch, rows_of_json

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
}
_TAKEN = ", ".join(f"r.{name}" for name in _AWARD)
_TELL = "INSERT INTO outbox (topic, subject_id, created_at)"


def _awards(dialect: str) -> str:
    # Without a WHERE, SQLite takes ON CONFLICT for a join's condition.
    source = f"SELECT {_TAKEN} FROM {rows_of_json(dialect, _AWARD)} WHERE true"
    return f"INSERT INTO award ({', '.join(_AWARD)}) {source} ON CONFLICT DO NOTHING"


_POSTGRESQL = (
    f"WITH won AS ({_awards('postgresql')} RETURNING id, won_at)"
    f" {_TELL} SELECT $2, id, won_at FROM won ON CONFLICT DO NOTHING"
)
_SQLITE = (
    _awards("sqlite"),
    f"{_TELL} SELECT ?2, r.id, r.won_at FROM {rows_of_json('sqlite', _AWARD)} WHERE true ON CONFLICT DO NOTHING",
)


async def insert_wins(batch: Batch, awards: Sequence[Mapping[str, Any]], *, topic: str) -> None:
    """Insert the awards that are not there yet, each with its outbox row."""
    if batch.dialect == "sqlite":
        kept = to_json([[_as_sqlite_keeps(kind, award[name]) for name, kind in _AWARD.items()] for award in awards])
        await batch.rows(_SQLITE[0], kept.decode())
        await batch.rows(_SQLITE[1], kept.decode(), topic)
    else:
        await batch.rows(_POSTGRESQL, to_json([[award[name] for name in _AWARD] for award in awards]).decode(), topic)


def _as_sqlite_keeps(kind: str, value: Any) -> Any:
    """The value as SQLAlchemy's types keep it in SQLite: ids without dashes, instants as UTC text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.replace("-", "") if kind == "uuid" else value
