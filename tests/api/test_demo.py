"""The demo is playable before anybody is told of it, at the first start and after the counters were lost."""

from __future__ import annotations

import pytest
from redis import Redis

from api.demo import seed_demo
from api.house import House
from api.settings import Settings
from campaigns.plays import Asked
from tests.support.campaigns import WallClock


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


async def play(house: House, campaign: str) -> int:
    """The epoch in which a play goes through without any mending on its way."""
    before = await house.campaigns.versions.look_again(campaign)
    assert before.phase(house.clock.now()) == "live"
    await house.campaigns.plays.play(Asked(campaign=campaign, member=house.ids.new(), key=house.ids.new(), entry="{}"))
    assert (await house.campaigns.versions.look_again(campaign)).epoch == before.epoch
    return before.epoch


async def test_it_is_live_without_a_worker(settings: Settings, house: House, redis_url: str) -> None:
    first = await seed_demo(settings)
    assert list(first.campaigns) == [
        "wheel",
        "wheel-grid",
        "wheel-exact",
        "wheel-assured",
        "wheel-moments",
        "wheel-tasks",
        "wheel-raffle",
        "scratch",
        "quiz",
    ]
    played = [campaign for name, campaign in first.campaigns.items() if name != "quiz"]
    epochs = [await play(house, campaign) for campaign in played]

    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    second = await seed_demo(settings)
    assert second.campaigns == first.campaigns
    assert [await play(house, campaign) for campaign in played] == [epoch + 1 for epoch in epochs]
