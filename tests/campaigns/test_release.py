"""Stock that is let out over time: evenly or in stages, never sooner, and the draw says so where it was held back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from campaigns.config import Config
from campaigns.lifecycle import AgainstMembersFavour
from campaigns.models import Play
from campaigns.release import Stage, released
from campaigns.room import CampaignsRoom
from core.clock import to_ms
from core.db import Database
from inventory.connection import Connection
from tests.campaigns.conftest import Publish
from tests.campaigns.test_invariants import findings
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import assert_everything_holds
from tests.support.campaigns import Shape, WallClock, change

STARTS = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SURE = [("phone", "1/1", 40, None, "PHONE-256"), ("thanks", "0", None, None, None)]


def out(stock: int, days: float, release: Any = "linear") -> int:
    """How many of the stock are out so many days into a campaign of ten."""
    now_ms = to_ms(STARTS + days * DAY)
    return released(stock, release, starts_at=STARTS, ends_at=STARTS + 10 * DAY, now_ms=now_ms)


def test_an_even_release_lets_one_out_at_the_middle_of_each_share() -> None:
    assert [out(10, days) for days in (-1, 0, 0.49, 0.5, 1.49, 1.5, 9.49, 9.5, 10, 12)] == [
        0,
        0,
        0,
        1,
        1,
        2,
        9,
        10,
        10,
        10,
    ]
    assert (out(1, 4.99), out(1, 5)) == (0, 1)
    large = 1_000_000_000
    assert [out(large, days) for days in (2.5, 5, 10)] == [large // 4, large // 2, large]


def test_stages_keep_their_units_back_until_their_hours() -> None:
    stages = (Stage(at=STARTS + 2 * DAY, units=3), Stage(at=STARTS + 4 * DAY, units=5))
    assert [out(10, days, stages) for days in (0, 1.99, 2, 3.99, 4, 9)] == [2, 2, 5, 5, 10, 10]
    assert out(12, 0, stages) == 4, "stock that is added is out at once"


@pytest.mark.parametrize("sold_out", ["fallback", "renormalise"])
async def test_only_what_is_out_is_given(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish, sold_out: str
) -> None:
    campaign = await publish_wheel(
        lines=SURE, of_lines={"phone": {"release": "linear"}}, sold_out=sold_out, starts_in=-2.6 * DAY, lasts=10 * DAY
    )
    answers = [await play(room, asked(campaign)) for _ in range(14)]
    assert [answer["awarded"] for answer in answers] == ["phone"] * 10 + ["thanks"] * 4
    assert {answer["drawn"] for answer in answers} == {"phone"}
    await assert_everything_holds(database, connection, room, campaign)


async def test_stages_open_while_the_campaign_runs(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    now = WallClock().now()
    stages = [{"at": (now + hours * DAY / 24).isoformat(), "units": 19} for hours in (-1, 1)]
    campaign = await publish_wheel(lines=SURE, of_lines={"phone": {"release": stages}}, starts_in=-DAY)
    answers = [(await play(room, asked(campaign)))["awarded"] for _ in range(23)]
    assert answers == ["phone"] * 21 + ["thanks"] * 2
    await change(database, room, campaign, "add_stock", line="phone", units=1)
    assert [(await play(room, asked(campaign)))["awarded"] for _ in range(2)] == ["phone", "thanks"]
    await assert_everything_holds(database, connection, room, campaign)


async def test_a_unit_given_before_its_hour_is_noticed(
    room: CampaignsRoom, database: Database, connection: Connection, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(
        lines=SURE, of_lines={"phone": {"release": "linear"}}, starts_in=-2.6 * DAY, lasts=10 * DAY
    )
    answer = await play(room, asked(campaign))
    async with database.transaction() as session:
        row = await session.get_one(Play, answer["id"])
        row.unit, row.numbers = 12, "unit:phone=0:12;"
    (fault,) = (await findings(database, connection, room))["I11"].broken
    assert "was given unit 12 of phone when 10 were out" in fault


async def test_a_release_stays_as_it_was_published(
    room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign = await publish_wheel(lines=SURE, of_lines={"phone": {"release": "linear"}})
    told = (await room.versions.running(campaign)).version.config.model_dump(mode="json")
    told["pools"][0]["lines"][0]["release"] = "at_once"
    with pytest.raises(AgainstMembersFavour):
        await change(database, room, campaign, "amend", told=told, seen_version=1)


@pytest.mark.parametrize(
    ("of_line", "words"),
    [
        ({"stock": None, "release": "linear"}, "has no stock to let out"),
        ({"release": [{"at": "2026-03-01T00:00:00Z", "units": 41}]}, "more units than its stock"),
        ({"release": [{"at": "2026-03-01T00:00:00", "units": 1}]}, "timezone"),
        ({"release": []}, "at least 1 item"),
        ({"release": "slowly"}, "'at_once' or 'linear'"),
    ],
)
def test_a_release_that_cannot_be_is_refused(of_line: dict[str, Any], words: str) -> None:
    told = Shape(lines=SURE, of_lines={"phone": of_line}).config(WallClock().now())
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(told)
