"""The ledger's one hot statement: a batch of plays as one JSON document, read as a set by either engine.

It keeps the rows whose campaign still has the permitted epoch (those of an older epoch, which a recovery drains, only
until that recovery has settled it), finds the lot that holds each unit, inserts what conflicts with nothing, and writes
the wins of what went in. PostgreSQL takes a share lock on the campaign's row, or a recovery could move the epoch between
the look and the insert; SQLite's immediate transaction is the only writer anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from core.db import Database, Statement, rows_of_json
from prizes.awards import Won
from prizes.awards_sql import wins_document, wins_postgresql, wins_sqlite

_COLUMNS = {
    "id": "uuid",
    "campaign_id": "uuid",
    "lane": "int",
    "epoch": "int",
    "seq": "bigint",
    "version": "int",
    "member_id": "uuid",
    "request_key": "text",
    "fingerprint": "text",
    "entry": "text",
    "ordinal": "int",
    "previous_ordinal": "int",
    "plays_max": "int",
    "day": "int",
    "day_ordinal": "int",
    "previous_day_ordinal": "int",
    "day_plays_max": "int",
    "word": "bigint",
    "drawn": "text",
    "awarded": "text",
    "unit": "bigint",
    "line_day_number": "int",
    "line_day_cap": "int",
    "played_at_ms": "bigint",
}
_BATCH = {**_COLUMNS, "permit_epoch": "int"}
_UUIDS = tuple(name for name, kind in _COLUMNS.items() if kind == "uuid")

_INSERT = f"""
INSERT INTO play ({", ".join(_COLUMNS)}, lot_first, lot_last)
SELECT {", ".join(f"r.{name}" for name in _COLUMNS)}, lot.first_unit, lot.last_unit
FROM {{batch}}
JOIN {{campaign}} AS c ON c.id = r.campaign_id AND c.epoch = r.permit_epoch
  AND (r.epoch = c.epoch OR c.settled_epoch < c.epoch) AND r.seq > c.committed
LEFT JOIN stock_lot AS lot
  ON lot.campaign_id = r.campaign_id AND lot.line = r.awarded AND r.unit BETWEEN lot.first_unit AND lot.last_unit
WHERE r.unit IS NULL OR lot.first_unit IS NOT NULL
ON CONFLICT DO NOTHING RETURNING id
"""

_POSTGRESQL = (
    "WITH permitted AS MATERIALIZED (SELECT id, epoch, settled_epoch, committed"
    " FROM campaign WHERE id = ANY($2::uuid[]) FOR SHARE),"
    f" played AS ({_INSERT.format(campaign='permitted', batch=rows_of_json('postgresql', _BATCH))}),"
    f" {wins_postgresql(parameter=3, plays='played')} SELECT id FROM played"
)
_SQLITE = _INSERT.format(campaign="campaign", batch=rows_of_json("sqlite", _BATCH))
_SQLITE_WINS = wins_sqlite(plays="play")


async def insert_plays(database: Database, plays: Sequence[Mapping[str, Any]], won: Sequence[Won]) -> set[str]:
    """Insert the plays that the ledger permits, with what they won; the ids of those that went in.

    Raises sqlalchemy's IntegrityError when a row breaks a CHECK or a foreign key, which says that it was never ours.
    """
    if database.is_sqlite:
        document = to_json([[_sqlite_value(name, play[name]) for name in _BATCH] for play in plays]).decode()
        wins = wins_document("sqlite", won)
        told = [Statement(_SQLITE, (document,)), *(Statement(sql, (wins,)) for sql in _SQLITE_WINS if won)]
    else:
        document = to_json([[play[name] for name in _BATCH] for play in plays]).decode()
        campaigns = list({play["campaign_id"] for play in plays})
        told = [Statement(_POSTGRESQL, (document, campaigns, wins_document("postgresql", won)))]
    inserted = {str(row[0]).replace("-", "") for row in await database.write(*told)}
    return {play["id"] for play in plays if play["id"].replace("-", "") in inserted}


def _sqlite_value(name: str, value: Any) -> Any:
    return value.replace("-", "") if name in _UUIDS else value
