"""The ground a seed runs on: a ledger with published campaigns, made once and copied for every seed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis
from sqlalchemy import ForeignKeyConstraint, MetaData, Table, UniqueConstraint, text

from api.tables import metadata
from campaigns.room import furnish
from core.db import Database
from core.sealing import Sealer
from inventory.connection import Connection
from tests.sim.giving import give_ways, promise
from tests.sim.inline import InlineDatabase
from tests.sim.masters import Masters
from tests.support.arguments import CountingEntropy, CountingIds
from tests.support.campaigns import Shape, WallClock, publish

LEDGER = "ledger.db"
SHAPES = (
    Shape(
        lines=[("phone", "30%", 3, None, "PHONE-256"), ("topup", "30%", None, 2, "TOPUP-10"), ("thanks", "rest", None, None, None)],
        member_day_plays_max=3,
        member_plays_max=8,
    ),
    Shape(lines=[("phone", "60%", 4, None, "PHONE-256"), ("thanks", "rest", None, None, None)]),
    Shape(
        lines=[("topup", "50%", 6, 2, "TOPUP-10"), ("points", "25%", 30, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        member_plays_max=6,
    ),
    Shape(lines=[("points", "90%", 60, None, "POINTS-5"), ("thanks", "rest", None, None, None)], member_day_plays_max=5),
    Shape(
        lines=[("phone", "40%", 5, None, "PHONE-256"), ("topup", "40%", None, 4, "TOPUP-10"), ("thanks", "rest", None, None, None)],
        limits={
            "member_hour_plays_max": 5,
            "member_week_plays_max": 6,
            "plays_max": 16,
            "groups": [{"key": "big", "lines": ["phone", "topup"], "member_wins_max": 3}],
        },
        of_lines={"phone": {"member_wins_max": 2}, "topup": {"hour_cap": 3}},
    ),
    Shape(
        lines=[("points", "80%", 40, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        member_day_plays_max=4,
        limits={"member_month_plays_max": 7, "member_day_wins_max": 2, "member_wins_max": 4},
    ),
    Shape(
        lines=[("phone", "20%", 3, None, "PHONE-256"), ("topup", "30%", None, 3, "TOPUP-10"), ("points", "rest", 9, None, "POINTS-5"), ("thanks", "0", None, None, None)],
        sold_out="renormalise",
        member_day_plays_max=6,
        of_lines={"points": {"member_wins_max": 3}},
    ),
    Shape(
        lines=[("topup", "40%", None, None, "TOPUP-10"), ("points", "10%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        guarantee={"after": 2, "line": "points"},
        more={"budget": {"money_max": 9000, "money_day_max": 4000, "points_day_max": 22, "points_max": 60}},
    ),
    Shape(
        lines=[("phone", "1/5", 4, None, "PHONE-256"), ("points", "2/5", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        urn_plays=10,
        member_day_plays_max=7,
    ),
    Shape(
        lines=[("phone", "moment", 6, None, "PHONE-256"), ("topup", "moment", 5, None, "TOPUP-10"), ("points", "30%", 40, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        pool={"moments": {}},
        starts_in=timedelta(days=-10),
        lasts=timedelta(days=12),
        of_lines={"phone": {"member_wins_max": 2}, "points": {"release": "linear"}},
    ),
    Shape(
        lines=[("phone", "moment", 80, None, "PHONE-256"), ("points", "20%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        pool={"moments": {"windows": [{"begins": "00:00", "ends": "12:00"}, {"begins": "12:00", "ends": "00:00"}], "unclaimed": "void"}},
        starts_in=timedelta(days=-2),
        lasts=timedelta(days=4),
        member_day_plays_max=9,
    ),
    Shape(
        lines=[("phone", "30%", 6, None, "PHONE-256"), ("points", "30%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        more={"chances": {"free": {"count": 2, "period": "day"}}},
    ),
    Shape(
        lines=[("topup", "5%", 6, 2, "TOPUP-10"), ("points", "20%", 30, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        guarantee={"after": 3, "line": "points"},
        limits={"plays_at_once_max": 10, "member_week_plays_max": 40},
        more={"chances": {"free": {"count": 6, "period": "day"}}},
    ),
    Shape(
        lines=[("points", "2/5", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        urn_plays=5,
        member_day_plays_max=25,
        limits={"plays_at_once_max": 5},
    ),
    Shape(
        lines=[("phone", "30%", 6, None, "PHONE-256"), ("points", "30%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        more={"chances": {"price": {"points": 50, "at_once_max": 3, "per_member_day_max": 8, "per_member_max": 12}}},
    ),
    Shape(
        lines=[("topup", "20%", 6, None, "TOPUP-10"), ("ticket", "rest", None, None, None)],
        member_day_plays_max=9,
        more={
            "raffle": {
                "prizes": [{"key": "grand", "product": "PHONE-256", "units": 1}, {"key": "small", "product": "TOPUP-10", "units": 3}],
                "runners_up": 4,
                "member_wins_max": 3,
            }
        },
    ),
    Shape(
        lines=[("phone", "30%", 6, None, "PHONE-256"), ("points", "30%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        game="scratch",
        template="lucky",
        member_day_plays_max=8,
        limits={"plays_at_once_max": 4},
        more={"game": {"symbols": ["phone", "points"], "waits_days": 3}},
    ),
)  # fmt: skip
SELLS, HAS_RAFFLE, IS_COVERED = 14, 15, 16
"""Shapes by their places: one that sells chances and gives none free, one with a raffle, and one of scratch cards."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where seeds run. `template` is a SQLite file to copy; without it the ledger is emptied and filled each time."""

    masters: Masters
    connections: Sequence[Connection]
    folder: Path
    template: Path | None
    campaigns: Sequence[str]
    database: Database

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[tuple[Database, Sequence[str]]]:
        """A fresh ledger and the campaigns published in it. One engine serves all seeds: it keeps compiled statements."""
        for master in range(len(self.connections)):
            self.masters.flush(master)
        campaigns = self.campaigns
        if self.template is None:
            await _empty(self.database)
            campaigns = await publish_all(self.database, self.connections[0])
            self.masters.flush(0)
        else:
            shutil.copyfile(self.template, self.folder / LEDGER)
        yield self.database, campaigns
        await self.database.close()
        for left in self.folder.glob(f"{LEDGER}*"):
            left.unlink()


@asynccontextmanager
async def ground(
    *, redis_urls: Sequence[str], folder: Path, postgresql_url: str = "", weaken: Callable[[Table], None] | None = None
) -> AsyncIterator[Ground]:
    """`weaken` takes what it wants from a copy of the `play` table before the ledger is made of it."""
    masters = Masters([redis.Redis.from_url(url) for url in redis_urls])
    connections = [Connection(url) for url in redis_urls]
    for connection in connections:
        await connection.open()
    template, campaigns = None, []
    if not postgresql_url:
        template = folder / "template.db"
        campaigns = await _make_template(template, connections[0], weaken)
    try:
        yield Ground(
            masters=masters,
            connections=connections,
            folder=folder,
            template=template,
            campaigns=campaigns,
            database=Database(postgresql_url) if postgresql_url else InlineDatabase(folder / LEDGER),
        )
    finally:
        for connection in connections:
            await connection.close()
        for client in masters.clients:
            client.close()


async def publish_all(database: Database, connection: Connection) -> list[str]:
    entropy = CountingEntropy("ground")
    room = furnish(
        database=database,
        connection=connection,
        sealer=Sealer(bytes(32), entropy),
        clock=WallClock(),
        ids=CountingIds(),
        entropy=entropy,
    )
    campaigns = [await publish(database, room, shape) for shape in SHAPES]
    ids = CountingIds()
    for campaign, shape in zip(campaigns, SHAPES, strict=True):
        if shape.more.get("chances") is not None:
            await give_ways(database, campaign, ids=ids)
            await promise(database, room, campaign, when="played" if shape.more["chances"].get("price") else "joined")
    return campaigns


async def _make_template(template: Path, connection: Connection, weaken: Callable[[Table], None] | None) -> list[str]:
    database = Database(f"sqlite+aiosqlite:///{template}")
    tables = _weakened(weaken) if weaken is not None else metadata
    async with database.connection() as sql:
        await sql.run_sync(tables.create_all)
    campaigns = await publish_all(database, connection)
    await database.close()
    return campaigns


def _weakened(weaken: Callable[[Table], None]) -> MetaData:
    tables = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(tables)
    weaken(tables.tables["play"])
    return tables


def drop_unique(play: Table, *columns: str) -> None:
    """Take the unique constraint or index of exactly these columns away; it must be there."""
    for constraint in list(play.constraints):
        if isinstance(constraint, UniqueConstraint) and tuple(constraint.columns.keys()) == columns:
            play.constraints.remove(constraint)
            return
    for index in list(play.indexes):
        if index.unique and tuple(index.columns.keys()) == columns:
            play.indexes.remove(index)
            return
    raise AssertionError(f"no unique over {columns}")


def drop_foreign_key(play: Table, name: str) -> None:
    found = next(each for each in play.constraints if isinstance(each, ForeignKeyConstraint) and each.name == name)
    play.constraints.remove(found)
    for element in found.elements:
        element.parent.foreign_keys.discard(element)
        play.foreign_keys.discard(element)


async def _empty(database: Database) -> None:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    async with database.connection() as connection:
        await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
