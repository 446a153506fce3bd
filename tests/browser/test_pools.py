"""The wheel shows what this member can win: the sectors of the pool they draw from, and of no other."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.shelf import TOPUP, UMBRELLA
from tests.browser.visitor import EN_DESK, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator, pool_of

GUESTS, EVERYBODY = ["umbrella", "nothing", "umbrella"], ["topup", "thanks", "topup"]
SECTORS = ["umbrella", "topup", "nothing", "thanks", "topup", "umbrella"]
NOTHING_WON = {"zh": "再接再厉", "en": "Never mind"}
everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk-at-rest"]
)


async def a_campaign_of_two_pools(operator: Operator) -> tuple[str, str]:
    """Guests on a list nearly always win an umbrella, all others a top-up. The campaign, and the list."""
    key = f"list-{uuid4().hex[:12]}"
    await operator.posts("/lists", key=key, name={"zh": "春季回访会员", "en": "Spring guests"})
    (guests,) = pool_of([UMBRELLA[0], ("nothing", "rest", None, None, None)])["pools"]
    guests["lines"][1]["name"] = NOTHING_WON
    pools = [{**guests, "key": "guests", "tier": "main", "audience": {"lists": [key]}}, *pool_of(TOPUP)["pools"]]
    return await operator.opens(pools=pools, game={"face": "wheel", "sectors": SECTORS}), key


async def sees_the_sectors(visitor: Visitor, lines: list[str]) -> dict[str, str]:
    """The wheel names the prizes of these lines and no others; each line's name as this visitor reads it."""
    shown = await (await visitor.member()).gets(f"/campaigns/{visitor.campaign}")
    names = {line["key"]: line["name"][visitor.device.language] for pool in shown["pools"] for line in pool["lines"]}
    await expect(visitor.see(".sector")).to_have_count(len(lines))
    label = await visitor.wheel.get_attribute("aria-label") or ""
    assert {key for key, name in names.items() if name in label} == set(lines)
    return names


async def wins(visitor: Visitor, lines: list[str]) -> dict[str, Any]:
    """Spins, and sees the pointer on a sector of the line that was won."""
    play = await visitor.spins()
    assert play["awarded"] == lines[0]
    assert lines[await visitor.sector_under_the_pointer()] == play["awarded"]
    chosen = visitor.see(".sector.chosen")
    await expect(chosen).to_have_count(1)
    await expect(visitor.wheel).to_have_attribute("data-sector", str(play["reveal"]["sector"]))
    return play


@everyone
async def test_each_member_sees_the_sectors_of_their_own_pool(device: Device, operator: Operator, visit: Visit) -> None:
    campaign, guests = await a_campaign_of_two_pools(operator)
    ann, ben = await visit(device, campaign), await visit(device, campaign)
    await operator.uploads(f"/lists/{guests}/members", f"sub\n{ann.name}\n")
    for visitor, lines, place in ((ann, GUESTS, 0), (ben, EVERYBODY, 1)):
        await visitor.comes_to_play()
        names = await sees_the_sectors(visitor, lines)
        await expect(visitor.see(".shelf")).to_have_text(names[lines[0]])
        await visitor.presses(visitor.button(visitor.words("hero.rules")))
        heads = visitor.sheet("rules").locator(".pool")
        await expect(heads.nth(place)).to_contain_text(visitor.words("pool.yours"))
        await expect(heads.nth(1 - place)).not_to_contain_text(visitor.words("pool.yours"))
        await visitor.closes_the_sheet()
        await wins(visitor, lines)


@everyone
async def test_a_wheel_lands_on_what_was_won_from_a_pool_it_did_not_show(
    device: Device, operator: Operator, visit: Visit
) -> None:
    campaign, guests = await a_campaign_of_two_pools(operator)
    visitor = await visit(device, campaign)
    await visitor.comes_to_play()
    await sees_the_sectors(visitor, EVERYBODY)
    await operator.uploads(f"/lists/{guests}/members", f"sub\n{visitor.name}\n")
    await wins(visitor, GUESTS)
    names = await sees_the_sectors(visitor, GUESTS)
    await visitor.closes_the_sheet()
    await expect(visitor.see(".shelf")).to_have_text(names["umbrella"])
    await expect(visitor.see(".sector.chosen")).to_have_count(1)
