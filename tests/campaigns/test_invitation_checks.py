"""An invitation's path that was changed behind our back is noticed, whatever was changed of it."""

from __future__ import annotations

import sqlite3
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from tests.campaigns.invitations import Circle, inviting_in, publish_inviting
from tests.campaigns.test_invariants import findings, tamper
from tests.campaigns.test_plays import asked, play

ANN = "0190a000-0000-7000-8000-0000000000a1"
OTHER = "0190a000-0000-7000-8000-00000000beef"


@pytest.fixture
async def campaign(room: CampaignsRoom, database: Database) -> str:
    """Three friends of Ann's: two have played, of whom one was rewarded and one was cut; the third has not."""
    campaign = await publish_inviting(database, room, reward_when="played", inviter={"member_max": 1}, invitee={})
    circle = Circle(database=database, inviting=inviting_in(database, room), campaign=campaign)
    code = await circle.invites(ANN)
    for number in range(3):
        friend = (await circle.comes(code, str(uuid4()))).member_id
        if number:
            await play(room, asked(campaign, member=friend))
            await circle.inviting.run_once()
    await room.mending.tend(campaign)
    return campaign


async def test_it_holds_and_all_were_looked_at(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    found = await findings(database, connection, room)
    assert {id_ for id_, finding in found.items() if not finding.holds} == set()
    assert found["I19"].checked == 3


@pytest.mark.parametrize(
    "broken",
    [
        f"UPDATE invited SET inviter_id = '{OTHER}'",
        f"UPDATE invitation SET member_id = '{OTHER}'",
        "DELETE FROM invitation",
        f"UPDATE mall_event SET member_id = '{OTHER}'",
        "UPDATE mall_event SET asked = 2, granted = 2 WHERE granted = 1",
        "UPDATE mall_event SET granted = 1, grant_number = 7 WHERE granted = 0",
        "UPDATE mall_event SET granted = 0, grant_number = NULL WHERE granted = 1",
        "UPDATE mall_event SET grant_number = 9 WHERE granted = 1",
        "DELETE FROM mall_event",
        "UPDATE chance_grant SET amount = 2",
        f"UPDATE chance_grant SET member_id = '{OTHER}' WHERE member_id = '{ANN}'",
        "DELETE FROM chance_grant",
        "UPDATE chance_grant SET reference = reference || 'x'",
        "DELETE FROM invited",
        "UPDATE invited SET invitee_event = inviter_event",
    ],
)
async def test_what_was_changed_is_noticed(
    *, room: CampaignsRoom, database: Database, connection: Connection, campaign: str, broken: str
) -> None:
    for known in (ANN, OTHER):
        broken = broken.replace(known, known.replace("-", "") if database.is_sqlite else known)
    await tamper(database, [broken])
    await is_noticed(room, database, connection)


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE invited SET inviter_id = member_id",
        "UPDATE invited SET first_play_id = NULL, played_at = NULL",
        "UPDATE invited SET due_at = NULL",
        "UPDATE invited SET inviter_event = NULL",
        "UPDATE invited SET invitee_event = NULL",
        "UPDATE invited SET invitee_rule_id = NULL",
    ],
)
async def test_what_the_ledger_refuses_would_be_noticed_too(
    *, room: CampaignsRoom, database: Database, connection: Connection, campaign: str, broken: str
) -> None:
    with pytest.raises((IntegrityError, sqlite3.IntegrityError)):
        await tamper(database, [broken])
    if database.is_sqlite:
        await tamper(database, ["PRAGMA ignore_check_constraints = ON", broken])
        await is_noticed(room, database, connection)


async def is_noticed(room: CampaignsRoom, database: Database, connection: Connection) -> None:
    finding = (await findings(database, connection, room))["I19"]
    assert not finding.holds
    assert finding.broken
