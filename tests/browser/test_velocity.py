"""A member who plays suspiciously often: told why and until when, or checked by the mall, and never charged for it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import POINTS
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, ZH_PHONE, Device
from tests.journeys.people import Operator

RULE = {"key": "quick", "of": "member", "most": 1}
TOLD = {"zh": "该账号在 {span}内已参加 1 次。", "en": "This account reached 1 play within {span}."}


async def test_a_wait_says_why_and_ends_by_itself(operator: Operator, visit: Visit) -> None:
    slow = [{**RULE, "seconds": 4, "action": "slow_down"}]
    campaign = await operator.opens(POINTS, velocity=slow, limits={"member_day_plays_max": 5})
    visitor = await visit(EN_DESK.at_rest(), campaign)
    await visitor.comes_to_play()
    await visitor.spins()
    await visitor.closes_the_sheet()
    visitor.forgive("429")
    await visitor.presses(visitor.play_button)
    notice = visitor.see(".notice")
    await expect(notice).to_contain_text(TOLD["en"].format(span="4 seconds"))
    await expect(notice).to_contain_text(visitor.words("states.slow-down.title"))
    await expect(visitor.play_button).to_be_visible(timeout=LAND_MS_MAX)
    await visitor.spins()
    assert len((await visitor.plays())["items"]) == 2


@pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK, marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
async def test_the_mall_checks_the_member_and_the_game_goes_on(
    device: Device, operator: Operator, visit: Visit
) -> None:
    check = [{**RULE, "seconds": 3600, "action": "challenge"}]
    campaign = await operator.opens(POINTS, velocity=check, limits={"member_day_plays_max": 5})
    visitor = await visit(device.at_rest(), campaign)
    await visitor.comes_to_play()
    await visitor.spins()
    await visitor.closes_the_sheet()
    visitor.forgive("403")
    await visitor.presses(visitor.play_button)
    notice = visitor.see(".notice")
    span = {"zh": "1 小时", "en": "1 hour"}[device.language]
    await expect(notice).to_contain_text(TOLD[device.language].format(span=span))
    await expect(notice).to_contain_text(visitor.words("states.challenge-needed.title"))
    mine = visitor.page.locator("#check button")
    await expect(mine).to_be_focused()
    await visitor.presses(mine)
    assert await visitor.is_shown_a_result()
    assert len((await visitor.plays())["items"]) == 2
