"""A quiz under the hand: questions by the clock, answers that stand, a round that is taken up again, and one play at its end."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.shelf import NOTHING, POINTS
from tests.browser.test_access import finds_nothing_grave
from tests.browser.visitor import EN_DESK, LAND_MS_MAX, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator, pool_of

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE, pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk-at-rest"]
)
SUMS = "\n".join(
    ["category,question,answer,option_1,option_2,option_3,explanation"]
    + [f"sums,What is {n} and {n}?,{2 * n},{2 * n},{2 * n + 1},{n},Twice {n}." for n in range(2, 22)]
)
MOVES = "**/v1/rounds/*/moves"


async def a_quiz(operator: Operator, *, questions: int = 2, seconds_each: int = 120) -> str:
    """Who knows all of it is nearly sure to win points."""
    bank = f"b-{uuid4().hex[:12]}"
    await operator.posts("/banks", key=bank, game="quiz", name={"zh": "加法", "en": "Sums"})
    await operator.uploads(f"/banks/{bank}/items", SUMS)
    bands = [{"points": 0, "tier": "start"}, {"points": questions * 10, "tier": "good"}]
    (low,), (good,) = pool_of(NOTHING)["pools"], pool_of(POINTS)["pools"]
    for line in low["lines"]:
        line["key"] = f"low-{line['key']}"
    pools = [{**low, "key": "start", "fallback": "low-thanks"}, {**good, "key": "good"}]
    game = {"bank": bank, "questions": questions, "seconds_each": seconds_each, "bands": bands}
    campaign = await operator.drafts("daily", of="quiz", pools=pools, game=game, limits={"member_day_plays_max": 3})
    await operator.publishes(campaign)
    return campaign


async def is_asked(visitor: Visitor, number: int) -> int:
    """Waits for a question; where its right answer stands."""
    words = visitor.game_words("quiz")["number"].format(n=number, of=2)
    await expect(visitor.see(".quiz-head")).to_contain_text(words)
    first = int((await visitor.see(".quiz-text").inner_text()).split()[2])
    options = await visitor.see(".quiz-option > span").all_inner_texts()
    return options.index(str(2 * first))


async def answers(visitor: Visitor, place: int, outcome: str) -> None:
    await visitor.presses(visitor.see(".quiz-option").nth(place))
    await expect(visitor.see(".quiz-verdict")).to_contain_text(visitor.game_words("quiz")[outcome])


@everyone
async def test_a_round_is_answered_and_played(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await a_quiz(operator))
    await visitor.comes_to_play()
    await finds_nothing_grave(visitor)
    await visitor.presses(visitor.play_button)
    place = await is_asked(visitor, 1)
    await expect(visitor.play_button).to_be_hidden()
    await finds_nothing_grave(visitor)
    await answers(visitor, place, "right")
    await expect(visitor.see(".quiz-option.right")).to_have_count(1)
    await finds_nothing_grave(visitor)
    await visitor.presses(visitor.see(".quiz-next"))
    await answers(visitor, await is_asked(visitor, 2), "right")
    await visitor.presses(visitor.see(".quiz-next"))
    assert await visitor.is_shown_a_result() == "win"
    (play,) = (await visitor.plays())["items"]
    assert (play["reveal"]["points"], play["awarded"]) == (20, "points")
    await expect(visitor.sheet("win")).to_contain_text(visitor.game_words("quiz")["of"].format(right=2, of=2))
    await finds_nothing_grave(visitor)
    await visitor.closes_the_sheet()
    await visitor.is_ready()
    await visitor.presses(visitor.button(visitor.words("leaders.title")))
    await expect(visitor.sheet("leaders").locator("tr.mine")).to_contain_text("20")
    await visitor.presses(visitor.sheet("leaders").locator("#tab-campaign"))
    await expect(visitor.sheet("leaders").locator("tr.mine")).to_contain_text(visitor.words("leaders.you"))
    await finds_nothing_grave(visitor)


@pytest.mark.long
async def test_a_round_is_taken_up_where_it_was_left(operator: Operator, visit: Visit) -> None:
    """By keys alone; the page is left in the middle, and an answer takes long to come."""
    visitor = await visit(EN_DESK.at_rest(), await a_quiz(operator))
    await visitor.comes_to_play()
    await visitor.play_button.press("Enter")
    place = await is_asked(visitor, 1)
    await visitor.page.reload()
    await expect(visitor.play_button).to_have_text(visitor.game_words("quiz")["resume"])
    await visitor.play_button.press("Enter")
    assert await is_asked(visitor, 1) == place

    async def stalls(route: Route) -> None:
        await visitor.page.wait_for_timeout(5000)
        await route.continue_()

    await visitor.page.route(MOVES, stalls, times=1)
    await visitor.see(".quiz-option").nth((place + 1) % 3).press("Enter")
    await expect(visitor.see(".hint")).to_have_text(visitor.words("hero.waiting"))
    await expect(visitor.see(".quiz-verdict")).to_contain_text("Not quite", timeout=LAND_MS_MAX)
    await expect(visitor.see(".quiz-next")).to_be_focused()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.see(".quiz-text")).to_be_focused()
    await visitor.see(".quiz-option").nth(await is_asked(visitor, 2)).press("Enter")
    await visitor.see(".quiz-next").press("Enter")
    assert await visitor.is_shown_a_result() == "loss"
    (play,) = (await visitor.plays())["items"]
    assert (play["reveal"]["right"], play["reveal"]["points"]) == (1, 10)


@pytest.mark.long
async def test_a_question_that_is_not_answered_is_late(operator: Operator, visit: Visit) -> None:
    visitor = await visit(ZH_PHONE, await a_quiz(operator, seconds_each=5))
    await visitor.comes_to_play()
    await visitor.presses(visitor.play_button)
    await is_asked(visitor, 1)
    await expect(visitor.see(".quiz-verdict")).to_contain_text(visitor.game_words("quiz")["late"], timeout=LAND_MS_MAX)
    await expect(visitor.see(".quiz-option.right")).to_have_count(1)
    told: Any = (await visitor.plays())["items"]
    assert told == []
