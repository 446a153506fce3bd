"""Whatever stands in the way of a play has words of its own, says what comes next, and goes away by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Route, expect

from campaigns.blocks import FRESH
from tests.browser.conftest import Visit
from tests.browser.shelf import NOTHING, limits, zone_far_from_midnight
from tests.browser.visitor import EN_DESK, LANGUAGES, WORDS, ZH_PHONE, Device, Visitor
from tests.journeys.people import Operator, hours, pool_of

everyone = pytest.mark.parametrize(
    "device", [ZH_PHONE.at_rest(), pytest.param(EN_DESK.at_rest(), marks=pytest.mark.long)], ids=["zh-phone", "en-desk"]
)
TURNS_MS_MAX = 20_000
TOKENS = "**/launch-token*"


async def is_told(visitor: Visitor, state: str, **facts: str) -> None:
    """The notice of this state, in the visitor's language, in place of the button."""
    notice = visitor.see(f".notice[data-state={state}]")
    await expect(notice).to_be_visible()
    await expect(notice).to_contain_text(visitor.words(f"states.{state}.title"))
    body = WORDS[visitor.device.language]["states"][state]["body"]
    await expect(notice).to_contain_text(body.format(**facts) if facts else body)
    await expect(visitor.play_button).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_states_share_their_words(language: str) -> None:
    states = WORDS[language]["states"]
    needed = {
        "not-open-yet",
        "over",
        "paused",
        "no-chance-left",
        "cooling-down",
        "all-plays-taken",
        "used-up",
        "not-eligible",
        "blocked",
        "blocked-for-good",
        "signed-out",
        "network",
    }
    assert needed <= set(states)
    for one, other in combinations(states.values(), 2):
        assert one["title"] != other["title"]
        assert one["body"] != other["body"]


@everyone
async def test_no_chance_left_says_when_the_next_one_comes(device: Device, operator: Operator, visit: Visit) -> None:
    zone = zone_far_from_midnight()
    visitor = await visit(replace(device, zone=zone), await operator.opens(NOTHING, zone=zone, **limits(day=1)))
    await visitor.comes_to_play()
    await visitor.spins()
    midnight = visitor.words("time.tomorrow", clock="00:00")
    await expect(visitor.sheet("loss")).to_contain_text(visitor.words("result.lost_next", time=midnight))
    await visitor.presses(visitor.button(visitor.words("result.fine")))
    await is_told(visitor, "no-chance-left", time=midnight)
    assert (await (await visitor.member()).stands(visitor.campaign))["next_chance_at"] is not None
    await visitor.page.reload()
    await expect(visitor.see(".notice[data-state=no-chance-left]")).to_be_visible()


@everyone
async def test_chances_used_up_for_good_promise_nothing(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await operator.opens(NOTHING, **limits(total=1)))
    await visitor.comes_to_play()
    await visitor.spins()
    await expect(visitor.sheet("loss")).to_contain_text(visitor.words("result.lost_last"))
    await visitor.closes_the_sheet()
    await is_told(visitor, "used-up")


@pytest.mark.long
@everyone
async def test_a_short_wait_is_counted_down_and_passes_by_itself(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(NOTHING, limits={"member_plays_max": 5, "cooldown_seconds": 12}))
    await visitor.comes_to_play()
    await visitor.spins()
    await expect(visitor.sheet("loss")).to_contain_text(visitor.words("result.lost_cooling"))
    await visitor.closes_the_sheet()
    await is_told(visitor, "cooling-down")
    await expect(visitor.see(".countdown")).to_contain_text("00:00:")
    await expect(visitor.play_button).to_be_visible(timeout=TURNS_MS_MAX)
    await visitor.spins()
    assert len(visitor.play_keys) == 2


@pytest.mark.long
async def test_the_last_go_of_all_is_seen_to_be_taken(operator: Operator, visit: Visit) -> None:
    campaign = await operator.opens(NOTHING, limits={"plays_max": 1})
    one, other = [await visit(device.at_rest(), campaign) for device in (ZH_PHONE, EN_DESK)]
    for visitor in (one, other):
        await visitor.comes_to_play()
    await one.spins()
    other.forgive("409")
    await other.presses(other.play_button)
    await is_told(other, "all-plays-taken")


@everyone
async def test_a_campaign_for_others_says_for_whom(device: Device, operator: Operator, visit: Visit) -> None:
    audience = {"tiers": ["Aurora", "Zenith"], "registered_within_days": 30}
    visitor = await visit(device, await operator.opens(NOTHING, audience=audience))
    await visitor.arrives()
    await is_told(visitor, "not-eligible")
    names = WORDS[device.language]["list"].join(("Aurora", "Zenith"))
    asked = (visitor.words("who.tier", names=names), visitor.words("who.new-member", n=30))
    for words in asked:
        await expect(visitor.see(".notice")).to_contain_text(words)
    await visitor.presses(visitor.button(visitor.words("hero.rules")))
    for words in asked:
        await expect(visitor.sheet("rules")).to_contain_text(words)


@everyone
async def test_a_campaign_for_a_list_names_it(device: Device, operator: Operator, visit: Visit) -> None:
    key, name = f"list-{uuid4().hex[:12]}", {"zh": "春季回访会员", "en": "Spring guests"}
    await operator.posts("/lists", key=key, name=name)
    visitor = await visit(device, await operator.opens(NOTHING, audience={"lists": [key]}))
    await visitor.arrives()
    await is_told(visitor, "not-eligible")
    asked = visitor.words("who.list", names=name[device.language])
    await expect(visitor.see(".notice")).to_contain_text(asked)
    await visitor.presses(visitor.button(visitor.words("hero.rules")))
    await expect(visitor.sheet("rules")).to_contain_text(asked)
    await visitor.closes_the_sheet()
    await operator.uploads(f"/lists/{key}/members", f"sub\n{visitor.name}\n")
    await visitor.page.reload()
    await visitor.is_ready()


@pytest.mark.long
@everyone
async def test_a_blocked_member_is_told_until_when_and_comes_back(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(NOTHING))
    visitor.forgive("403")
    await visitor.comes_to_play()
    midnight = (datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    blocked = {"sub": visitor.name, "reason": "plays by a program"}
    await operator.posts("/blocks", **blocked, until=midnight.isoformat())
    await asyncio.sleep(FRESH.total_seconds())
    await visitor.presses(visitor.play_button)
    await is_told(visitor, "blocked", time=visitor.words("time.tomorrow", clock="00:00"))
    await expect(visitor.see(".notice")).not_to_contain_text(blocked["reason"])

    await operator.posts("/blocks", **blocked)
    await visitor.page.reload()
    await is_told(visitor, "blocked-for-good")
    await operator.posts("/blocks/lift", sub=visitor.name, reason="it was a family")
    await expect(visitor.play_button).to_have_attribute("aria-disabled", "false", timeout=TURNS_MS_MAX)
    await visitor.spins()


@everyone
async def test_the_rules_say_who_draws_from_which_pool(device: Device, operator: Operator, visit: Visit) -> None:
    key, name = f"list-{uuid4().hex[:12]}", {"zh": "春季回访会员", "en": "Spring guests"}
    await operator.posts("/lists", key=key, name=name)
    guests = {
        **pool_of([("umbrella", "5%", None, None, "UMBRELLA"), ("nothing", "rest", None, None, None)])["pools"][0]
    }
    pools = [
        {**guests, "key": "guests", "tier": "main", "audience": {"tiers": ["Gold"], "lists": [key]}},
        pool_of(NOTHING)["pools"][0],
    ]
    lines = [line["key"] for pool in pools for line in pool["lines"]]
    campaign = await operator.opens(pools=pools, game={"face": "wheel", "sectors": lines})
    visitor = await visit(device, campaign)
    await visitor.comes_to_play()
    await visitor.presses(visitor.button(visitor.words("hero.rules")))
    heads = visitor.sheet("rules").locator(".pool")
    await expect(heads).to_have_count(2)
    asked = (visitor.words("pool.tier", names="Gold"), visitor.words("pool.list", names=name[device.language]))
    await expect(heads.nth(0)).to_have_text(visitor.words("pool.for", asks=visitor.words("pool.and").join(asked)))
    await expect(heads.nth(1)).to_contain_text(visitor.words("pool.others"))
    await expect(heads.nth(1)).to_contain_text(visitor.words("pool.yours"))
    await visitor.closes_the_sheet()
    await expect(visitor.see(".shelf li")).to_have_count(1)


@pytest.mark.long
@everyone
async def test_a_campaign_that_is_not_open_yet_counts_down_and_opens_by_itself(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(NOTHING, **hours(opens_in=15)))
    await visitor.arrives()
    await expect(visitor.see(".countdown")).to_contain_text("00:00:0")
    await expect(visitor.see(".notice")).to_contain_text(visitor.words("states.not-open-yet.title"))
    await expect(visitor.play_button).to_have_attribute("aria-disabled", "false", timeout=TURNS_MS_MAX)
    await visitor.spins()


@pytest.mark.long
@everyone
async def test_a_campaign_that_ended_while_somebody_looked_says_so(
    device: Device, operator: Operator, visit: Visit
) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=8)
    visitor = await visit(device, await operator.opens(NOTHING, **{**hours(), "ends_at": ends.isoformat()}))
    visitor.forgive("409")
    await visitor.comes_to_play()
    await asyncio.sleep((ends - datetime.now(UTC)).total_seconds() + 0.2)
    await visitor.presses(visitor.play_button)
    await is_told(visitor, "over")
    await visitor.page.reload()
    await is_told(visitor, "over")


@pytest.mark.long
@everyone
async def test_a_pause_is_said_and_passes_by_itself(device: Device, operator: Operator, visit: Visit) -> None:
    visitor = await visit(device, await operator.opens(NOTHING))
    visitor.forgive("409")
    await visitor.comes_to_play()
    await operator.changes(visitor.campaign, "pause")
    await visitor.presses(visitor.play_button)
    await is_told(visitor, "paused")
    await operator.changes(visitor.campaign, "resume")
    await expect(visitor.play_button).to_have_attribute("aria-disabled", "false", timeout=TURNS_MS_MAX)
    await visitor.spins()


@everyone
async def test_who_is_not_signed_in_is_told_and_can_come_back_in(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(NOTHING))
    visitor.forgive("401")

    async def stale(route: Route) -> None:
        await route.fulfill(json={"token": "stale.launch.token"})

    await visitor.page.route(TOKENS, stale, times=1)
    await visitor.arrives()
    await is_told(visitor, "signed-out")
    await visitor.presses(visitor.button(visitor.words("states.signed-out.action")))
    await visitor.is_ready()
    await visitor.spins()


async def test_a_session_that_ran_out_is_renewed_without_a_word(operator: Operator, visit: Visit) -> None:
    visitor = await visit(EN_DESK.at_rest(), await operator.opens(NOTHING))
    visitor.forgive("401")
    await visitor.page.clock.install()
    await visitor.comes_to_play()
    await visitor.page.clock.fast_forward(60_000)

    async def expired(route: Route) -> None:
        await route.continue_(headers={**route.request.headers, "authorization": "Bearer ran-out"})

    await visitor.page.route("**/v1/campaigns/*/plays", expired, times=1)
    await visitor.presses(visitor.play_button)
    assert await visitor.is_shown_a_result() == "loss"
    assert len((await visitor.plays())["items"]) == 1
    assert len(visitor.play_keys) == 2
    assert len(set(visitor.play_keys)) == 1


@everyone
async def test_a_page_that_comes_up_without_a_network_can_try_again(
    device: Device, operator: Operator, visit: Visit
) -> None:
    visitor = await visit(device, await operator.opens(NOTHING))
    visitor.forgive("ERR_CONNECTION_RESET")

    async def drop(route: Route) -> None:
        await route.abort("connectionreset")

    await visitor.page.route("**/me", drop, times=1)
    await visitor.arrives()
    await is_told(visitor, "network")
    await visitor.presses(visitor.button(visitor.words("states.network.action")))
    await visitor.is_ready()


@everyone
async def test_a_campaign_that_does_not_exist_is_a_page_with_words(device: Device, visit: Visit) -> None:
    visitor = await visit(device, "01930000-0000-7000-8000-000000000000")
    visitor.forgive("404")
    answer = await visitor.page.goto(f"{visitor.client.base_url}/w/{visitor.campaign}")
    assert answer is not None
    assert answer.status == 404
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(visitor.words("missing.title"))
