"""A raffle in the member's hands: tickets while it runs, and afterwards what came of them, by itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import EN_DESK, ZH_PHONE, Device
from tests.journeys.people import Operator, hours, pool_of

TICKET = [("ticket", "rest", None, None, None)]
LASTS = 25
DRAWN_MS_MAX = 40_000
RAFFLE: dict[str, Any] = {"prizes": [{"key": "grand", "product": "UMBRELLA", "units": 1}], "runners_up": 3}


@pytest.mark.long
@pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
async def test_tickets_are_counted_and_the_result_comes_by_itself(
    device: Device, operator: Operator, visit: Visit
) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=LASTS)
    campaign = await operator.opens(**pool_of(TICKET), **hours(opens_in=-1, lasts=LASTS + 1), raffle=RAFFLE)
    visitor = await visit(device, campaign)
    await visitor.comes_to_play()
    await visitor.spins()
    sheet = visitor.sheet("loss")
    await expect(sheet).to_contain_text(visitor.words("raffle.got_title"))
    member = await visitor.member()
    assert (await member.stands(campaign))["raffle"]["tickets"] == 1
    await visitor.closes_the_sheet()
    told = visitor.words("raffle.tickets", n=1, time="").split("·")[0].strip()
    await expect(visitor.see(".hint")).to_contain_text(told)
    await visitor.presses(visitor.button(visitor.words("hero.rules")))
    rules = visitor.sheet("rules")
    for words in ("raffle.how", "raffle.prizes", "raffle.seed_later"):
        await expect(rules).to_contain_text(visitor.words(words))
    await expect(rules).to_contain_text(visitor.words("raffle.reserve", n=3))
    await visitor.closes_the_sheet()

    await asyncio.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()))
    await visitor.page.reload()
    await expect(visitor.see(".notice[data-state=awaiting-draw]")).to_be_visible()
    await expect(visitor.see(".notice")).to_contain_text(visitor.words("raffle.sealed", n=1))
    over = visitor.see(".notice[data-state=over]")
    await expect(over).to_be_visible(timeout=DRAWN_MS_MAX)
    name = {"zh": "晴雨伞", "en": "Umbrella"}[device.language]
    await expect(over).to_contain_text(visitor.words("raffle.won", ticket=1, prize=name))
    mine = await visitor.opens_my()
    await expect(mine).to_contain_text(name)
