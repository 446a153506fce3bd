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
_OUTBOX = {"topic": "text", "subject_id": "uuid", "created_at": "timestamptz"}


async def insert_awards(batch: Batch, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the awards that are not there yet."""
    await _insert(batch, "award", _AWARD, rows)


async def insert_outbox(batch: Batch, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the outbox rows that are not there yet."""
    await _insert(batch, "outbox", _OUTBOX, rows)


async def _insert(batch: Batch, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    dialect = batch.dialect
    kept = _as_sqlite_keeps if dialect == "sqlite" else _as_it_is
    document = to_json([[kept(columns[name], row[name]) for name in columns] for row in rows])
    await batch.rows(_STATEMENTS[dialect, table], document.decode())


def _statement(dialect: str, table: str, columns: Mapping[str, str]) -> str:
    taken = ", ".join(f"r.{name}" for name in columns)
    source = rows_of_json(dialect, columns)
    # Without a WHERE, SQLite takes ON CONFLICT for a join's condition.
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {taken} FROM {source} WHERE true ON CONFLICT DO NOTHING"


_STATEMENTS = {
    (dialect, table): _statement(dialect, table, columns)
    for dialect in ("postgresql", "sqlite")
    for table, columns in (("award", _AWARD), ("outbox", _OUTBOX))
}


def _as_it_is(_kind: str, value: Any) -> Any:
    return value


def _as_sqlite_keeps(kind: str, value: Any) -> Any:
    """The value as SQLAlchemy's types keep it in SQLite: ids without dashes, instants as UTC text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.replace("-", "") if kind == "uuid" else value
