"""A blocked member: refused from the next play on, in every process, told until when, and never robbed of what they have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.app import create_app
from api.house import House, open_house
from api.settings import Settings
from campaigns.blocks import FRESH
from tests.journeys.people import Member, Operator, someone
from tests.support.campaigns import WallClock
from tests.support.house import BASE_URL
from tests.support.people import AMall

WHY = "plays by a program"


@pytest.fixture
async def another_process(house: House, settings: Settings, clock: WallClock) -> AsyncIterator[httpx.AsyncClient]:
    """The service once more, with nothing in common but the engines and the key."""
    async with open_house(settings, clock=clock) as twin:
        app = create_app(settings, house=twin)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client,
        ):
            yield client


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def test_a_block_acts_on_the_next_play_and_says_until_when(operator: Operator, member: Member) -> None:
    campaign, other = await operator.opens(), await operator.opens()
    await member.plays(campaign)
    until = soon(3600)
    act = await operator.posts("/blocks", sub="member-1", reason=WHY, until=until)
    assert (act["kind"], act["reason"], act["number"]) == ("block", WHY, 1)
    for each in (campaign, other):
        problem = await member.is_refused(each)
        assert (problem["status"], problem["code"]) == (403, "blocked")
        assert datetime.fromisoformat(problem["until"]) == datetime.fromisoformat(until)
        assert WHY not in str(problem)
        standing = await member.stands(each)
        assert (standing["state"], standing["asks"]) == ("blocked", [])
        assert datetime.fromisoformat(standing["blocked_until"]) == datetime.fromisoformat(until)
    headers = {**member.headers, "accept-language": "zh", "idempotency-key": str(uuid4())}
    told = await member.client.post(f"/v1/campaigns/{campaign}/plays", headers=headers, json={"entry": {}})
    assert told.json()["detail"] == "您现在不能参加活动，详情请咨询商城客服。"
    assert (await member.stands(campaign))["plays"] == 1


async def test_a_lifted_block_and_one_past_its_hour_hold_no_more(operator: Operator, member: Member) -> None:
    campaign = await operator.opens()
    await operator.posts("/blocks", sub="member-1", reason=WHY)
    assert (await member.is_refused(campaign))["until"] is None
    await operator.posts("/blocks/lift", sub="member-1", reason="it was a family")
    assert (await member.stands(campaign))["state"] == "ready"
    await member.plays(campaign)

    await operator.posts("/blocks", sub="member-1", reason=WHY, until=soon(1.5))
    assert (await member.is_refused(campaign))["code"] == "blocked"
    await asyncio.sleep(1.6)
    assert (await member.stands(campaign))["state"] == "ready"
    await member.plays(campaign)
    assert (await operator.gets("/blocks"))["items"] == []


async def test_what_a_key_became_is_told_to_the_blocked(operator: Operator, member: Member) -> None:
    campaign, key = await operator.opens(), str(uuid4())
    first = await member.tries(campaign, key=key)
    await operator.posts("/blocks", sub="member-1", reason=WHY)
    assert (await member.tries(campaign, key=key)).content == first.content
    assert (await member.tries(campaign, key=key, body={"entry": {}, "more": 1})).status_code == 422
    assert (await member.is_refused(campaign))["code"] == "blocked"
    assert len((await member.gets("/plays"))["items"]) == 1
    assert len((await member.gets("/awards"))["items"]) <= 1


async def test_nobody_else_is_blocked(
    operator: Operator, member: Member, another_member: Member, client: httpx.AsyncClient, house: House
) -> None:
    campaign = await operator.opens()
    await operator.posts("/blocks", sub="member-2", reason=WHY)
    await member.plays(campaign)
    assert (await another_member.is_refused(campaign))["code"] == "blocked"


async def test_a_block_holds_before_the_member_first_comes(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens()
    await operator.posts("/blocks", sub="not-here-yet", reason=WHY)
    newcomer = await someone(client, house, mall, sub="not-here-yet")
    assert (await newcomer.is_refused(campaign))["code"] == "blocked"


async def test_another_process_knows_within_a_second(
    operator: Operator, member: Member, another_process: httpx.AsyncClient
) -> None:
    campaign = await operator.opens()
    elsewhere = Member(client=another_process, id=member.id, headers=member.headers)
    await elsewhere.plays(campaign)  # it has read the blocks, and there is none
    await operator.posts("/blocks", sub="member-1", reason=WHY)
    await asyncio.sleep(FRESH.total_seconds())
    assert (await elsewhere.is_refused(campaign))["code"] == "blocked"
    await operator.posts("/blocks/lift", sub="member-1", reason="it was a family")
    await elsewhere.plays(campaign)  # nobody is refused by what is only remembered


async def test_every_act_stays_with_who_and_why(operator: Operator) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("/blocks", {"sub": "ann", "reason": WHY}),
        ("/blocks", {"sub": "ann", "reason": "until spring", "until": soon(3600)}),
        ("/blocks", {"sub": "ben", "reason": WHY}),
        ("/blocks/lift", {"sub": "ann", "reason": "it was a family"}),
    ]
    for path, said in steps:
        await operator.posts(path, **said)
    assert [(act["sub"], act["reason"]) for act in (await operator.gets("/blocks"))["items"]] == [("ben", WHY)]
    history = (await operator.gets("/blocks/history"))["items"]
    assert [(act["number"], act["kind"], act["sub"]) for act in history] == [
        (4, "lift", "ann"),
        (3, "block", "ben"),
        (2, "block", "ann"),
        (1, "block", "ann"),
    ]
    assert len((await operator.gets("/blocks/history?sub=ann"))["items"]) == 3
    assert all(act["author"].endswith("@demo.test") for act in history)
    page = await operator.gets("/blocks/history?limit=3")
    assert [act["number"] for act in page["items"]] == [4, 3, 2]
    rest = await operator.gets(f"/blocks/history?limit=3&cursor={page['next']}")
    assert [act["number"] for act in rest["items"]] == [1]
    audited = [row for row in (await operator.gets("/audit"))["items"] if row["subject_type"] == "block"]
    assert (audited[0]["action"], audited[0]["reason"]) == ("member.lift", "it was a family")
    assert len(audited) == 4


async def test_what_cannot_be_done_is_refused(operator: Operator) -> None:
    not_blocked = await operator.asks("POST", "/blocks/lift", json={"sub": "ann", "reason": WHY})
    assert (not_blocked.status_code, not_blocked.json()["code"]) == (409, "not-blocked")
    past = await operator.asks("POST", "/blocks", json={"sub": "ann", "reason": WHY, "until": soon(-1)})
    assert (past.status_code, past.json()["errors"]) == (422, [{"field": "until", "reason": "is in the past"}])
    for said in (
        {"sub": "", "reason": WHY},
        {"sub": "a\x00b", "reason": WHY},
        {"sub": "ann"},
        {"sub": "ann", "reason": ""},
    ):
        assert (await operator.asks("POST", "/blocks", json=said)).status_code == 422, said
    assert (await operator.gets("/blocks/history"))["items"] == []


async def test_operators_at_once_number_their_acts_one_by_one(operator: Operator) -> None:
    acts = await asyncio.gather(
        *(operator.posts("/blocks", sub=f"member-{number}", reason=WHY) for number in range(12))
    )
    assert sorted(act["number"] for act in acts) == list(range(1, 13))
