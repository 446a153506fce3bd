"""A member plays: one key is one play, limits hold, and every state has its own answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.house import House
from tests.journeys.people import Member, Operator, hours, someone
from tests.support.people import AMall


async def test_the_same_key_gives_the_same_bytes(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(limits={"member_plays_max": 5})
    key = str(uuid4())
    first = await member.tries(campaign, key=key)
    taps = await asyncio.gather(*(member.tries(campaign, key=key) for _ in range(5)))
    assert {tap.content for tap in taps} == {first.content}
    assert {tap.status_code for tap in (first, *taps)} == {201}
    assert (await member.stands(campaign))["plays"] == 1
    assert [play["id"] for play in (await member.gets("/plays"))["items"]] == [first.json()["id"]]


async def test_a_double_tap_on_a_fresh_key_is_one_play(operator: Operator, member: Member) -> None:
    campaign = await operator.opens()
    key = str(uuid4())
    taps = await asyncio.gather(*(member.tries(campaign, key=key) for _ in range(8)))
    assert len({tap.content for tap in taps}) == 1
    assert (await member.stands(campaign))["plays"] == 1


async def test_keys_that_are_missing_odd_or_reused_are_refused(operator: Operator, member: Member) -> None:
    campaign = await operator.opens()
    path = f"/campaigns/{campaign}/plays"
    missing = await member.asks("POST", path, json={"entry": {}})
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")
    for odd in ("short", "x" * 65, "spaces in it"):
        refused = await member.tries(campaign, key=odd)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    surplus = await member.tries(campaign, body={"entry": {"sector": 3}})
    assert (surplus.status_code, surplus.json()["errors"][0]["field"]) == (422, "entry.sector")
    assert (await member.stands(campaign))["plays"] == 0


async def test_two_members_may_use_the_same_key(operator: Operator, member: Member, another_member: Member) -> None:
    campaign = await operator.opens()
    key = str(uuid4())
    mine, theirs = await member.plays(campaign, key=key), await another_member.plays(campaign, key=key)
    assert mine["id"] != theirs["id"]
    assert (mine["ordinal"], theirs["ordinal"]) == (1, 1)


async def test_the_day_s_chances_end_and_the_next_comes_at_midnight_there(operator: Operator, member: Member) -> None:
    zone = ZoneInfo("Pacific/Auckland")
    campaign = await operator.opens(zone=zone.key, limits={"member_day_plays_max": 2})
    assert [(await member.plays(campaign))["chances_left"] for _ in range(2)] == [1, 0]
    refused = await member.is_refused(campaign)
    today = datetime.now(UTC).astimezone(zone)
    midnight = (today + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert refused["code"] == "no-chance-left"
    assert datetime.fromisoformat(refused["next_chance_at"]) == midnight
    standing = await member.stands(campaign)
    assert (standing["state"], standing["chances_left"]) == ("no-chance-left", 0)
    assert datetime.fromisoformat(standing["next_chance_at"]) == midnight


async def test_chances_used_up_for_good_name_no_hour(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(limits={"member_day_plays_max": 5, "member_plays_max": 1})
    assert (await member.stands(campaign))["state"] == "ready"
    await member.plays(campaign)
    assert (await member.is_refused(campaign))["next_chance_at"] is None
    standing = await member.stands(campaign)
    assert (standing["state"], standing["next_chance_at"]) == ("no-chance-left", None)


@pytest.mark.parametrize(
    ("hour", "state", "fact"),
    [
        ({"opens_in": 3600}, "not-open-yet", "starts_at"),
        ({"opens_in": -60, "lasts": 60.7}, "over", "ended_at"),
    ],
)
async def test_before_and_after_its_hours_a_campaign_says_so(
    operator: Operator, member: Member, *, hour: dict[str, float], state: str, fact: str
) -> None:
    campaign = await operator.opens(**hours(**hour))
    await asyncio.sleep(0.8 if state == "over" else 0)
    assert (await member.stands(campaign))["state"] == state
    refused = await member.is_refused(campaign)
    assert (refused["code"], refused["status"]) == (state, 409)
    assert datetime.fromisoformat(refused[fact])


async def test_refusals_speak_the_member_s_language(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(**hours(opens_in=3600))
    member.headers["accept-language"] = "zh-CN,zh;q=0.9"
    refused = await member.is_refused(campaign)
    assert refused["title"] == "活动未开始"


async def test_a_session_ends_with_its_token_and_is_needed(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens()
    stranger = Member(client=client, id="", headers={"authorization": "Bearer nobody-has-this-token"})
    assert (await stranger.tries(campaign)).status_code == 401
    stranger.headers.clear()
    assert (await stranger.tries(campaign)).status_code == 401
    assert (await stranger.gets(f"/campaigns/{campaign}"))["phase"] == "live"  # what is public needs no session
    bound = await someone(client, house, mall, sub="bound", campaign=await operator.opens())
    assert (await bound.tries(campaign)).status_code == 404  # launched for another campaign
