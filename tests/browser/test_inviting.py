"""A member sends a friend to the mall's page, and both have more goes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_access import finds_nothing_grave, stays_in, tabs_to
from tests.browser.visitor import EN_DESK, ZH_PHONE, Visitor
from tests.support.processes import RunningHouse

SHARES = "navigator.share = async (facts) => { window.shared = facts; };"
IN_WECHAT = "Object.defineProperty(navigator, 'userAgent', { get: () => 'Mozilla/5.0 MicroMessenger/8.0.50' });"


GIVEN_MS_MAX = 40_000
"""The worker finds the play and gives what it earned, and the page looks again every fifteen seconds."""


async def comes_to_tasks(visitor: Visitor) -> None:
    query = f"lang={visitor.device.language}&member={visitor.name}&campaign=wheel-tasks"
    await visitor.page.goto(f"{visitor.mall_url}/?{query}")
    await visitor.is_ready()


@pytest.mark.long
async def test_a_friend_comes_by_a_link_and_plays(visit: Visit, estate: RunningHouse) -> None:
    campaign = estate.demo["campaigns"]["wheel-tasks"]
    ann, ben = await visit(ZH_PHONE.at_rest(), campaign), await visit(EN_DESK.at_rest(), campaign)
    await ann.page.add_init_script(SHARES)
    await comes_to_tasks(ann)
    await ann.presses(ann.button(ann.words("hero.invite")))
    sheet = ann.sheet("invite")
    link = await sheet.locator("code").text_content() or ""
    await expect(sheet.get_by_role("img", name=ann.words("invite.qr"))).to_be_visible()
    await expect(sheet).to_contain_text(ann.words("invite.nobody"))
    await finds_nothing_grave(ann)
    share = sheet.get_by_role("button", name=ann.words("invite.share"))
    await expect(share).to_be_focused()
    await ann.presses(share)
    assert (await ann.inside.evaluate("window.shared"))["url"] == link
    assert link.startswith(ann.mall_url)
    assert parse_qs(urlsplit(link).query)["member"] == ["new"]
    await ann.closes_the_sheet()

    await ben.page.goto(link.replace("lang=zh", "lang=en"))
    welcome = ben.sheet("invited")
    await expect(welcome).to_contain_text(ben.words("invited.later", n=1))
    await expect(welcome.locator(".primary")).to_be_focused()
    await finds_nothing_grave(ben)
    await ben.presses(welcome.locator(".primary"))
    await ben.is_shown_a_result()
    await ben.closes_the_sheet()
    await expect(ben.play_button).to_be_visible(timeout=GIVEN_MS_MAX)  # the chance for coming, by itself
    await ben.page.reload()
    await ben.is_ready()  # and nobody is welcomed twice
    await expect(ben.see("dialog")).to_have_count(0)
    await expect(ben.play_button).to_contain_text("1")

    await ann.page.reload()
    await ann.is_ready()
    await expect(ann.play_button).to_contain_text("2")
    await ann.presses(ann.button(ann.words("hero.invite")))
    await expect(ann.sheet("invite")).to_contain_text(ann.words("invite.so_far", n=1, earned=1))
    await expect(ann.sheet("invite").locator("code")).to_have_text(link)
    await ann.page.goto(link.replace("member=new", f"member={ann.name}"))
    await ann.is_ready()  # one's own link says nothing
    await expect(ann.see("dialog")).to_have_count(0)
    ann.forgive("409")


async def test_a_keyboard_is_enough_and_a_link_that_is_none_is_said_to_be_none(
    visit: Visit, estate: RunningHouse
) -> None:
    visitor = await visit(EN_DESK.at_rest(), estate.demo["campaigns"]["wheel-tasks"])
    visitor.forgive("404")
    await comes_to_tasks(visitor)
    link = visitor.button(visitor.words("hero.invite"))
    await tabs_to(visitor, link)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.sheet("invite").locator("code")).to_be_visible()
    await stays_in(visitor, visitor.sheet("invite"))
    await visitor.page.keyboard.press("Escape")
    await expect(link).to_be_focused()
    await visitor.page.goto(f"{visitor.page.url}&windfall_invitation={'0' * 22}")
    await expect(visitor.sheet("invited")).to_contain_text(visitor.words("invited.refused.unknown-invitation"))


async def test_inside_wechat_nothing_is_shared(visit: Visit, estate: RunningHouse) -> None:
    visitor = await visit(ZH_PHONE.at_rest(), estate.demo["campaigns"]["wheel-tasks"])
    await visitor.page.add_init_script(IN_WECHAT)
    await comes_to_tasks(visitor)
    await visitor.presses(visitor.button(visitor.words("hero.invite")))
    await expect(visitor.sheet("invite")).to_contain_text(visitor.words("invite.wechat"))
    await expect(visitor.sheet("invite").locator("code, svg.qr")).to_have_count(0)
    assert not [one for one in visitor.sent if one.url.endswith("/invitations")]
