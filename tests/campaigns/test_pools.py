"""Pools for some: of a tier's pools a member draws from the first that is for them, and every draw recomputes from its line."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from campaigns.favour import refused_changes
from campaigns.invariants import Finding
from campaigns.lifecycle import check
from campaigns.plays import Asked
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import InvalidField
from inventory.connection import Connection
from tests.campaigns.conftest import Publish
from tests.campaigns.test_invariants import findings, tamper
from tests.support.campaigns import Shape, WallClock

GOLD = {"tier": "gold"}
GOLDEN = {"phone", "nothing"}
COMMON = {"points", "topup", "thanks"}


def a_pool(key: str, *lines: tuple[str, str, str | None], tier: str | None = "main", **more: Any) -> dict[str, Any]:
    told = [{"key": line, "odds": odds, "product": product} for line, odds, product in lines]
    return {"key": key, "tier": tier, "fallback": lines[-1][0], "lines": told, **more}


def pools() -> dict[str, Any]:
    golden = a_pool("golden", ("phone", "50%", "PHONE-256"), ("nothing", "rest", None), urn_plays=4)
    common = a_pool("main", ("points", "10%", "POINTS-5"), ("topup", "20%", "TOPUP-10"), ("thanks", "rest", None))
    never = a_pool("never", ("dust", "rest", None), tier=None)
    told = [
        {**golden, "audience": {"tiers": ["gold"]}},
        {**common, "tier": None, "guarantee": {"after": 3, "line": "points"}},
        never,
    ]
    lines = [line["key"] for pool in told for line in pool["lines"]]
    return {"pools": told, "game": {"face": "wheel", "sectors": lines}}


async def drawn(room: CampaignsRoom, campaign: str, member: str, **said: Any) -> str:
    shown = await room.plays.play(Asked(campaign=campaign, member=member, key=str(uuid4()), entry="{}", **said))
    return str(json.loads(shown)["drawn"])


@pytest.fixture
async def campaign(room: CampaignsRoom, publish_wheel: Publish) -> str:
    """Thirty plays: of a golden member, of a common one, and of one who became golden between two plays."""
    campaign = await publish_wheel(more=pools())
    ann, ben, cai = (str(uuid4()) for _ in range(3))
    for number in range(10):
        assert await drawn(room, campaign, ann, attributes=GOLD) in GOLDEN
        assert await drawn(room, campaign, ben, attributes={"tier": "silver"}) in COMMON
        assert await drawn(room, campaign, cai, attributes=GOLD if number >= 5 else {}) in (
            GOLDEN if number >= 5 else COMMON
        )
    await room.mending.tend(campaign)
    return campaign


async def test_draws_of_every_pool_recompute_and_fit(
    room: CampaignsRoom, database: Database, connection: Connection, campaign: str
) -> None:
    found = await findings(database, connection, room)
    assert {id_ for id_, finding in found.items() if not finding.holds} == set()
    assert (found["I11"].checked, found["I12"].checked) == (30, 30)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE play SET drawn = 'dust', awarded = 'dust' WHERE seq = 3", "which is in no pool of its tier"),
        ("UPDATE play SET drawn = 'phone', awarded = 'phone' WHERE seq = 2", "drew no card of its urn"),
        ("UPDATE play SET drawn = 'thanks', awarded = 'thanks' WHERE seq = 1", "and the seed says"),
        (
            "UPDATE play SET drawn = CASE drawn WHEN 'phone' THEN 'nothing' ELSE 'phone' END WHERE seq = 1",
            "and the seed says",
        ),
    ],
)
async def test_a_line_of_another_tier_or_pool_is_noticed(
    *,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    campaign: str,
    statement: str,
    fault: str,
) -> None:
    await tamper(database, [statement])
    finding: Finding = (await findings(database, connection, room))["I11"]
    assert finding.broken_total == 1
    assert fault in finding.broken[0]


@pytest.mark.parametrize(
    ("place", "change", "reason"),
    [
        (1, {"audience": {"tiers": ["silver"]}}, "the last pool of tier 'main' is 'main', which is not for everybody"),
        (0, {"audience": {}}, "nobody comes to the pools of tier 'main' after 'golden', which is for everybody"),
        (0, {"tier": "other"}, "the last pool of tier 'other' is 'golden', which is not for everybody"),
    ],
)
def test_a_member_without_a_pool_and_a_pool_without_members_are_refused(
    place: int, change: dict[str, Any], reason: str
) -> None:
    told = {**Shape().config(WallClock().now()), **pools()}
    check("wheel", told)
    told["pools"][place] |= change
    with pytest.raises(InvalidField) as refused:
        check("wheel", told)
    assert refused.value.facts["errors"] == [{"field": "config", "reason": reason}]


@pytest.mark.parametrize("change", [{"audience": {"tiers": ["gold", "silver"]}}, {"audience": {"segments": ["vip"]}}])
def test_who_draws_from_a_pool_stays_as_it_was_published(change: dict[str, Any]) -> None:
    told = {**Shape().config(WallClock().now()), **pools()}
    before = check("wheel", told)
    assert refused_changes(before, check("wheel", told)) == []
    told["pools"][0] |= change
    assert [refused["field"] for refused in refused_changes(before, check("wheel", told))] == ["pools"]
