"""A member types a code, and the chances on the button grow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import NOTHING
from tests.browser.test_access import finds_nothing_grave, stays_in, tabs_to
from tests.browser.visitor import EN_DESK, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
PAID = {"limits": {}, "chances": {"free": {"count": 1, "period": "all"}}}


async def is_told(visitor: Visitor, path: str, **facts: object) -> None:
    """This beside the field, which keeps what was typed and the focus."""
    await expect(visitor.see("#redeem-code-error")).to_have_text(visitor.words(path, **facts))
    await expect(visitor.see("#redeem-code-error")).to_have_attribute("role", "alert")
    await expect(visitor.see("#redeem-code")).to_have_attribute("aria-invalid", "true")
    await expect(visitor.see("#redeem-code")).to_be_focused()


@pytest.mark.long
@everyone
async def test_a_code_gives_goes_when_all_are_used(device: Device, operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(NOTHING, **PAID)
    closes_at = datetime.now(UTC) + timedelta(seconds=5)
    codes = f"/campaigns/{campaign}/code-batches"
    await operator.posts(codes, name="spring", chances=2, uses=9, code="SPRING2026")
    await operator.posts(codes, name="late", chances=2, code="TOO-LATE", closes_at=closes_at.isoformat())
    visitor = await visit(device, campaign)
    visitor.forgive("40[49]|410|422")
    await visitor.comes_to_play()
    await visitor.spins()
    await visitor.closes_the_sheet()
    await expect(visitor.see(".notice")).to_contain_text(visitor.words("redeem.without.title"))
    await visitor.presses(visitor.see(".notice .small"))
    sheet = visitor.sheet("redeem")
    await expect(sheet.locator("#redeem-code")).to_be_focused()
    await asyncio.sleep(max((closes_at - datetime.now(UTC)).total_seconds(), 0))
    submit = sheet.locator("button[type=submit]")
    for typed, code in (
        ("", "missing"),
        ("NO-SUCH-CODE", "unknown-code"),
        ("TOO-LATE", "code-closed"),
        ("AAAAA-AAAAA-AAAAB", "code-mistyped"),
    ):
        await sheet.locator("#redeem-code").fill(typed)
        await visitor.presses(submit)
        await is_told(visitor, f"redeem.refused.{code}")
        await expect(sheet.locator("#redeem-code")).to_have_value(typed)
    await finds_nothing_grave(visitor)
    await sheet.locator("#redeem-code").fill("ｓｐｒｉｎｇ 2026")
    await visitor.presses(submit)
    await expect(sheet).to_contain_text(visitor.words("redeem.done", n=2))
    await expect(sheet.locator(".primary")).to_be_focused()
    await expect(sheet.locator(".primary")).to_contain_text("2")
    await finds_nothing_grave(visitor)
    await visitor.closes_the_sheet()
    await expect(visitor.play_button).to_contain_text("2")
    await visitor.spins()
    await visitor.closes_the_sheet()
    await expect(visitor.play_button).to_contain_text("1")


@pytest.mark.long
async def test_a_keyboard_is_enough_to_redeem(operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(NOTHING, **PAID)
    await operator.posts(f"/campaigns/{campaign}/code-batches", name="spring", chances=3, uses=9, code="SPRING2026")
    visitor = await visit(EN_DESK.at_rest(), campaign)
    visitor.forgive("404|429")
    keyboard = visitor.page.keyboard
    await visitor.comes_to_play()
    link = visitor.button(visitor.words("hero.redeem"))
    await tabs_to(visitor, link)
    await keyboard.press("Enter")
    await expect(visitor.see("#redeem-code")).to_be_focused()
    await stays_in(visitor, visitor.sheet("redeem"))
    await tabs_to(visitor, visitor.see("#redeem-code"))
    await keyboard.type("spring-2026")
    await keyboard.press("Enter")
    await expect(visitor.sheet("redeem")).to_contain_text(visitor.words("redeem.done", n=3))
    await keyboard.press("Escape")
    await expect(visitor.see("dialog")).to_have_count(0)
    await expect(link).to_be_focused()
    await expect(visitor.play_button).to_contain_text("4")
    await keyboard.press("Enter")
    for number in range(5):
        await visitor.see("#redeem-code").fill(f"GUESS-{number}")
        await keyboard.press("Enter")
        await is_told(visitor, "redeem.refused.unknown-code")
    await visitor.see("#redeem-code").fill("spring2026")
    await keyboard.press("Enter")
    until = visitor.words("redeem.refused.too-many-wrong-codes").split("{time}")[0]
    await expect(visitor.see("#redeem-code-error")).to_contain_text(until)


async def test_where_nothing_is_to_be_redeemed_nothing_is_offered(operator: Operator, visit: Visit) -> None:
    visitor = await visit(ZH_PHONE.at_rest(), await operator.opens(NOTHING, **PAID))
    await visitor.comes_to_play()
    await expect(visitor.button(visitor.words("hero.redeem"))).to_be_hidden()
    await visitor.spins()
    await visitor.closes_the_sheet()
    await expect(visitor.see(".notice .small")).to_have_count(0)
