"""Each invariant can fail: what it forbids is written past the guards, and it says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from campaigns.invariants import INVARIANTS, Extra, Finding, audit
from campaigns.plays import Asked
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish, open_room
from tests.support.arguments import CountingIds
from tests.support.campaigns import WallClock, change

LINES = [
    ("phone", "50%", 4, None, "PHONE-256"),
    ("topup", "20%", None, 50, "TOPUP-10"),
    ("thanks", "rest", None, None, None),
]


async def findings(
    database: Database, connection: Connection, room: CampaignsRoom, *, extra: Sequence[Extra] = ()
) -> dict[str, Finding]:
    found = await audit(
        database=database,
        connection=connection,
        versions=open_room(database, connection).versions,
        now=WallClock().now(),
        extra=extra,
        is_at_rest=True,
    )
    return {finding.id: finding for finding in found}


async def tamper(database: Database, statements: Sequence[str]) -> None:
    """Write without foreign keys, as somebody with the database's own tools might."""
    if database.is_sqlite:
        with sqlite3.connect(str(database.engine.url.database)) as sql:
            for statement in statements:
                sql.execute(statement)
        sql.close()
        return
    async with database.connection() as connection:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            await connection.execute(text(statement))


@pytest.fixture
def room(database: Database, connection: Connection) -> CampaignsRoom:
    """Its draws are the same in every run: at 99 % one sound run in a hundred would be doubted."""
    return open_room(database, connection, ids=CountingIds())


@pytest.fixture
async def campaign(room: CampaignsRoom, publish_wheel: Publish) -> str:
    """Thirty plays of three members, settled and drained."""
    campaign = await publish_wheel(lines=LINES, member_plays_max=40)
    members = [str(UUID(int=number)) for number in (1, 2, 3)]
    for number in range(30):
        await room.plays.play(Asked(campaign=campaign, member=members[number % 3], key=f"key-{number}", entry="{}"))
    await room.mending.tend(campaign)
    return campaign


async def test_all_hold_after_plays_and_all_were_checked(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    found = await findings(database, connection, room)
    assert {id_ for id_, finding in found.items() if not finding.holds} == set()
    assert {invariant.id for invariant in INVARIANTS} <= found.keys()
    assert all(found[id_].checked >= 30 for id_ in ("I3", "I4", "I5", "I6", "I7", "I8", "I11", "I12", "I16"))
    assert found["I1"].checked == 4
    assert found["I9"].checked == 4


@pytest.mark.parametrize(
    ("broken", "statements"),
    [
        ("I1", ["UPDATE stock_lot SET last_unit = 2"]),
        ("I3", ["DELETE FROM play WHERE seq = 14"]),
        ("I3", ["UPDATE play SET request_key = 'another' WHERE seq = 29"]),
        ("I4", ["UPDATE play SET ordinal = 12, previous_ordinal = 11 WHERE seq = 30"]),
        ("I4", ["UPDATE play SET ordinal = ordinal + 20, previous_ordinal = ordinal + 19, previous_id = COALESCE(previous_id, id)"]),
        ("I4", ["UPDATE play SET previous_id = (SELECT id FROM play WHERE seq = 4) WHERE seq = 30"]),
        ("I4", ["UPDATE play SET day_ordinal = 50, previous_day_ordinal = 49 WHERE seq = 30"]),
        ("I5", ["UPDATE campaign_version SET config_hash = 'another'"]),
        ("I5", ["UPDATE play SET fingerprint = 'another' WHERE seq = 7"]),
        ("I7", ["UPDATE play SET seq = 99 WHERE seq = 17"]),
        ("I7", ["INSERT INTO void_play SELECT campaign_id, lane, seq, epoch, 'both', CURRENT_TIMESTAMP FROM play WHERE seq = 3"]),
        ("I8", ["UPDATE campaign SET epoch = 4, settled_epoch = 4", "UPDATE play SET epoch = 3 WHERE seq = 9"]),
        ("I9", ["UPDATE play SET seq = 31 WHERE seq = 30"]),
        ("I11", ["UPDATE play SET word = word + 1 WHERE seq = 5"]),
        ("I11", ["UPDATE play SET drawn = CASE drawn WHEN 'phone' THEN 'topup' ELSE 'phone' END WHERE seq = 5"]),
        ("I12", ["UPDATE play SET drawn = 'topup'"]),
        ("I15", ["DELETE FROM award"]),
        ("I15", ["DELETE FROM outbox"]),
        ("I15", ["UPDATE award SET line = 'thanks'"]),
        ("I15", ["UPDATE play SET awarded = 'thanks', unit = NULL, lot_first = NULL, lot_last = NULL WHERE awarded = 'topup'"]),
        ("I16", ["UPDATE play SET played_at_ms = 5 WHERE seq = 2"]),
        ("I16", ["UPDATE campaign_version SET state = 'paused'"]),
    ],
)  # fmt: skip
async def test_a_row_changed_behind_our_back_is_noticed(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    campaign: str,
    broken: str,
    statements: list[str],
) -> None:
    await tamper(database, statements)
    finding = (await findings(database, connection, room))[broken]
    assert not finding.holds
    assert finding.broken


async def test_counters_that_differ_are_named(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    await connection.calm.hset(LaneKeys(campaign).counters, "tally:unit:phone", "0 2 ")
    finding = (await findings(database, connection, room))["I9"]
    assert finding.broken == ("tally:unit:phone is 0 2  and should be 0 5 ",)


async def test_something_personal_in_the_stream_is_noticed(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    await connection.calm.hset(LaneKeys(campaign).counters, "phone-of-ann", "13800000000")
    assert not (await findings(database, connection, room))["I17"].holds


async def test_an_extra_check_joins_in_under_its_own_name(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    async def chain() -> tuple[int, list[str]]:
        return 7, [f"row {number} does not fit" for number in range(25)]

    finding = (await findings(database, connection, room, extra=[Extra("I18", "Audited", chain)]))["I18"]
    assert (finding.checked, finding.broken_total, len(finding.broken)) == (7, 25, 20)


async def test_plays_after_a_pause_are_named(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    await change(database, room, campaign, "pause")
    await tamper(database, ["UPDATE play SET played_at_ms = played_at_ms + 600000 WHERE seq = 30"])
    found = await audit(
        database=database,
        connection=connection,
        versions=room.versions,
        now=WallClock().now().replace(year=2099),
        is_at_rest=True,
    )
    assert next(finding for finding in found if finding.id == "I16").broken_total == 1
