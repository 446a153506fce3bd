"""A campaign's life: what may change while it runs, and that each change is a version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from campaigns.config import Config
from campaigns.fairness import config_hash
from campaigns.favour import refused_changes
from campaigns.lifecycle import (
    AgainstMembersFavour,
    AlreadyInState,
    CampaignEnded,
    EditedMeanwhile,
    NotDraft,
    NotPublished,
)
from campaigns.models import Campaign, CampaignVersion, StockLot
from campaigns.room import CampaignsRoom
from core.db import Database
from core.errors import InvalidField
from tests.campaigns.conftest import Publish
from tests.support.campaigns import MALL, Author, Shape, WallClock, author, change

NOW = WallClock().now()


def config(**more: Any) -> Config:
    return Config.model_validate(Shape(member_day_plays_max=3, member_plays_max=30).config(NOW) | more)


def line(number: int, **more: Any) -> Callable[[dict[str, Any]], None]:
    def edit(told: dict[str, Any]) -> None:
        told["pools"][0]["lines"][number] |= more

    return edit


def field(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(told: dict[str, Any]) -> None:
        told[name] = value

    return edit


def edited(edit: Callable[[dict[str, Any]], None]) -> Config:
    told = config().model_dump()
    told["pools"] = [{**pool, "lines": [dict(line) for line in pool["lines"]]} for pool in told["pools"]]
    edit(told)
    return Config.model_validate(told)


@pytest.mark.parametrize(
    "edit",
    [
        field("ends_at", NOW + timedelta(days=60)),
        field("claim_days", 30),
        field("limits", {"member_day_plays_max": 4, "member_plays_max": None}),
        line(0, stock=6),
        line(1, day_cap=9),
    ],
    ids=["ends later", "longer to claim", "more plays", "more stock", "higher cap"],
)
def test_what_favours_members_may_change(edit: Callable[[dict[str, Any]], None]) -> None:
    assert refused_changes(config(), edited(edit)) == []


@pytest.mark.parametrize(
    ("edit", "at", "reason"),
    [
        (field("ends_at", NOW + timedelta(days=2)), "ends_at", "may only end later"),
        (field("starts_at", NOW + timedelta(days=1)), "starts_at", "were told otherwise"),
        (field("zone", "Europe/Berlin"), "zone", "were told otherwise"),
        (field("claim_days", 3), "claim_days", "may only grow"),
        (field("limits", {"member_day_plays_max": 2, "member_plays_max": 30}), "limits.member_day_plays_max", "more plays"),
        (field("limits", {"member_day_plays_max": 3, "member_plays_max": 9}), "limits.member_plays_max", "more plays"),
        (line(0, odds="9%"), "lines.phone.odds", "published odds never change"),
        (line(0, product="POINTS-5"), "lines.phone.product", "stays what it was"),
        (line(0, stock=4), "lines.phone.stock", "only be added to"),
        (line(0, stock=None), "lines.phone.stock", "only be added to"),
        (line(1, stock=100), "lines.topup.stock", "only be added to"),
        (line(1, day_cap=7), "lines.topup.day_cap", "only be raised"),
        (line(0, day_cap=1), "lines.phone.day_cap", "only be raised"),
        (line(0, key="telephone"), "pools", "stay as they were published"),
    ],
)  # fmt: skip
def test_what_does_not_is_refused_with_the_reason(edit: Callable[[dict[str, Any]], None], at: str, reason: str) -> None:
    (refused,) = refused_changes(config(), edited(edit))
    assert refused["field"] == at
    assert reason in refused["reason"]


async def versions_of(database: Database, campaign: str) -> list[CampaignVersion]:
    async with database.reading() as session:
        query = select(CampaignVersion).where(CampaignVersion.campaign_id == campaign).order_by(CampaignVersion.version)
        return list(await session.scalars(query))


async def test_every_change_is_a_version_that_says_who_and_why(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel()
    await change(database, room, campaign, "pause")
    await change(database, room, campaign, "resume")
    await change(database, room, campaign, "add_stock", line="phone", units=2)
    await change(database, room, campaign, "extend", ends_at=NOW + timedelta(days=90))
    written = await versions_of(database, campaign)
    assert [(one.version, one.change, one.state, one.epoch) for one in written] == [
        (1, "publish", "published", 1),
        (2, "pause", "paused", 2),
        (3, "resume", "published", 3),
        (4, "add-stock", "published", 3),
        (5, "extend", "published", 3),
    ]
    assert {(one.author, one.reason) for one in written} == {("owner@demo.example", "a test")}
    assert all(one.config_hash == config_hash(one.config) for one in written)
    async with database.reading() as session:
        lots = select(StockLot.first_unit, StockLot.last_unit, StockLot.version).where(StockLot.campaign_id == campaign)
        assert sorted(tuple(lot) for lot in await session.execute(lots)) == [(1, 5, 1), (6, 7, 4)]


async def test_a_published_version_pins_its_products(database: Database, publish_wheel: Publish) -> None:
    (written,) = await versions_of(database, await publish_wheel())
    assert set(written.config["prizes"]) == {"PHONE-256", "TOPUP-10"}
    assert written.config["prizes"]["TOPUP-10"]["claim"] == "phone"


@pytest.mark.parametrize(
    ("verb", "arguments", "refusal"),
    [
        ("publish", {}, NotDraft),
        ("resume", {}, AlreadyInState),
        ("extend", {"ends_at": NOW}, AgainstMembersFavour),
        ("add_stock", {"line": "thanks", "units": 1}, InvalidField),
        ("add_stock", {"line": "gold", "units": 1}, InvalidField),
        ("amend", {"told": {}, "seen_version": 7}, EditedMeanwhile),
    ],
)
async def test_a_refused_change_leaves_no_version(
    *,
    room: CampaignsRoom,
    database: Database,
    publish_wheel: Publish,
    verb: str,
    arguments: dict[str, Any],
    refusal: type[Exception],
) -> None:
    campaign = await publish_wheel()
    with pytest.raises(refusal):
        await change(database, room, campaign, verb, **arguments)
    assert len(await versions_of(database, campaign)) == 1


async def test_a_draft_cannot_be_paused_and_a_past_one_not_published(room: CampaignsRoom, database: Database) -> None:
    past = Shape(starts_in=timedelta(days=-2), lasts=timedelta(days=1)).config(NOW)
    async with database.transaction() as session:
        draft = await room.lifecycle.create(session, mall=MALL, game="wheel", template="reference", changes=past)
        with pytest.raises(NotPublished):
            await room.lifecycle.pause(session, draft, author())
        with pytest.raises(InvalidField, match="is in the past"):
            await room.lifecycle.publish(session, draft, author())


async def test_a_product_that_is_not_catalogued_is_refused_with_its_place(
    room: CampaignsRoom, database: Database
) -> None:
    lines = [("gold", "10%", 1, None, "GOLD-1"), ("thanks", "rest", None, None, None)]
    async with database.transaction() as session:
        told = Shape(lines=lines).config(NOW)
        draft = await room.lifecycle.create(session, mall=MALL, game="wheel", template="reference", changes=told)
        with pytest.raises(InvalidField) as refused:
            await room.lifecycle.publish(session, draft, author())
    assert refused.value.facts["errors"][0]["field"] == "pools.0.lines.0.product"


async def test_nothing_changes_after_the_end(room: CampaignsRoom, database: Database, publish_wheel: Publish) -> None:
    campaign = await publish_wheel()
    late = Author(email="owner@demo.example", at=NOW + timedelta(days=40), reason="too late")
    async with database.transaction() as session:
        row = await session.get_one(Campaign, campaign)
        with pytest.raises(CampaignEnded):
            await room.lifecycle.pause(session, row, late)
        with pytest.raises(CampaignEnded):
            await room.lifecycle.add_stock(session, row, late, line="phone", units=1)
