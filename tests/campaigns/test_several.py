"""Several plays at once: all or none, each a play like any other, one answer for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from campaigns.allocation import Source, drawn_by
from campaigns.models import Play
from campaigns.plays import Asked
from campaigns.refusals import KeyReused, TooFewChances
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import InvalidField
from inventory.connection import Connection
from inventory.keys import LaneKeys
from tests.campaigns.conftest import Publish
from tests.campaigns.test_chances import grant
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import assert_everything_holds, rooms

__all__ = ["rooms"]

AT_ONCE: dict[str, Any] = {"limits": {"plays_at_once_max": 10}}


async def several(room: CampaignsRoom, asked: Asked) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(await room.several.play(asked))["plays"]
    return told


def ten(campaign: str, *, member: str = "", times: int = 10) -> Asked:
    return replace(asked(campaign, member=member or str(uuid4())), times=times)


async def plays_in(database: Database, campaign: str) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).where(Play.campaign_id == campaign)) or 0


async def test_ten_are_ten_numbered_plays_and_one_answer(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**AT_ONCE)
    request = ten(campaign)
    told = await several(room, request)
    assert [each["ordinal"] for each in told] == list(range(1, 11))
    assert len({each["id"] for each in told}) == 10
    assert await several(room, request) == told
    single = await play(room, asked(campaign, member=request.member))
    assert single["ordinal"] == 11
    assert await plays_in(database, campaign) == 11
    await assert_everything_holds(database, connection, room, campaign)


async def test_they_draw_what_ten_single_plays_would(room: CampaignsRoom, publish_wheel: Publish) -> None:
    """The draw is a function of seed, member and ordinal: only how it is asked for differs."""
    campaign, member = await publish_wheel(**AT_ONCE), str(uuid4())
    first = [await play(room, asked(campaign, member=member)) for _ in range(3)]
    rest = await several(room, ten(campaign, member=member, times=7))
    version = (await room.versions.running(campaign)).version
    (pool,) = version.config.pools
    expected = [
        pool.lines[drawn_by(pool, Source(version.seed, campaign, member, ordinal)).line].key for ordinal in range(1, 11)
    ]
    assert [each["drawn"] for each in [*first, *rest]] == expected


@pytest.mark.parametrize(
    "shape",
    [
        {"limits": {"plays_at_once_max": 10, "member_week_plays_max": 9}},
        {"limits": {"plays_at_once_max": 10, "plays_max": 9}},
        {"limits": {"plays_at_once_max": 10}, "member_day_plays_max": 9},
        {"limits": {"plays_at_once_max": 10}, "member_plays_max": 9},
        {"limits": {"plays_at_once_max": 10}, "more": {"chances": {"free": {"count": 9, "period": "day"}}}},
    ],
)
async def test_without_room_for_all_none_is_played(
    room: CampaignsRoom, database: Database, publish_wheel: Publish, shape: dict[str, Any]
) -> None:
    campaign = await publish_wheel(**shape)
    request = ten(campaign)
    for _ in range(2):
        with pytest.raises(TooFewChances):
            await several(room, request)
    assert await plays_in(database, campaign) == 0
    assert len(await several(room, ten(campaign, times=9))) == 9


async def test_free_and_granted_chances_pay_together(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = (
        await publish_wheel(**AT_ONCE, more={"chances": {"free": {"count": 4, "period": "day"}}}),
        str(uuid4()),
    )
    await grant(database, campaign, member, 5)
    with pytest.raises(TooFewChances):
        await several(room, ten(campaign, member=member))
    await grant(database, campaign, member, 1)
    told = await several(room, ten(campaign, member=member))
    assert [each["chances_left"] for each in told] == list(range(9, -1, -1))
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_guarantee_counts_each(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=[("points", "1/1000000", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        guarantee={"after": 3, "line": "points"},
        **AT_ONCE,
    )
    told = await several(room, ten(campaign))
    assert [each["awarded"] for each in told] == [*["thanks"] * 3, "points"] * 2 + ["thanks"] * 2
    await assert_everything_holds(database, connection, room, campaign)


async def test_an_urn_gives_its_cards_one_after_the_other(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=[("points", "3/10", None, None, "POINTS-5"), ("thanks", "rest", None, None, None)],
        urn_plays=10,
        **AT_ONCE,
    )
    for _ in range(3):
        told = await several(room, ten(campaign))
        assert sum(each["awarded"] == "points" for each in told) == 3
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_key_is_for_one_request(room: CampaignsRoom, publish_wheel: Publish) -> None:
    campaign = await publish_wheel(**AT_ONCE)
    request = ten(campaign)
    await several(room, request)
    with pytest.raises(KeyReused):
        await several(room, replace(request, times=9))
    with pytest.raises(KeyReused):
        await play(room, replace(request, times=1))


async def test_only_as_many_as_the_campaign_says(room: CampaignsRoom, publish_wheel: Publish) -> None:
    with pytest.raises(InvalidField, match="must be at most 1"):
        await several(room, ten(await publish_wheel(), times=2))
    with pytest.raises(InvalidField, match="must be at most 5"):
        await several(room, ten(await publish_wheel(limits={"plays_at_once_max": 5}), times=6))


async def test_many_at_once_of_one_member_never_overlap(
    rooms: Sequence[CampaignsRoom], database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**AT_ONCE, member_day_plays_max=65), str(uuid4())
    requests = [ten(campaign, member=member, times=2 + number % 9) for number in range(24)]
    told = await asyncio.gather(
        *(several(rooms[number % len(rooms)], each) for number, each in enumerate(requests)), return_exceptions=True
    )
    made = [each for each in told if isinstance(each, list)]
    assert all(isinstance(each, list | TooFewChances) for each in told), told
    assert all(len(each) in range(2, 11) for each in made)
    ordinals = sorted(play["ordinal"] for each in made for play in each)
    assert ordinals == list(range(1, len(ordinals) + 1))
    assert 57 <= len(ordinals) <= 65
    for each in made:
        together = [play["ordinal"] for play in each]
        assert together == list(range(together[0], together[0] + len(together)))
    await assert_everything_holds(database, connection, rooms[0], campaign)


async def test_what_is_lost_with_the_counters_is_played_when_asked_again(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(**AT_ONCE)
    request = ten(campaign)
    parts = [replace(request, place=place) for place in range(10)]
    decided = await room.plays.decide(parts[0], after=parts[1:])
    assert decided is not None
    assert len(decided.after) == 9
    for each in (decided, *decided.after[:3]):
        assert await room.plays.settle(each)
    keys = LaneKeys(campaign)
    await connection.calm.delete(keys.counters, keys.plays, keys.member(request.member))
    told = await several(room, request)
    assert [each["ordinal"] for each in told] == list(range(1, 11))
    assert [each["id"] for each in told[:4]] == [each.entry.play for each in (decided, *decided.after[:3])]
    assert await several(room, request) == told
    await assert_everything_holds(database, connection, room, campaign)
