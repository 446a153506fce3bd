"""Goes that are earned in the mall, and several goes at once."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import POINTS
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, ZH_PHONE, Device
from tests.journeys.people import Operator
from tests.support.processes import RunningHouse

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK, marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)


@pytest.mark.long
@everyone
async def test_a_check_in_at_the_mall_gives_a_go(device: Device, visit: Visit, estate: RunningHouse) -> None:
    visitor = await visit(device.at_rest(), estate.demo["campaigns"]["wheel-tasks"])
    query = urlencode({"lang": device.language, "member": visitor.name, "campaign": "wheel-tasks"})
    await visitor.page.goto(f"{visitor.mall_url}/?{query}")
    await visitor.is_ready()
    verb = {"zh": "转一转", "en": "Spin"}[device.language]
    await expect(visitor.play_button).to_have_text(visitor.words("hero.play", verb=verb, n=1))
    tasks, told = visitor.page.locator(".tasks"), visitor.page.locator("#task-told")
    await visitor.presses(tasks.locator("[data-task=check-in]"))
    await expect(told).to_contain_text("1")
    await expect(visitor.play_button).to_have_text(visitor.words("hero.play", verb=verb, n=2))
    await expect(visitor.see(".hint")).to_contain_text({"zh": "到期", "en": "until"}[device.language])
    await visitor.presses(tasks.locator("[data-task=check-in]"))
    await expect(told).to_have_text({"zh": "今天的已经领过了", "en": "You have had all of today's"}[device.language])
    await expect(visitor.play_button).to_have_text(visitor.words("hero.play", verb=verb, n=2))
    for _ in range(2):
        await visitor.spins()
        await visitor.closes_the_sheet()
    await visitor.presses(tasks.locator("[data-task=order]"))
    await visitor.is_ready()
    await visitor.presses(visitor.see(".links .link").nth(0))
    await expect(visitor.sheet("rules")).to_contain_text(visitor.words("rules.spent_first"))


@everyone
async def test_five_goes_at_once_are_five_plays_and_one_sheet(device: Device, operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(POINTS, limits={"member_day_plays_max": 6, "plays_at_once_max": 5})
    visitor = await visit(device.at_rest(), campaign)
    await visitor.comes_to_play()
    many = visitor.see("button.many")
    await expect(many).to_have_text(visitor.words("hero.play_several", n=5))
    await visitor.presses(many)
    sheet = visitor.sheet("several")
    await expect(sheet).to_be_visible(timeout=LAND_MS_MAX)
    plays = (await visitor.plays())["items"]
    won = sum(play["award"] is not None for play in plays)
    assert len(plays) == 5
    await expect(sheet.locator(".sheet-head")).to_contain_text(visitor.words("result.of_several", n=5, won=won))
    await visitor.closes_the_sheet()
    await expect(many).to_be_hidden()
    await visitor.spins()


async def test_a_lost_answer_to_several_goes_is_asked_for_again(operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(POINTS, limits={"member_plays_max": 5, "plays_at_once_max": 5})
    visitor = await visit(ZH_PHONE.at_rest(), campaign)
    await visitor.comes_to_play()
    visitor.forgive("ERR_FAILED", "Failed to load")
    lost = []

    async def lose_the_first(route) -> None:  # type: ignore[no-untyped-def]
        answer = await route.fetch()
        if lost:
            await route.fulfill(response=answer)
        else:
            lost.append(await answer.body())
            await route.abort()

    await visitor.page.route("**/plays/several", lose_the_first)
    await visitor.presses(visitor.see("button.many"))
    await expect(visitor.sheet("several")).to_be_visible(timeout=LAND_MS_MAX)
    assert len((await visitor.plays())["items"]) == 5
