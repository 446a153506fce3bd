"""The frame belongs to the mall that shows it, tells its page what happens, and shows itself to nobody else."""

from __future__ import annotations

import json

import httpx
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import NOTHING, TOPUP, limits
from tests.browser.visitor import EN_DESK, ZH_PHONE, Visitor
from tests.journeys.people import Operator
from tests.support.processes import RunningHouse


async def events(visitor: Visitor) -> list[tuple[str, dict[str, object]]]:
    """What the mall's page was told, oldest first."""
    lines = await visitor.page.locator("#events li").all_text_contents()
    return [(line.split(" ", 1)[0], json.loads(line.split(" ", 1)[1])) for line in reversed(lines)]


async def test_the_frame_stands_on_an_origin_of_its_own(operator: Operator, visit: Visit, estate: RunningHouse) -> None:
    visitor = await visit(ZH_PHONE, await operator.opens(NOTHING))
    await visitor.comes_to_play()
    assert await visitor.page.evaluate("location.origin") == estate.demo["demo_mall_url"]
    assert await visitor.inside.evaluate("location.origin") == estate.demo["base_url"]
    assert await visitor.inside.evaluate("location.hash") == ""
    sandbox = await visitor.page.locator("windfall-campaign iframe").get_attribute("sandbox")
    assert "allow-top-navigation" not in str(sandbox)


async def test_the_mall_is_told_what_happened_and_nothing_personal(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(TOPUP, **limits(total=1)))
    await visitor.comes_to_play()
    play = await visitor.spins()
    await visitor.presses(visitor.button(visitor.words("result.phone")))
    await visitor.see("#claim-phone").fill("13800000000")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.sheet("claim").locator(".result-next")).to_be_visible()
    await visitor.closes_the_sheet()
    told = await events(visitor)
    kinds = [kind for kind, _ in told]
    assert kinds == ["ready", "play-started", "outcome", "claim-needed", "no-chance", "claim-done", "closed"]
    assert told[2][1] == {"play": play["id"], "line": "topup", "won": True}
    assert "138" not in json.dumps([facts for kind, facts in told if kind.startswith("claim")]).replace(
        play["award"]["id"], ""
    )


async def test_another_origin_cannot_frame_the_campaign(operator: Operator, visit: Visit, estate: RunningHouse) -> None:
    campaign = await operator.opens(NOTHING)
    visitor = await visit(EN_DESK, campaign)
    visitor.forgive("frame-ancestors", "404")  # the second for that origin's missing icon
    address = f"{visitor.client.base_url}/w/{campaign}"

    port = httpx.URL(estate.url).port or 0
    await visitor.page.goto(f"http://127.0.0.1:{port + 2}/book")  # the supplier's origin, which no mall has allowed
    put = "address => document.body.append(Object.assign(document.createElement('iframe'), { src: address }))"
    async with visitor.page.expect_event("console", lambda said: "frame-ancestors" in said.text):
        await visitor.page.evaluate(put, address)
    await expect(visitor.page.frame_locator("iframe").locator("#windfall")).to_have_count(0)


async def test_without_a_mall_around_it_the_frame_shows_the_campaign_and_asks_to_come_from_the_mall(
    operator: Operator, visit: Visit
) -> None:
    visitor = await visit(ZH_PHONE, await operator.opens(NOTHING))
    await visitor.page.goto(f"{visitor.client.base_url}/w/{visitor.campaign}")
    await expect(visitor.page.locator(".notice")).to_contain_text(visitor.words("states.signed-out.title"))
    await expect(visitor.page.locator(".wheel")).to_be_visible()


async def test_the_page_may_change_the_language_and_hold_the_game(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(NOTHING))
    await visitor.comes_to_play()
    await visitor.page.locator("windfall-campaign").evaluate("element => element.setLocale('zh')")
    chinese = Visitor(**{**vars(visitor), "device": ZH_PHONE})
    await expect(visitor.see(".links .link").nth(0)).to_have_text(chinese.words("hero.rules"))
    assert await visitor.inside.evaluate("document.documentElement.lang") == "zh-CN"
    await visitor.page.locator("windfall-campaign").evaluate("element => element.pause()")
    await expect(visitor.see(".notice")).to_contain_text(chinese.words("states.held.title"))
    await visitor.page.locator("windfall-campaign").evaluate("element => element.pause(false)")
    await visitor.is_ready()


async def test_a_stranger_in_the_page_cannot_speak_to_the_frame(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(NOTHING))
    await visitor.comes_to_play()
    forged = "() => window.postMessage({ windfall: 1, type: 'pause', paused: true }, '*')"
    await visitor.inside.evaluate(forged)  # the frame's own window is not the mall's
    await visitor.spins()
