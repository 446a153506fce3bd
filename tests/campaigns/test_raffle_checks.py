"""A raffle that was changed behind our back is noticed, whatever was changed of it."""

from __future__ import annotations

import pytest

from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from tests.campaigns.conftest import Publish
from tests.campaigns.raffles import enter, later_room, raffle, tend_all
from tests.campaigns.test_invariants import findings, tamper
from tests.campaigns.test_raffle_draws import BEACON, enter_beacon, lapse

OTHER = "0190a000-0000-7000-8000-00000000beef"


@pytest.fixture
async def campaign(room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish) -> str:
    """Nine tickets, a beacon, three winners, of whom the first did not claim: so one runner-up has won too."""
    campaign = await publish_wheel(**raffle(beacon=BEACON))
    await enter(room, campaign, members=9)
    later = later_room(database, connection)
    await tend_all(later, campaign)
    await enter_beacon(later, database, campaign)
    await tend_all(later, campaign)
    await lapse(database, campaign, 1)
    await tend_all(later, campaign)
    return campaign


async def test_all_hold_and_all_were_looked_at(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    found = await findings(database, connection, room)
    assert {id_ for id_, finding in found.items() if not finding.holds} == set()
    assert (found["I1"].checked, found["I11"].checked, found["I15"].checked) == (3, 18, 4)


@pytest.mark.parametrize(
    ("broken", "statements"),
    [
        ("I11", [f"UPDATE raffle_draw SET digest = '{'0' * 64}'"]),
        ("I11", ["UPDATE raffle_draw SET tickets = 8"]),
        ("I11", ["UPDATE raffle_draw SET last_seq = 8"]),
        ("I11", ["UPDATE raffle_draw SET sealed_at = '2020-01-01 00:00:00.000000'"]),
        ("I11", ["UPDATE raffle_beacon SET value = '3412.78'"]),
        ("I11", ["UPDATE raffle_beacon SET entered_at = '2020-01-01 00:00:00.000000'"]),
        ("I11", ["DELETE FROM raffle_beacon"]),
        ("I11", ["DELETE FROM raffle_place WHERE rank = 5"]),
        ("I11", ["UPDATE raffle_place SET ticket = ticket + 1 WHERE rank = 2"]),
        ("I11", [f"UPDATE raffle_place SET member_id = '{OTHER}' WHERE rank = 2"]),
        ("I11", ["UPDATE raffle_place SET rank = 99 WHERE rank = 1", "UPDATE raffle_place SET rank = 1 WHERE rank = 2", "UPDATE raffle_place SET rank = 2 WHERE rank = 99"]),
        ("I11", [f"UPDATE play SET member_id = '{OTHER}' WHERE seq = 4"]),
        ("I11", ["DELETE FROM play WHERE seq = 9"]),
        ("I1", ["UPDATE award SET state = 'claim_needed' WHERE state = 'lapsed'"]),
        ("I1", ["UPDATE raffle_win SET unit = 2, units = 2 WHERE prize = 'grand' AND turn = 2"]),
        ("I15", ["UPDATE award SET state = 'claim_needed' WHERE state = 'lapsed'"]),
        ("I15", ["UPDATE award SET won_by = 'play'"]),
        ("I15", [f"UPDATE award SET member_id = '{OTHER}'"]),
        ("I15", [f"UPDATE award SET play_id = '{OTHER}' WHERE unit = 2"]),
        ("I15", ["UPDATE award SET line = 'small' WHERE line = 'grand'"]),
        ("I15", ["DELETE FROM award WHERE unit = 2"]),
        ("I15", ["DELETE FROM outbox"]),
        ("I15", ["DELETE FROM raffle_win WHERE prize = 'small' AND unit = 2"]),
        ("I15", ["UPDATE raffle_win SET rank = 5 WHERE rank = 4"]),
        ("I15", ["DELETE FROM raffle_win WHERE turn = 1 AND prize = 'grand'"]),
        ("I15", ["UPDATE raffle_draw SET closed_at = drawn_at", "DELETE FROM award WHERE unit = 2", "DELETE FROM raffle_win WHERE unit = 2"]),
    ],
)  # fmt: skip
async def test_what_was_changed_is_noticed(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    campaign: str,
    broken: str,
    statements: list[str],
) -> None:
    await tamper(database, [each.replace(OTHER, _kept(database)) for each in statements])
    finding = (await findings(database, connection, room))[broken]
    assert not finding.holds
    assert finding.broken


def _kept(database: Database) -> str:
    """An id as the engine keeps it."""
    return OTHER.replace("-", "") if database.is_sqlite else OTHER
