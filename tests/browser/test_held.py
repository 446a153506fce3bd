"""A win under review in the member's hands: theirs, checked first, and with no form until it is released."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Route, expect
from sqlalchemy import update

from campaigns.models import Play
from campaigns.reviewing import GENERAL
from core.db import Database
from prizes.awards import HELD
from prizes.models import Award
from tests.browser.conftest import Visit
from tests.browser.shelf import UMBRELLA
from tests.browser.visitor import EN_DESK, PLAYS, ZH_PHONE, Device
from tests.journeys.people import Operator
from tests.support.processes import RunningHouse

PICTURES = os.environ.get("WINDFALL_PICTURES")


@pytest.fixture
async def ledger(estate: RunningHouse, browser_engines: dict[str, str]) -> AsyncIterator[Database]:
    url = browser_engines.get("WINDFALL_DATABASE_URL", f"sqlite+aiosqlite:///{estate.var / 'windfall.db'}")
    database = Database(url)
    yield database
    await database.close()


@pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
async def test_a_held_win_has_no_form_until_it_is_released(
    device: Device, operator: Operator, visit: Visit, ledger: Database
) -> None:
    async def review(route: Route) -> None:
        """As if a rule had put the play under review: the answer is what the same key is told from then on."""
        play = (await (await route.fetch()).json())["id"]
        told = {"state": HELD, "held_for": "many-a-minute", "told": GENERAL.model_dump(), "due_at": None}
        async with ledger.transaction() as session:
            await session.execute(update(Play).where(Play.id == play).values(review="many-a-minute"))
            await session.execute(update(Award).where(Award.id == play).values(**told))
        await route.fulfill(response=await route.fetch())

    visitor = await visit(device, await operator.opens(UMBRELLA))
    await visitor.comes_to_play()
    await visitor.page.route(PLAYS, review)
    award = (await visitor.spins())["award"]
    reason = GENERAL.model_dump()[device.language]
    assert award["held"][device.language] == reason
    win = visitor.sheet("win")
    await expect(win.locator(".result-next")).to_have_text(visitor.words("result.held", reason=reason))
    await expect(win.get_by_role("button", name=visitor.words("result.address"))).to_have_count(0)
    await expect(visitor.see(".badge")).to_have_count(0)
    if PICTURES:
        await visitor.page.screenshot(path=Path(PICTURES) / f"held-win-{device.language}.png")

    await visitor.presses(win.get_by_role("button", name=visitor.words("result.see_prizes")))
    mine = visitor.sheet("mine").locator(".award")
    await expect(mine.locator(".award-state")).to_have_text(visitor.words("award.held"))
    await expect(mine).to_contain_text(reason)
    await expect(mine.get_by_role("button")).to_have_count(0)
    if PICTURES:
        await visitor.page.screenshot(path=Path(PICTURES) / f"held-mine-{device.language}.png")
    await visitor.closes_the_sheet()

    await operator.posts(f"/awards/{award['id']}/release", reason="all is well")
    mine = await visitor.opens_my("prizes")
    await expect(mine.get_by_role("button", name=visitor.words("award.fill.address"))).to_be_visible()
    await expect(mine).not_to_contain_text(reason)
