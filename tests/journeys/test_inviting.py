"""Invitations over HTTP: a member tells friends a link, they come and play, and operators see who brought whom."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.house import House
from tests.journeys.people import ALWAYS_POINTS, Member, Operator, a_mall_with_people, pool_of, someone, works
from tests.support.people import AMall

NAME = {"zh": "邀请", "en": "Invitation"}
INVITATIONS: dict[str, Any] = {"inviter": {"rule": "invite"}, "invitee": {"rule": "welcome"}, "days": 30}
CHANCES = {"free": {"count": 1, "period": "all"}}


async def opens(operator: Operator, *, reward_when: str = "joined", **inviter: Any) -> str:
    """A campaign in which a friend is worth a chance to both, within the inviter's caps."""
    told = {"limits": {}, "chances": CHANCES, **pool_of(ALWAYS_POINTS)}
    campaign = await operator.drafts(**told, invitations={**INVITATIONS, "reward_when": reward_when})
    for key, caps in (("invite", {"event_max": 1, **inviter}), ("welcome", {"event_max": 2})):
        rule = {"key": key, "name": NAME, "campaign": campaign, "zone": "Asia/Shanghai", "caps": caps}
        await operator.posts("/event-rules", **rule)
    await operator.publishes(campaign)
    return campaign


async def link_of(member: Member, campaign: str) -> Any:
    answer = await member.asks("POST", f"/campaigns/{campaign}/invitations")
    assert answer.status_code == 201, answer.text
    return answer.json()


async def comes(member: Member, campaign: str, code: str, *, language: str = "en") -> httpx.Response:
    headers = {**member.headers, "accept-language": language}
    path = f"/v1/campaigns/{campaign}/invitations/accept"
    return await member.client.post(path, json={"code": code}, headers=headers)


async def test_a_friend_comes_plays_and_both_are_rewarded(
    house: House, operator: Operator, member: Member, another_member: Member
) -> None:
    campaign = await opens(operator, reward_when="played", member_period="day", member_period_max=3)
    told = (await member.gets(f"/campaigns/{campaign}"))["invitations"]
    assert told["reward_when"] == "played"
    assert told["inviter"] == {
        "chances": 1,
        "every": "day",
        "every_max": 3,
        "member_max": None,
        "is_limited": False,
    }
    assert told["invitee"]["chances"] == 2
    link = await link_of(member, campaign)
    assert (link["parameter"], link["friends"], link["earned"]) == ("windfall_invitation", 0, 0)
    assert (await link_of(member, campaign))["code"] == link["code"]

    answer = await comes(another_member, campaign, link["code"])
    assert answer.status_code == 201, answer.text
    assert (answer.json()["chances"], answer.json()["chances_left"]) == (0, 1)
    assert (await comes(another_member, campaign, link["code"])).json() == answer.json()
    await works(house)
    assert (await link_of(member, campaign))["earned"] == 0
    await another_member.plays(campaign)
    await works(house)
    assert (await another_member.stands(campaign))["chances_left"] == 2
    assert (await member.stands(campaign))["chances_left"] == 2
    again = (await comes(another_member, campaign, link["code"])).json()
    assert (again["accepted_at"], again["chances"], again["chances_left"]) == (answer.json()["accepted_at"], 2, 2)
    assert [(await member.plays(campaign))["chances_left"] for _ in range(2)] == [1, 0]
    link = await link_of(member, campaign)
    assert (link["friends"], link["earned"]) == (1, 1)

    page = await operator.gets(f"/campaigns/{campaign}/invitations")
    assert page["counts"] == {"made": 1, "accepted": 1, "played": 1, "rewarded": 1, "cut": 0}
    (row,) = page["items"]
    assert (row["inviter"], row["sub"]) == ("member-1", "member-2")
    assert row["made_at"] <= row["accepted_at"] <= row["rewarded_at"]
    assert (row["inviter_reward"]["granted"], row["invitee_reward"]["granted"]) == (1, 2)
    for sub, count in (("member-1", 1), ("member-2", 1), ("member-3", 0)):
        assert len((await operator.gets(f"/campaigns/{campaign}/invitations?sub={sub}"))["items"]) == count
    grants = (await operator.gets(f"/campaigns/{campaign}/grants?sub=member-1"))["items"]
    assert [(each["source"], each["chances"]) for each in grants] == [("invitation", 1)]
    assert {each["rule"] for each in (await operator.gets("/events"))["items"]} == {"invite", "welcome"}


async def test_a_hundred_friends_at_once_and_a_cap_of_five(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, member: Member
) -> None:
    campaign = await opens(operator, member_max=5)
    code = (await link_of(member, campaign))["code"]
    friends = [await someone(client, house, mall, sub=f"friend-{number}") for number in range(40)]
    answers = await asyncio.gather(*(comes(friend, campaign, code) for friend in friends))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["chances_left"] for answer in answers} == {3}
    page = await operator.gets(f"/campaigns/{campaign}/invitations?limit=30")
    assert page["counts"] == {"made": 1, "accepted": 40, "played": 0, "rewarded": 5, "cut": 35}
    rest = await operator.gets(f"/campaigns/{campaign}/invitations?limit=30&cursor={page['next']}")
    rows = [*page["items"], *rest["items"]]
    assert (len({row["sub"] for row in rows}), rest["next"]) == (40, None)
    assert sum(row["inviter_reward"]["granted"] for row in rows) == 5
    cut = [row["inviter_reward"]["cuts"] for row in rows if not row["inviter_reward"]["granted"]]
    assert cut == [[{"cap": "member", "most": 5, "left": 0}]] * 35


async def test_why_one_is_not_taken(
    *, client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, member: Member, another_member: Member
) -> None:
    campaign = await opens(operator)
    _, their_operator, stranger = await a_mall_with_people(client, house, key="rival")
    theirs = await opens(their_operator)
    code, strange = (await link_of(member, campaign))["code"], (await link_of(stranger, theirs))["code"]
    own = await comes(member, campaign, code, language="zh")
    assert (own.status_code, own.json()["code"], own.json()["title"]) == (409, "own-invitation", "不能邀请自己")
    unknown = await comes(another_member, campaign, strange)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-invitation")
    assert unknown.content == (await comes(another_member, campaign, "0" * 22)).content
    assert (await comes(stranger, campaign, code)).json()["code"] == "not-found"
    for odd in ("", "0" * 21, "0" * 23, "0" * 21 + "é", "../" * 7 + "0"):
        assert (await comes(another_member, campaign, odd)).status_code == 422
    third = await someone(client, house, mall, sub="member-3")
    assert (await comes(third, campaign, code)).status_code == 201
    other = (await link_of(another_member, campaign))["code"]
    assert (await comes(third, campaign, other)).json()["code"] == "already-invited"
    await another_member.plays(campaign)
    assert (await comes(another_member, campaign, code)).json()["code"] == "already-played"
    await operator.posts("/blocks", sub="member-4", reason="plays by a program")
    blocked = await someone(client, house, mall, sub="member-4")
    assert (await comes(blocked, campaign, code)).json()["code"] == "blocked"
    refused = await blocked.asks("POST", f"/campaigns/{campaign}/invitations")
    assert refused.json()["code"] == "blocked"


async def test_without_a_working_rule_nothing_is_promised(operator: Operator, member: Member) -> None:
    campaign = await opens(operator)
    body = {"caps": {"event_max": 1}, "is_active": False, "reason": "enough"}
    await operator.asks("PUT", "/event-rules/invite", json=body)
    assert (await member.gets(f"/campaigns/{campaign}"))["invitations"] is None
    refused = await member.asks("POST", f"/campaigns/{campaign}/invitations")
    assert (refused.status_code, refused.json()["code"]) == (409, "invitations-closed")


async def test_a_draft_names_rules_that_are_its_own(operator: Operator) -> None:
    campaign = await operator.drafts(limits={}, chances=CHANCES, **pool_of(ALWAYS_POINTS), invitations=INVITATIONS)
    refused = await operator.asks("POST", f"/campaigns/{campaign}/publish", json={"reason": "it is time"})
    assert refused.status_code == 422, refused.text
    assert [each["field"] for each in refused.json()["errors"]] == [
        "invitations.inviter.rule",
        "invitations.invitee.rule",
    ]


@pytest.mark.parametrize("cursor", ["x", "WyIxIl0", "W10"])
async def test_a_cursor_of_another_list_is_refused(operator: Operator, cursor: str) -> None:
    campaign = await operator.opens()
    answer = await operator.asks("GET", f"/campaigns/{campaign}/invitations?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    assert (await operator.asks("GET", f"/campaigns/{uuid4()}/invitations")).status_code == 404
