"""Scratch cards under the hand: dealt, scratched, tapped or opened by a key; what is under the coat is what the server said."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.shelf import POINTS, TOPUP, UMBRELLA
from tests.browser.test_access import finds_nothing_grave
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, ZH_PHONE, Device, Visitor
from tests.journeys.people import Line, Operator, pool_of

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk-at-rest"]
)
UNCOVER = "**/v1/plays/*/uncover"


async def a_campaign_of_cards(operator: Operator, lines: list[Line], **changes: Any) -> str:
    game = {"symbols": [key for key, *_, product in lines if product], "waits_days": 7}
    more = {"limits": {"plays_at_once_max": 5, "member_day_plays_max": 5}, **pool_of(lines), "game": game, **changes}
    campaign = await operator.drafts("lucky", of="scratch", **more)
    await operator.publishes(campaign)
    return campaign


async def takes_a_card(visitor: Visitor) -> dict[str, Any]:
    await visitor.presses(visitor.play_button)
    await expect(visitor.see(".card-coat.live")).to_be_visible()
    await expect(visitor.play_button).to_have_text(visitor.game_words("scratch")["uncover"])
    (card,) = (await visitor.plays())["items"]
    assert (card["awarded"], card["award"], card["reveal"]) == (None, None, None)
    taken: dict[str, Any] = card
    return taken


async def scratches(visitor: Visitor, *, rows: int) -> None:
    """Up and down the coat with a mouse, so many of ten rows."""
    await visitor.see(".card-coat").hover()  # once it stands still
    box = await visitor.see(".card-coat").bounding_box()
    assert box is not None
    mouse, (left, right) = visitor.page.mouse, (box["x"] + 6, box["x"] + box["width"] - 6)
    await mouse.move(left, box["y"] + box["height"] * 0.05)
    await mouse.down()
    for row in range(rows):
        await mouse.move((right, left)[row % 2], box["y"] + box["height"] * (row + 0.5) / 10, steps=12)
    await mouse.up()


async def sees_what_was_drawn(visitor: Visitor) -> dict[str, Any]:
    """The sheet, and under it nine pictures that agree with the ledger."""
    await visitor.is_shown_a_result()
    play = (await visitor.plays())["items"][0]
    alike = play["reveal"]["cells"].count(play["awarded"])
    await expect(visitor.see(".card-cell.alike")).to_have_count(3 if play["award"] else 0)
    assert alike == (3 if play["award"] else 0)
    await expect(visitor.see(".card-coat")).to_be_hidden()
    shown: dict[str, Any] = play
    return shown


@everyone
async def test_a_card_is_scratched_until_it_is_through(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await a_campaign_of_cards(operator, UMBRELLA))
    await visitor.comes_to_play()
    await finds_nothing_grave(visitor)
    card = await takes_a_card(visitor)
    await finds_nothing_grave(visitor)
    await scratches(visitor, rows=2)
    await expect(visitor.see("dialog")).to_have_count(0)
    await scratches(visitor, rows=9)
    assert (await sees_what_was_drawn(visitor))["id"] == card["id"]
    await finds_nothing_grave(visitor)
    await visitor.closes_the_sheet()
    await visitor.is_ready()


@everyone
async def test_a_tap_or_a_key_opens_a_card_as_well(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await a_campaign_of_cards(operator, TOPUP))
    await visitor.comes_to_play()
    await takes_a_card(visitor)
    await visitor.presses(visitor.see(".card-coat"))
    await sees_what_was_drawn(visitor)
    await visitor.closes_the_sheet()
    await visitor.presses(visitor.play_button)
    await expect(visitor.see(".card-coat.live")).to_be_visible()
    await visitor.play_button.press("Enter")
    await sees_what_was_drawn(visitor)


@pytest.mark.long
async def test_a_card_waits_where_it_was_left(operator: Operator, visit: Visit) -> None:
    """Reloaded before it is touched it is whole; left half scratched it goes on; an answer that comes late is waited for."""
    visitor = await visit(ZH_PHONE, await a_campaign_of_cards(operator, UMBRELLA))
    await visitor.comes_to_play()
    card = await takes_a_card(visitor)
    await visitor.page.reload()
    await expect(visitor.see(".card-coat.live")).to_be_visible()
    await scratches(visitor, rows=2)
    await expect(visitor.see(".card.unknown")).to_have_count(0)
    await visitor.page.reload()
    await expect(visitor.see(".card-coat.live")).to_be_visible()

    async def stalls(route: Route) -> None:
        await visitor.page.wait_for_timeout(5000)
        await route.continue_()

    await visitor.page.route(UNCOVER, stalls)
    await scratches(visitor, rows=9)
    await expect(visitor.see(".hint")).to_have_text(visitor.words("hero.waiting"))
    assert (await sees_what_was_drawn(visitor))["id"] == card["id"]


@everyone
async def test_several_cards_wait_and_open_together(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await a_campaign_of_cards(operator, POINTS))
    await visitor.comes_to_play()
    await visitor.presses(visitor.see("button.many"))
    await expect(visitor.see("button.many")).to_have_text(visitor.words("cards.all", n=5))
    mine = await visitor.opens_my("plays")
    await expect(mine.locator(".go")).to_have_count(5)
    await finds_nothing_grave(visitor)
    await visitor.presses(mine.locator(".go .small").nth(0))
    await expect(visitor.see("dialog")).to_have_count(0)
    await visitor.presses(visitor.see(".card-coat"))
    newest = (await sees_what_was_drawn(visitor))["ordinal"]
    assert newest == 5
    await visitor.presses(visitor.button(visitor.words("cards.next")))
    await visitor.presses(visitor.see("button.many"))
    await expect(visitor.sheet("several")).to_be_visible(timeout=LAND_MS_MAX)
    plays = (await visitor.plays())["items"]
    assert [play["covered_until"] for play in plays] == [None] * 5
