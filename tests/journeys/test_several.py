"""Several plays at once, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys.people import Member, Operator

AT_ONCE: dict[str, Any] = {"limits": {"plays_at_once_max": 10, "member_day_plays_max": 12}}


async def asks(member: Member, campaign: str, *, key: str | None = None, **body: Any) -> httpx.Response:
    headers = {**member.headers, "accept-language": "zh", **({"idempotency-key": key} if key else {})}
    return await member.client.post(f"/v1/campaigns/{campaign}/plays/several", headers=headers, json=body)


async def test_ten_at_once_have_one_answer(operator: Operator, member: Member, another_member: Member) -> None:
    campaign, key = await operator.opens(**AT_ONCE), str(uuid4())
    answer = await asks(member, campaign, key=key, times=10)
    assert answer.status_code == 201, answer.text
    assert (await asks(member, campaign, key=key, times=10)).content == answer.content
    told = answer.json()["plays"]
    kept = (await member.gets(f"/plays?campaign_id={campaign}"))["items"]
    assert kept == told[::-1]
    assert (await another_member.gets(f"/plays?campaign_id={campaign}"))["items"] == []
    few = await asks(member, campaign, key=str(uuid4()), times=3)
    assert (few.status_code, few.json()["code"], few.json()["times"]) == (409, "too-few-chances", 3)
    assert "一次也没有用掉" in few.json()["detail"]
    assert (await member.stands(campaign))["chances_left"] == 2
    other_body = await asks(member, campaign, key=key, times=9)
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"times": 1}, "times"),
        ({"times": 11}, "times"),
        ({"times": "3"}, "times"),
        ({}, "times"),
        ({"times": 3, "entry": {"line": "phone"}}, "entry.line"),
        ({"times": 3, "line": "phone"}, "line"),
    ],
)
async def test_a_bad_request_is_told_its_field(
    operator: Operator, member: Member, body: dict[str, Any], field: str
) -> None:
    campaign = await operator.opens(**AT_ONCE)
    answer = await asks(member, campaign, key=str(uuid4()), **body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_it_takes_a_key_a_session_and_a_campaign_that_allows_it(operator: Operator, member: Member) -> None:
    campaign, single = await operator.opens(**AT_ONCE), await operator.opens()
    assert (await asks(member, campaign, times=3)).status_code == 400
    assert (await asks(member, str(uuid4()), key=str(uuid4()), times=3)).status_code == 404
    assert (await asks(member, single, key=str(uuid4()), times=3)).status_code == 422
    stranger = Member(client=member.client, id="", headers={})
    assert (await asks(stranger, campaign, key=str(uuid4()), times=3)).status_code == 401
