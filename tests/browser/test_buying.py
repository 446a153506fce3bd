"""A member without a chance left buys one with the points they won, by touch and by keyboard, in both languages."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.shelf import POINTS
from tests.browser.visitor import DELIVER_MS_MAX, EN_DESK, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator

ONE_FREE = {"chances": {"free": {"count": 1, "period": "all"}, "price": {"points": 50, "at_once_max": 3}}}
PURCHASES = "**/v1/campaigns/*/purchases"


async def wins_66_points(visitor: Visitor) -> None:
    """The free chance is used up, and what it won has arrived."""
    await visitor.comes_to_play()
    await visitor.spins()
    member = await visitor.member()
    await expect(visitor.sheet("win")).to_contain_text("66")
    async with asyncio.timeout(DELIVER_MS_MAX / 1000):
        while (await member.gets("/wallet"))["points"] != 66:
            await visitor.page.wait_for_timeout(100)
    await visitor.closes_the_sheet()


@pytest.mark.long
@pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
async def test_points_that_were_won_buy_one_more(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await operator.opens(POINTS, **ONE_FREE))
    await wins_66_points(visitor)
    notice = visitor.see(".notice[data-state=may-buy]")
    await expect(notice).to_contain_text(visitor.words("states.may-buy.title"))
    await visitor.presses(notice.get_by_role("button"))
    sheet = visitor.sheet("buy")
    await expect(sheet.locator(".balance")).to_have_text(visitor.words("buy.balance", points=66))
    await visitor.presses(sheet.get_by_role("button", name=visitor.words("buy.more")))
    await expect(sheet.get_by_role("alert")).to_have_text(visitor.words("buy.short", points=34))
    await expect(sheet.locator(".primary")).to_have_attribute("aria-disabled", "true")
    await visitor.presses(sheet.get_by_role("button", name=visitor.words("buy.fewer")))
    if device.touch:
        await visitor.presses(sheet.locator(".primary"))
    else:
        await sheet.locator(".primary").focus()
        await visitor.page.keyboard.press("Enter")
    await expect(visitor.see("dialog")).to_have_count(0)
    await expect(visitor.play_button).to_be_focused()
    await expect(visitor.see("[role=status][aria-live]")).to_contain_text(visitor.words("buy.done", n=1))
    assert (await (await visitor.member()).gets("/wallet"))["points"] == 16
    await visitor.spins()


async def test_a_lost_answer_is_asked_for_with_the_same_key(operator: Operator, visit: Visit) -> None:
    visitor = await visit(ZH_PHONE.at_rest(), await operator.opens(POINTS, **ONE_FREE))
    await wins_66_points(visitor)
    keys: list[str] = []

    async def loses_the_first_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            await route.continue_()
            return
        await route.fetch()
        await route.abort()

    visitor.forgive("ERR_FAILED")
    await visitor.page.route(PURCHASES, loses_the_first_answer)
    await visitor.presses(visitor.see(".notice").get_by_role("button"))
    await visitor.presses(visitor.sheet("buy").locator(".primary"))
    await expect(visitor.see("dialog")).to_have_count(0)
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert (await (await visitor.member()).gets("/wallet"))["points"] == 16


@pytest.mark.long
async def test_a_refusal_is_read_out_and_takes_nothing(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(POINTS, **ONE_FREE))
    await wins_66_points(visitor)
    await visitor.presses(visitor.see(".notice").get_by_role("button"))
    sheet = visitor.sheet("buy")
    await expect(sheet.locator(".balance")).to_contain_text("66")
    await operator.changes(visitor.campaign, "pause")
    visitor.forgive("409")
    await visitor.presses(sheet.locator(".primary"))
    await expect(sheet.get_by_role("alert")).to_have_text(visitor.words("buy.paused"))
    assert (await (await visitor.member()).gets("/wallet"))["points"] == 66
