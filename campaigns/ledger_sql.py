"""The ledger's one hot statement: a batch of plays as one JSON document, read as a set by either engine.

It keeps the rows whose campaign still has the permitted epoch (those of an older epoch, which a recovery drains, only
until that recovery has settled it), finds the lot that holds each unit, inserts what conflicts with nothing, and writes
the numbers and the wins of what went in. A number that another play has fails the batch, as every broken rule does. PostgreSQL takes a share lock on the campaign's row, or a recovery could move the epoch between
the look and the insert; SQLite's immediate transaction is the only writer anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from core.db import Database, Statement, rows_of_json
from prizes.awards import Won
from prizes.awards_sql import not_won_yet, wins_document, wins_postgresql, wins_sqlite

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
    "previous_id": "uuid",
    "plays_max": "int",
    "day": "int",
    "day_ordinal": "int",
    "previous_day_ordinal": "int",
    "day_plays_max": "int",
    "word": "bigint",
    "drawn": "text",
    "awarded": "text",
    "unit": "bigint",
    "numbers": "text",
    "sources_left": "int",
    "played_at_ms": "bigint",
    "covered_until_ms": "bigint",
    "review": "text",
}
_TALLY = {
    "campaign_id": "uuid",
    "tally": "text",
    "subject_id": "uuid",
    "period": "int",
    "number": "bigint",
    "last": "bigint",
    "play_id": "uuid",
}
_USE = {
    "campaign_id": "uuid",
    "member_id": "uuid",
    "grant_number": "int",
    "number": "int",
    "play_id": "uuid",
}
_SPEND = {
    "campaign_id": "uuid",
    "tally": "text",
    "period": "int",
    "amount": "bigint",
    "most": "bigint",
    "play_id": "uuid",
}
_BATCH = {**_COLUMNS, "permit_epoch": "int"}

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

_COUNT = (
    f"INSERT INTO play_tally ({', '.join(_TALLY)}) SELECT {', '.join(f'r.{name}' for name in _TALLY)} FROM {{rows}}"
    " JOIN {plays} ON {plays}.id = r.play_id"
)
_PAY = (
    f"INSERT INTO chance_use ({', '.join(_USE)}, amount)"
    f" SELECT {', '.join(f'r.{name}' for name in _USE)}, g.amount FROM {{rows}}"
    " JOIN {plays} ON {plays}.id = r.play_id LEFT JOIN chance_grant AS g"
    " ON g.campaign_id = r.campaign_id AND g.member_id = r.member_id AND g.number = r.grant_number"
)
_SUM = (
    "INSERT INTO spent (campaign_id, tally, period, amount, most)"
    " SELECT r.campaign_id, r.tally, r.period, SUM(r.amount), MAX(r.most) FROM {rows}"
    " JOIN {plays} ON {plays}.id = r.play_id WHERE {is_new} GROUP BY r.campaign_id, r.tally, r.period"
    " ORDER BY r.campaign_id, r.tally, r.period ON CONFLICT (campaign_id, tally, period) DO UPDATE"
    " SET amount = spent.amount + excluded.amount, most = {greater}(spent.most, excluded.most)"
)
_POSTGRESQL = (
    "WITH permitted AS MATERIALIZED (SELECT id, epoch, settled_epoch, committed"
    " FROM campaign WHERE id = ANY($2::uuid[]) FOR SHARE),"
    f" played AS ({_INSERT.format(campaign='permitted', batch=rows_of_json('postgresql', _BATCH))}),"
    f" counted AS ({_COUNT.format(rows=rows_of_json('postgresql', _TALLY, parameter=4), plays='played')}),"
    f" summed AS ({_SUM.format(rows=rows_of_json('postgresql', _SPEND, parameter=5), plays='played', is_new='TRUE', greater='GREATEST')}),"
    f" paid AS ({_PAY.format(rows=rows_of_json('postgresql', _USE, parameter=6), plays='played')}),"
    f" {wins_postgresql(parameter=3, plays='played')} SELECT id FROM played"
)
_SQLITE = _INSERT.format(campaign="campaign", batch=rows_of_json("sqlite", _BATCH))
# The batch may hold plays that were written before, whose numbers are there already.
_SQLITE_COUNT = (
    f"{_COUNT.format(rows=rows_of_json('sqlite', _TALLY), plays='play')}"
    " WHERE NOT EXISTS (SELECT 1 FROM play_tally AS t WHERE t.play_id = r.play_id AND t.tally = r.tally)"
)
_SQLITE_PAY = (
    f"{_PAY.format(rows=rows_of_json('sqlite', _USE), plays='play')}"
    " WHERE NOT EXISTS (SELECT 1 FROM chance_use AS u WHERE u.play_id = r.play_id)"
)
_SQLITE_SUM = _SUM.format(
    rows=rows_of_json("sqlite", _SPEND), plays="play", is_new=not_won_yet(play="r.play_id"), greater="MAX"
)
_SQLITE_WINS = wins_sqlite(plays="play")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Plays to insert, with the numbers they take, what they take of budgets, the chances they use, and what they
    win.
    """

    plays: Sequence[Mapping[str, Any]]
    tallies: Sequence[Mapping[str, Any]] = ()
    spends: Sequence[Mapping[str, Any]] = ()
    uses: Sequence[Mapping[str, Any]] = ()
    won: Sequence[Won] = ()


async def insert_plays(database: Database, batch: Batch) -> set[str]:
    """Insert the plays that the ledger permits, with all that goes with them; the ids of those that went in.

    Raises sqlalchemy's IntegrityError when a row breaks a CHECK or a foreign key, which says that it was never ours.
    """
    told = _sqlite(batch) if database.is_sqlite else [_postgresql(batch)]
    inserted = {str(row[0]).replace("-", "") for row in await database.write(*told)}
    return {play["id"] for play in batch.plays if play["id"].replace("-", "") in inserted}


def _postgresql(batch: Batch) -> Statement:
    campaigns = list({play["campaign_id"] for play in batch.plays})
    wins = wins_document("postgresql", batch.won)
    plays, tallies, spends, uses = (
        _document(_BATCH, batch.plays),
        _document(_TALLY, batch.tallies),
        _document(_SPEND, batch.spends),
        _document(_USE, batch.uses),
    )
    return Statement(_POSTGRESQL, (plays, campaigns, wins, tallies, spends, uses))


def _sqlite(batch: Batch) -> list[Statement]:
    """Sums come before wins, which tell whether a play was written before."""
    told = [Statement(_SQLITE, (_document(_BATCH, batch.plays, _sqlite_value),))]
    if batch.tallies:
        told.append(Statement(_SQLITE_COUNT, (_document(_TALLY, batch.tallies, _sqlite_value),)))
    if batch.uses:
        told.append(Statement(_SQLITE_PAY, (_document(_USE, batch.uses, _sqlite_value),)))
    if batch.spends:
        told.append(Statement(_SQLITE_SUM, (_document(_SPEND, batch.spends, _sqlite_value),)))
    if batch.won:
        wins = wins_document("sqlite", batch.won)
        told += [Statement(sql, (wins,)) for sql in _SQLITE_WINS]
    return told


def _document(
    columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], kept: Callable[[str, Any], Any] | None = None
) -> str:
    """The rows as one JSON parameter, each an array in the columns' order."""
    if kept is None:
        return to_json([[row[name] for name in columns] for row in rows]).decode()
    return to_json([[kept(kind, row[name]) for name, kind in columns.items()] for row in rows]).decode()


def _sqlite_value(kind: str, value: Any) -> Any:
    return value.replace("-", "") if kind == "uuid" and value is not None else value
