"""The table of moves leads every award to an end."""

from __future__ import annotations

import pytest

from core.db import Database
from prizes import outbox
from prizes.awards import AWARD_WON, ENDS, HELD, MOVES, VOID, WON, move
from prizes.fulfilment.deliveries import Fulfilment
from prizes.fulfilment.router import FULFILLERS
from prizes.models import Award
from tests.prizes.factories import a_product, a_win, an_award, the_award
from tests.support.arguments import NOON


async def test_an_outbox_row_is_taken_until_it_is_done(database: Database) -> None:
    award_id = await an_award(database, await a_product(database, "points"))
    for _ in range(2):  # the first taker's transaction ends without a word
        async with database.transaction() as session:
            assert list((await outbox.take(session, topic=AWARD_WON, limit=9)).values()) == [award_id]
    async with database.transaction() as session:
        await outbox.done(session, await outbox.take(session, topic=AWARD_WON, limit=9), now=NOON)
    async with database.transaction() as session:
        assert not await outbox.take(session, topic=AWARD_WON, limit=9)


async def test_a_product_type_that_vanished_ends_in_the_queue_of_the_dead(
    fulfilment: Fulfilment, database: Database
) -> None:
    product = await a_product(database, "points")
    award_id = await an_award(database, product, prize={**a_win(product).prize, "type": "teleport"})
    await fulfilment.run_once()
    award = await the_award(database, award_id)
    assert (award.state, award.reason) == ("dead", "unknown-product-type")


def test_every_state_leads_to_an_end() -> None:
    assert {onward for moves in MOVES.values() for onward in moves} <= set(MOVES)
    leads_on = set(ENDS)
    for _ in MOVES:
        leads_on |= {state for state, onward in MOVES.items() if onward & leads_on}
    assert leads_on == set(MOVES)


def test_every_state_can_be_reached() -> None:
    reached = {HELD, WON}
    for _ in MOVES:
        reached |= {onward for state in reached for onward in MOVES[state]}
    assert reached == set(MOVES)


def test_a_move_outside_the_table_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        move(Award(id="1", state="delivered"), VOID, now=NOON)


def test_the_table_of_fulfillers_is_whole() -> None:
    for product_type, fulfiller in FULFILLERS.items():
        assert fulfiller.type == product_type
        assert (fulfiller.deliver is None) == (fulfiller.query is None) == (fulfiller.form == "physical")
