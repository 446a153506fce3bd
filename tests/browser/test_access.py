"""By keyboard, without motion, and with assistive technology."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.shelf import NOTHING, TOPUP, UMBRELLA, limits
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator, hours

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
TABS_MAX = 30
GRAVE = {"serious", "critical"}


async def tabs_to(visitor: Visitor, target: Locator) -> None:
    for _ in range(TABS_MAX):
        if await target.evaluate("element => element === element.ownerDocument.activeElement"):
            return
        await visitor.page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached in {TABS_MAX} tabs")


async def stays_in(visitor: Visitor, sheet: Locator) -> None:
    """However often Tab is pressed, the focus does not leave the sheet."""
    for key in ["Tab"] * 8 + ["Shift+Tab"] * 8:
        await visitor.page.keyboard.press(key)
        inside = "sheet => document.hasFocus() && sheet.contains(document.activeElement)"
        assert await sheet.evaluate(inside)


async def test_a_keyboard_is_enough_to_play_claim_and_look(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(TOPUP, **limits(day=2)))
    keyboard = visitor.page.keyboard
    await visitor.comes_to_play()
    await tabs_to(visitor, visitor.play_button)
    await keyboard.press("Enter")
    assert await visitor.is_shown_a_result() == "win"
    await stays_in(visitor, visitor.sheet("win"))
    await tabs_to(visitor, visitor.button(visitor.words("result.phone")))
    await keyboard.press("Enter")
    await expect(visitor.see("#claim-phone")).to_be_focused()
    await stays_in(visitor, visitor.sheet("claim"))
    await keyboard.press("Escape")
    await expect(visitor.see("dialog")).to_have_count(0)
    await expect(visitor.play_button).to_be_focused()

    await keyboard.press("Enter")
    assert await visitor.is_shown_a_result() == "win"
    await keyboard.press("Escape")
    await expect(visitor.see("dialog")).to_have_count(0)
    await expect(visitor.see(".notice")).to_be_focused()

    await tabs_to(visitor, visitor.see(".links .link").nth(1))
    await keyboard.press("Enter")
    await tabs_to(visitor, visitor.see("#tab-prizes"))
    await keyboard.press("ArrowRight")
    await expect(visitor.see("#tab-plays")).to_be_focused()
    await expect(visitor.see(".go")).to_have_count(2)
    await keyboard.press("Escape")
    await expect(visitor.see(".links .link").nth(1)).to_be_focused()


@everyone
async def test_sheets_give_the_focus_back_to_what_opened_them(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await operator.opens(NOTHING))
    await visitor.comes_to_play()
    for link in (visitor.see(".links .link").nth(0), visitor.see(".links .link").nth(1)):
        for _ in range(2):
            await link.focus()
            await visitor.page.keyboard.press("Enter")
            await expect(visitor.see("dialog[open]")).to_be_visible()
            await visitor.page.keyboard.press("Escape")
            await expect(visitor.see("dialog")).to_have_count(0)
            await expect(link).to_be_focused()


@everyone
async def test_without_motion_nothing_turns_and_the_result_is_there(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(TOPUP))
    await visitor.comes_to_play()
    angles = """() => {
        const rotor = document.querySelector(".wheel-rotor");
        window.angles = new Set();
        const look = () => { window.angles.add(getComputedStyle(rotor).transform); requestAnimationFrame(look); };
        look();
    }"""
    await visitor.inside.evaluate(angles)
    play = await visitor.spins()
    assert await visitor.inside.evaluate("() => window.angles.size") <= 2  # where it stood, and where it stands
    assert await visitor.sector_under_the_pointer() == play["reveal"]["sector"]
    await expect(visitor.see("canvas.confetti")).to_have_count(0)
    await expect(visitor.see("dialog [role=status]")).not_to_be_empty()


async def finds_nothing_grave(visitor: Visitor) -> None:
    found = (await Axe().run(visitor.inside)).response["violations"]
    grave = [f"{one['id']}: {node['target']}" for one in found if one["impact"] in GRAVE for node in one["nodes"]]
    assert grave == []


async def a_won_claim(visitor: Visitor) -> None:
    await visitor.comes_to_play()
    await visitor.spins()


async def a_form_with_errors(visitor: Visitor) -> None:
    await a_won_claim(visitor)
    await visitor.presses(visitor.button(visitor.words("result.address")))
    await visitor.presses(visitor.sheet("claim").locator("button[type=submit]"))
    await expect(visitor.see("#claim-address-error")).not_to_be_empty()


async def my_prizes_and_plays(visitor: Visitor) -> None:
    await a_won_claim(visitor)
    await visitor.closes_the_sheet()
    mine = await visitor.opens_my("prizes")
    await expect(mine.locator(".award")).to_be_visible()
    await finds_nothing_grave(visitor)
    await visitor.presses(mine.locator("#tab-plays"))
    await expect(mine.locator(".go")).to_be_visible()


async def the_rules(visitor: Visitor) -> None:
    await visitor.comes_to_play()
    await finds_nothing_grave(visitor)
    await visitor.presses(visitor.see(".links .link").nth(0))
    await expect(visitor.sheet("rules")).to_be_visible()


@everyone
@pytest.mark.parametrize("skin", ["warm", "cool", "night"])
async def test_axe_finds_nothing_grave_at_the_wheel_and_in_the_rules(
    device: Device, skin: str, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(UMBRELLA, skin=skin, **limits(day=3)))
    await the_rules(visitor)
    await finds_nothing_grave(visitor)


@everyone
@pytest.mark.parametrize("scene", [a_won_claim, a_form_with_errors, my_prizes_and_plays])
async def test_axe_finds_nothing_grave_in_what_follows_a_win(
    device: Device, scene: Callable[[Visitor], Awaitable[None]], operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(UMBRELLA))
    await scene(visitor)
    await finds_nothing_grave(visitor)


@everyone
async def test_axe_finds_nothing_grave_after_a_loss_and_before_the_start(
    device: Device, operator: Operator, visit: Visit
) -> None:
    loser = await visit(device, await operator.opens(NOTHING, **limits(total=1)))
    await loser.comes_to_play()
    await loser.spins()
    await finds_nothing_grave(loser)
    await loser.closes_the_sheet()
    await finds_nothing_grave(loser)
    early = await visit(device, await operator.opens(NOTHING, **hours(opens_in=3600)))
    await early.arrives()
    await expect(early.see(".countdown")).to_be_visible(timeout=LAND_MS_MAX)
    await finds_nothing_grave(early)
