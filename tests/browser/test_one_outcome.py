"""Double taps, reloads and bad networks: one press is one play, and its outcome is always the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.shelf import LIVELY, LIVELY_WHEEL, NOTHING, limits, zone_far_from_midnight
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, PLAYS, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK, marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
STALL_SECONDS = 11  # longer than the frame waits for one answer


async def a_visitor(device: Device, operator: Operator, visit: Visit) -> Visitor:
    visitor = await visit(
        device, await operator.opens(LIVELY, game=LIVELY_WHEEL, zone=zone_far_from_midnight(), **limits(day=5))
    )
    await visitor.comes_to_play()
    return visitor


async def the_one_play(visitor: Visitor) -> dict[str, Any]:
    """The only play of this member, which is the one on the screen, sent under one key however often."""
    sheet = await visitor.is_shown_a_result()
    (play,) = (await visitor.plays())["items"]
    assert sheet == ("win" if play["award"] else "loss")
    name = play["award"]["prize"]["name"][visitor.device.language] if play["award"] else visitor.words("result.lost")
    await expect(visitor.sheet(sheet).locator(".result-prize")).to_have_text(name)
    await expect(visitor.wheel).to_have_attribute("data-sector", str(play["reveal"]["sector"]))
    assert len(set(visitor.play_keys)) == 1
    await visitor.closes_the_sheet()
    await expect(visitor.play_button).to_contain_text("4")
    return dict(play)


@everyone
async def test_a_double_tap_plays_once(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(device, operator, visit)
    if device.touch:
        box = await visitor.play_button.bounding_box()
        assert box is not None
        for _ in range(2):
            await visitor.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    else:
        await visitor.play_button.dblclick()
    await visitor.wheel.dispatch_event("click")
    await the_one_play(visitor)
    assert len(visitor.play_keys) == 1


@everyone
async def test_a_reload_in_mid_spin_shows_the_same_outcome(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(device, operator, visit)
    async with visitor.page.expect_response(PLAYS) as answered:
        await visitor.presses(visitor.play_button)
    shown = await (await answered.value).json()
    await expect(visitor.see(".wheel.spinning")).to_be_visible()
    await visitor.page.reload()
    play = await the_one_play(visitor)
    assert play["id"] == shown["id"]
    assert len(visitor.play_keys) == 2


async def test_a_reload_before_the_answer_shows_the_outcome_of_that_press(operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(ZH_PHONE.at_rest(), operator, visit)
    handled = asyncio.Event()

    async def never_answer(route: Route) -> None:
        await route.fetch()
        handled.set()

    await visitor.page.route(PLAYS, never_answer, times=1)
    await visitor.presses(visitor.play_button)
    await asyncio.wait_for(handled.wait(), timeout=10)
    await visitor.page.reload()
    await the_one_play(visitor)


@everyone
async def test_a_network_that_drops_after_the_server_has_played_costs_nothing(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await a_visitor(device.at_rest(), operator, visit)
    visitor.forgive("ERR_CONNECTION_RESET")
    lost: list[Any] = []

    async def drop(route: Route) -> None:
        lost.append(await (await route.fetch()).json())
        await route.abort("connectionreset")

    await visitor.page.route(PLAYS, drop, times=1)
    await visitor.presses(visitor.play_button)
    play = await the_one_play(visitor)
    assert [one["id"] for one in lost] == [play["id"]]
    assert len(visitor.play_keys) == 2


async def test_a_service_that_is_busy_is_asked_again_with_the_same_key(operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(EN_DESK.at_rest(), operator, visit)
    visitor.forgive("503")
    problem = {"status": 503, "code": "unavailable", "title": "Busy"}

    async def busy(route: Route) -> None:
        await route.fulfill(status=503, json=problem, headers={"retry-after": "1"})

    await visitor.page.route(PLAYS, busy, times=2)
    await visitor.presses(visitor.play_button)
    await the_one_play(visitor)
    assert len(visitor.play_keys) == 3


@pytest.mark.long
async def test_a_stall_is_waited_for_calmly(operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(ZH_PHONE, operator, visit)

    async def stall(route: Route) -> None:
        answer = await route.fetch()
        await asyncio.sleep(STALL_SECONDS)
        await route.fulfill(response=answer)

    await visitor.page.route(PLAYS, stall, times=1)
    await visitor.presses(visitor.play_button)
    await expect(visitor.see(".action .hint")).to_have_text(visitor.words("hero.waiting"))
    await expect(visitor.see(".wheel.spinning")).to_be_visible()
    await expect(visitor.play_button).to_have_attribute("aria-disabled", "true")
    await the_one_play(visitor)


async def test_a_network_that_stays_away_keeps_the_play_for_later(operator: Operator, visit: Visit) -> None:
    visitor = await a_visitor(ZH_PHONE.at_rest(), operator, visit)
    visitor.forgive("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED")

    gone = asyncio.Event()

    async def drop(route: Route) -> None:
        await route.fetch()
        await visitor.page.context.set_offline(offline=True)
        await route.abort("internetdisconnected")
        gone.set()

    await visitor.page.route(PLAYS, drop, times=1)
    await visitor.page.clock.install()
    await visitor.presses(visitor.play_button)
    await asyncio.wait_for(gone.wait(), timeout=10)
    notice = visitor.see(".notice[data-state=unanswered]")
    for _ in range(20):
        await visitor.page.clock.run_for(5_000)
        if await notice.is_visible():
            break
    await expect(notice).to_contain_text(visitor.words("states.unanswered.title"))
    await visitor.page.context.set_offline(offline=False)
    await the_one_play(visitor)


async def test_a_loss_says_how_many_goes_are_left_and_goes_again(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(NOTHING, **limits(day=3)))
    await visitor.comes_to_play()
    await visitor.spins()
    await expect(visitor.sheet("loss")).to_contain_text(visitor.words("result.lost_again", n=2))
    await visitor.presses(visitor.button(visitor.words("result.again", n=2)))
    await expect(visitor.sheet("loss")).to_contain_text(visitor.words("result.lost_again", n=1), timeout=LAND_MS_MAX)
    assert len((await visitor.plays())["items"]) == 2
