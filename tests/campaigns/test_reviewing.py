"""A play under review: shown as won and as being checked, and held from the moment its award is born."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from campaigns.config import Config
from campaigns.game import Text
from campaigns.models import Play
from campaigns.plays import Asked
from campaigns.reviewing import GENERAL, reason_of
from campaigns.room import CampaignsRoom
from core.db import Database
from inventory.connection import Connection
from prizes import outbox
from prizes.awards import AWARD_WON
from prizes.fulfilment.router import route_all
from prizes.models import Award
from tests.campaigns.conftest import Publish, open_room
from tests.campaigns.test_invariants import findings, tamper
from tests.support.campaigns import WallClock

ALWAYS = [("points", "100%", None, None, "POINTS-5"), ("thanks", "0", None, None, None)]
RULE = "many-a-minute"


def asked_in(campaign: str, key: str = "key-1", **more: Any) -> Asked:
    return Asked(campaign=campaign, member=str(uuid4()), key=key, entry="{}", **more)


async def routed(database: Database) -> None:
    """What the worker does first with every win."""
    now = WallClock().now()
    async with database.transaction() as session:
        rows = await outbox.take(session, topic=AWARD_WON, limit=500)
        await route_all(session, list(rows.values()), now=now)
        await outbox.done(session, rows, now=now)


async def awards(database: Database) -> dict[str, Award]:
    async with database.reading() as session:
        return {award.id: award for award in await session.scalars(select(Award))}


async def test_a_win_under_review_is_shown_as_won_and_as_being_checked(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    reviewed = json.loads(await room.plays.play(asked_in(campaign, review=RULE)))
    usual = json.loads(await room.plays.play(asked_in(campaign)))
    assert reviewed["award"]["held"] == GENERAL.model_dump()
    assert reviewed["award"]["prize"] == usual["award"]["prize"]
    assert usual["award"]["held"] is None
    await routed(database)
    found = await awards(database)
    held, free = found[reviewed["id"]], found[usual["id"]]
    assert (held.state, held.held_for, held.told, held.due_at) == ("held", RULE, GENERAL.model_dump(), None)
    assert (free.state, free.held_for, free.told) == ("ready", None, None)


async def test_the_same_key_gets_the_same_bytes_whatever_the_rules_say_later(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    for first, later in ((RULE, ""), ("", RULE), (RULE, "another-rule")):
        asked = asked_in(campaign, key=f"key-{first}-{later}", review=first)
        shown = await room.plays.play(asked)
        for each in (room, open_room(database, connection)):
            assert await each.plays.play(replace(asked, review=later)) == shown
        await room.mending.tend(campaign)
        assert await room.plays.play(replace(asked, review=later)) == shown
        assert (json.loads(shown)["award"]["held"] is not None) == bool(first)


async def test_what_a_dead_process_left_in_the_stream_is_held_too(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    decided = await room.plays.decide(asked_in(campaign, review=RULE))
    assert decided is not None
    assert await awards(database) == {}
    await room.mending.tend(campaign)
    await routed(database)
    (award,) = (await awards(database)).values()
    assert (award.id, award.state, award.held_for) == (decided.entry.play, "held", RULE)


async def test_a_recovery_keeps_every_review(room: CampaignsRoom, database: Database, publish_wheel: Publish) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    asked = [asked_in(campaign, key=f"key-{n}", review=RULE if n % 2 else "") for n in range(6)]
    shown = [await room.plays.play(each) for each in asked]
    left = await room.plays.decide(asked_in(campaign, review=RULE))
    await room.recovery.recover(campaign, seen_epoch=1, reason="a test")
    assert [await room.plays.play(each) for each in asked] == shown
    assert left is not None
    states = {award.id: award.state for award in (await awards(database)).values()}
    assert [states[json.loads(each)["id"]] for each in shown] == ["won", "held"] * 3
    assert states[left.entry.play] == "held"


async def test_every_one_of_several_plays_is_under_review(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALWAYS, limits={"plays_at_once_max": 5})
    asked = asked_in(campaign, times=5, review=RULE)
    shown = await room.several.play(asked)
    assert await room.several.play(replace(asked, review="")) == shown
    assert {award.state for award in (await awards(database)).values()} == {"held"}
    assert all(play["award"]["held"] for play in json.loads(shown)["plays"])


async def test_a_play_under_review_that_wins_nothing_is_written_down_as_one(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=[("thanks", "100%", None, None, None)])
    shown = json.loads(await room.plays.play(asked_in(campaign, review=RULE)))
    assert shown["award"] is None
    async with database.reading() as session:
        assert await session.scalar(select(Play.review)) == RULE
        assert await session.scalar(select(func.count()).select_from(Award)) == 0


async def test_many_at_once_are_each_held_or_not_as_they_were_asked(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    rooms = [room, open_room(database, connection)]
    asked = [asked_in(campaign, key=f"key-{n:03}", review=RULE if n % 3 == 0 else "") for n in range(60)]
    shown = await asyncio.gather(*(rooms[n % 2].plays.play(each) for n, each in enumerate(asked)))
    found = await awards(database)
    assert [found[json.loads(each)["id"]].held_for for each in shown] == [each.review or None for each in asked]


async def test_nothing_moves_a_held_award_past_its_review(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    await room.plays.play(asked_in(await publish_wheel(lines=ALWAYS), review=RULE))
    for broken in (
        {"state": "won"},
        {"state": "delivered"},
        {"held_for": None},
        {"held_for": None, "state": "won", "released_at": WallClock().now()},
        {"released_at": WallClock().now()},
    ):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(update(Award).values(**broken))


@pytest.mark.parametrize(
    ("broken", "statement"),
    [
        ("I15", f"UPDATE play SET review = '{RULE}' WHERE review IS NULL"),
        ("I15", f"UPDATE play SET review = NULL WHERE review = '{RULE}'"),
        ("I15", "UPDATE award SET held_for = 'another' WHERE held_for IS NOT NULL"),
        ("I15", "UPDATE award SET held_for = NULL, state = 'delivered' WHERE held_for IS NOT NULL"),
        ("I14", "UPDATE award SET state = 'void' WHERE held_for IS NOT NULL"),
        ("I14", "INSERT INTO award_claim SELECT id, 'none', NULL, won_at FROM award WHERE state = 'held'"),
    ],
)
async def test_a_review_changed_behind_our_back_is_noticed(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
    broken: str,
    statement: str,
) -> None:
    campaign = await publish_wheel(lines=ALWAYS)
    for review in (RULE, ""):
        await room.plays.play(asked_in(campaign, review=review))
    await room.mending.tend(campaign)
    assert all(finding.holds for finding in (await findings(database, connection, room)).values())
    await tamper(database, [statement])
    assert not (await findings(database, connection, room))[broken].holds


def test_a_rule_says_its_own_words_and_without_it_general_ones_do() -> None:
    told = Text(zh="一分钟内抽得太多。", en="So many goes in a minute.")
    rules = {RULE: SimpleNamespace(key=RULE, told=told)}
    config = cast("Config", SimpleNamespace(velocity_rule=rules.get))
    assert reason_of(config, RULE) == told
    assert reason_of(config, "another-rule") == GENERAL


@pytest.mark.parametrize("odd", ["A", "a|b", "1st", "a" * 33, "a b", "规则", "a\n"])
def test_what_is_no_key_of_a_rule_reviews_nothing(odd: str) -> None:
    with pytest.raises(AssertionError):
        asked_in("campaign", review=odd)
