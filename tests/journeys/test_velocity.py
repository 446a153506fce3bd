"""Who plays suspiciously often: slowed down, checked, put under review or kept out, with a reason that can be read to them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.house import House
from tests.journeys.people import ALWAYS_POINTS, Member, Operator, someone
from tests.support.mall_calls import mall_calls
from tests.support.people import AMall, a_mall

NOTHING = (("thanks", "rest", None, None, None),)
PATIENT = {"zh": "该账号在 1 小时内已参加 3 次。", "en": "This account reached 3 plays within 1 hour."}


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "key": "fast",
        "of": "member",
        "counts": "plays",
        "most": 3,
        "seconds": 3600,
        "action": "slow_down",
        **changes,
    }


async def test_asks_beyond_the_rule_wait_and_cost_nothing(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule()])
    first = await member.plays(campaign, key="the-first-of-all")
    await member.plays(campaign)
    await member.plays(campaign)
    for _ in range(3):
        problem = await member.is_refused(campaign)
        assert (problem["status"], problem["code"], problem["told"]) == (429, "slow-down", PATIENT)
        assert 3500 < problem["retry_after_seconds"] <= 3600
    assert await member.plays(campaign, key="the-first-of-all") == first
    assert (await member.stands(campaign))["plays"] == 3
    (decision,) = (await operator.gets(f"/campaigns/{campaign}/decisions?sub=member-1"))["items"]
    assert (decision["action"], decision["told"], decision["rule"]["most"]) == ("slow_down", PATIENT, 3)
    assert (await operator.gets(f"/campaigns/{campaign}/decisions?sub=nobody"))["items"] == []


async def test_a_window_moves_on(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=2, seconds=1)])
    for _ in range(2):
        await member.plays(campaign)
    problem = await member.is_refused(campaign)
    assert problem["code"] == "slow-down"
    headers = {**member.headers, "accept-language": "zh", "idempotency-key": str(uuid4())}
    said = await member.client.post(f"/v1/campaigns/{campaign}/plays", headers=headers, json={"entry": {}})
    if said.status_code == 429:
        assert said.json()["detail"].startswith("该账号在 1 秒内已参加 2 次。")
        assert said.headers["retry-after"] == "1"
    await asyncio.sleep(1.1)
    await member.plays(campaign)


async def test_a_hundred_at_once_are_as_many_as_the_rule_says(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=7)])
    answers = await asyncio.gather(*(member.tries(campaign) for _ in range(100)))
    assert sorted(answer.status_code for answer in answers) == [201] * 7 + [429] * 93
    assert len((await operator.gets(f"/campaigns/{campaign}/decisions"))["items"]) == 1


async def test_the_mall_says_who_passed_its_check(
    operator: Operator, member: Member, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(action="challenge")])
    for _ in range(3):
        await member.plays(campaign)
    problem = await member.is_refused(campaign)
    assert (problem["status"], problem["code"], problem["told"]) == (403, "challenge-needed", PATIENT)
    challenge = problem["challenge_id"]
    assert (await member.is_refused(campaign))["challenge_id"] == challenge
    path = f"/v1/mall/challenges/{challenge}"
    shown = (await mall_calls(client, house, mall, "GET", path)).json()
    assert (shown["sub"], shown["told"], shown["passed_at"]) == ("member-1", PATIENT, None)
    assert (await member.is_refused(campaign))["challenge_id"] == challenge
    passed = (await mall_calls(client, house, mall, "POST", f"{path}/passed")).json()
    for _ in range(3):
        await member.plays(campaign)
    assert (await mall_calls(client, house, mall, "POST", f"{path}/passed")).json() == passed
    assert (await member.is_refused(campaign))["challenge_id"] != challenge
    decisions = (await operator.gets(f"/campaigns/{campaign}/decisions"))["items"]
    assert [each["passed_at"] is not None for each in decisions] == [False, True]


async def test_a_challenge_is_the_mall_s_own(
    operator: Operator, member: Member, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=1, action="challenge"), rule(key="other", most=1)])
    await member.plays(campaign)
    path = f"/v1/mall/challenges/{(await member.is_refused(campaign))['challenge_id']}"
    stranger = await a_mall(house, key="another-mall")
    for each, method, end in ((stranger, "GET", ""), (stranger, "POST", "/passed")):
        assert (await mall_calls(client, house, each, method, path + end)).status_code == 404
    unsigned = await client.post(f"{path}/passed")
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature-invalid")
    assert (await mall_calls(client, house, mall, "GET", f"/v1/mall/challenges/{uuid4()}")).status_code == 404
    assert (await member.is_refused(campaign))["code"] == "challenge-needed"


async def test_a_block_by_a_rule_holds_in_the_mall_until_its_end_or_until_it_is_lifted(
    operator: Operator, member: Member
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=2, action="block", block_seconds=600)])
    elsewhere = await operator.opens(NOTHING)
    first = await member.plays(campaign, key="the-first-of-all")
    await member.plays(campaign)
    problem = await member.is_refused(campaign)
    assert problem["code"] == "blocked"
    assert (await member.is_refused(elsewhere))["until"] == problem["until"]
    assert await member.plays(campaign, key="the-first-of-all") == first
    (act,) = (await operator.gets("/blocks"))["items"]
    assert (act["sub"], act["author"]) == ("member-1", "velocity rule fast")
    assert "This account reached 2 plays within 1 hour." in act["reason"]
    await operator.posts("/blocks/lift", sub="member-1", reason="they are a person")
    for _ in range(5):
        await member.plays(campaign)
    assert len((await operator.gets(f"/campaigns/{campaign}/decisions"))["items"]) == 1


async def test_a_device_brings_so_many_accounts_and_those_who_came_first_stay(
    operator: Operator, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(of="device", counts="members", most=2)])
    people = [await someone(client, house, mall, sub=f"sub-{number}", device="a-phone") for number in range(3)]
    other = await someone(client, house, mall, sub="sub-9", device="another-phone")
    unknown = await someone(client, house, mall, sub="sub-10")
    for _ in range(2):
        for each in (*people[:2], other, unknown):
            await each.plays(campaign)
    problem = await people[2].is_refused(campaign)
    assert problem["told"]["en"] == "This device reached 2 accounts within 1 hour."


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [("203.0.113.7", "203.0.113.250", "203.0.114.7"), ("2001:db8:0:1::7", "2001:db8:0:2::9", "2001:db8:1::7")],
)
async def test_a_network_is_a_range_of_addresses(
    *,
    operator: Operator,
    mall: AMall,
    house: House,
    client: httpx.AsyncClient,
    app: Any,
    one: str,
    same: str,
    other: str,
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(of="network", most=1)])
    for number, (address, status) in enumerate(((one, 201), (same, 429), (other, 201))):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=(address, 50_000)), base_url=str(client.base_url)
        ) as there:
            answer = await (await someone(there, house, mall, sub=f"sub-{number}")).tries(campaign)
            assert answer.status_code == status, answer.text


async def test_wins_are_counted_once_they_are_won(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(
        (("points", "rest", None, None, "POINTS-5"),), velocity=[rule(counts="wins", most=2)]
    )
    for _ in range(2):
        await member.plays(campaign, key="the-very-same-key")
    await member.plays(campaign)
    assert (await member.is_refused(campaign))["told"]["en"] == "This account reached 2 wins within 1 hour."
    dull = await operator.opens(NOTHING, velocity=[rule(counts="wins", most=1)])
    for _ in range(4):
        await member.plays(dull)


async def test_a_win_under_review_is_held_with_the_rule_s_words_and_released_with_a_reason(
    operator: Operator, member: Member, house: House
) -> None:
    always = (("points", "rest", None, None, "POINTS-5"),)
    campaign = await operator.opens(always, velocity=[rule(most=1, action="review")])
    unsuspected = await member.plays(campaign)
    held = await member.plays(campaign, key="the-second-of-all")
    told = {"zh": "该账号在 1 小时内已参加 1 次。", "en": "This account reached 1 play within 1 hour."}
    assert (unsuspected["award"]["held"], held["award"]["held"]) == (None, told)
    assert await member.plays(campaign, key="the-second-of-all") == held
    await member.sees(unsuspected["award"]["id"], "delivered", house)
    assert (await member.gets(f"/awards/{held['award']['id']}"))["state"] == "held"
    (decision,) = (await operator.gets(f"/campaigns/{campaign}/decisions"))["items"]
    assert (decision["action"], decision["told"]) == ("review", told)
    await operator.posts(f"/awards/{held['award']['id']}/release", reason="they are a person")
    await member.sees(held["award"]["id"], "delivered", house)


async def test_several_at_once_are_as_many_plays(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=5)], limits={"plays_at_once_max": 10})
    headers = {**member.headers, "idempotency-key": str(uuid4())}
    path = f"/v1/campaigns/{campaign}/plays/several"
    answer = await member.client.post(path, headers=headers, json={"times": 10})
    assert answer.status_code == 201, answer.text
    assert (await member.is_refused(campaign))["code"] == "slow-down"
    assert (await member.client.post(path, headers=headers, json={"times": 10})).content == answer.content


async def test_a_rule_that_does_something_else_from_now_on_begins_anew(
    operator: Operator, member: Member, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign = await operator.opens(NOTHING, velocity=[rule(most=1)])
    await member.plays(campaign)
    assert (await member.is_refused(campaign))["code"] == "slow-down"
    row = await operator.gets(f"/campaigns/{campaign}")
    config = {**row["config"], "velocity": [rule(most=1, action="challenge")]}
    await operator.posts(f"/campaigns/{campaign}/amend", config=config, seen_version=1, reason="people, perhaps")
    await member.plays(campaign)
    challenge = (await member.is_refused(campaign))["challenge_id"]
    assert (await mall_calls(client, house, mall, "POST", f"/v1/mall/challenges/{challenge}/passed")).status_code == 200
    await member.plays(campaign)


async def test_a_rule_is_put_in_force_while_the_campaign_runs_and_says_no_number_to_members(
    operator: Operator, member: Member
) -> None:
    campaign = await operator.opens(NOTHING)
    await member.plays(campaign)
    assert (await member.gets(f"/campaigns/{campaign}"))["velocity"] == []
    row = await operator.gets(f"/campaigns/{campaign}")
    config = {**row["config"], "velocity": [rule(most=1), rule(key="farm", action="challenge", of="device")]}
    await operator.posts(f"/campaigns/{campaign}/amend", config=config, seen_version=1, reason="a farm is at work")
    assert (await member.gets(f"/campaigns/{campaign}"))["velocity"] == ["challenge", "slow_down"]
    await member.plays(campaign)
    assert (await member.is_refused(campaign))["code"] == "slow-down"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"most": 0}, "greater than or equal to 1"),
        ({"most": 1001}, "less than or equal to 1000"),
        ({"seconds": 604_801}, "less than or equal to 604800"),
        ({"action": "block"}, "block_seconds says how long"),
        ({"block_seconds": 60}, "block_seconds says how long"),
        ({"counts": "members"}, "accounts are counted of a device or a network"),
        ({"of": "browser"}, "'member', 'device' or 'network'"),
    ],
)
async def test_rules_that_say_nothing_sound_are_refused(operator: Operator, fault: dict[str, Any], said: str) -> None:
    campaign = await operator.drafts(velocity=[rule(**fault)])
    answer = await operator.asks("POST", f"/campaigns/{campaign}/publish", json={"reason": "it is time"})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"].startswith("velocity.0")
    assert said in error["reason"]


async def test_what_is_counted_lets_nobody_tell_who_it_is(
    operator: Operator, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    rules = [rule(key="d", of="device"), rule(key="n", of="network"), rule(key="w", of="network", counts="wins")]
    campaign = await operator.opens(ALWAYS_POINTS, velocity=rules)
    someone_known = await someone(client, house, mall, sub="sub-1", device="serial-4711")
    await someone_known.plays(campaign)
    calm = house.connection.calm
    keys = [key async for key in calm.scan_iter(match=f"{{{campaign}:0}}:velocity:*")]
    assert len(keys) >= 2
    kept = str(keys) + str([await calm.zrange(key, 0, -1) for key in keys])
    for secret in ("serial-4711", "127.0.0", "sub-1"):
        assert secret not in kept
    assert all([0 < await calm.pttl(key) <= 3_600_000 for key in keys])
