"""Chances that are earned: by hand of an operator, and by events that the mall signs and rules cap."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.auth.malls import add_secret
from api.auth.models import Mall
from api.auth.operators import Role
from api.house import House
from prizes.fulfilment.suppliers.signing import sign
from tests.journeys.people import Operator, a_mall_with_people, someone
from tests.support.mall_calls import mall_calls
from tests.support.people import AMall, an_operator

COSTS: dict[str, Any] = {"chances": {}}
NAME = {"zh": "完成订单", "en": "An order"}


async def calls(
    client: httpx.AsyncClient, house: House, mall: AMall, path: str = "", *, method: str = "POST", **body: Any
) -> httpx.Response:
    """A call as the mall's server signs it."""
    return await mall_calls(client, house, mall, method, f"/v1/mall/events{path}", **body)


async def a_rule(operator: Operator, campaign: str, key: str = "order", **caps: Any) -> Any:
    told = {"event_max": 99, **caps}
    return await operator.posts("/event-rules", key=key, name=NAME, campaign=campaign, zone="Asia/Shanghai", caps=told)


async def test_an_event_gives_a_member_what_its_rule_allows(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**COSTS)
    await a_rule(operator, campaign, chances_last="today", event_max=2)
    ann = await someone(client, house, mall, sub="ann")
    assert (await ann.stands(campaign))["state"] == "no-chance-left"

    event = {"event_id": "order-1", "rule": "order", "sub": "ann", "amount": 9999}
    answer = await calls(client, house, mall, **event)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["asked"], told["granted"], told["cuts"]) == (9999, 2, [{"cap": "event", "most": 2, "left": 2}])
    again = await calls(client, house, mall, **event)
    assert (again.status_code, again.json()) == (200, told)
    assert (await calls(client, house, mall, "/order-1", method="GET")).json() == told
    assert (await calls(client, house, mall, "/order-2", method="GET")).status_code == 404
    differs = await calls(client, house, mall, **{**event, "amount": 1})
    assert (differs.status_code, differs.json()["code"]) == (409, "event-differs")

    assert (await ann.stands(campaign))["chances_left"] == 2
    assert [(await ann.plays(campaign))["chances_left"] for _ in range(2)] == [1, 0]
    assert (await ann.is_refused(campaign))["code"] == "no-chance-left"

    kept = await operator.gets("/events?cut=true&rule=order&sub=ann")
    assert [(each["asked"], each["granted"], each["sub"]) for each in kept["items"]] == [(9999, 2, "ann")]
    assert (await operator.gets("/events?sub=nobody"))["items"] == []
    grants = await operator.gets(f"/campaigns/{campaign}/grants?sub=ann")
    assert [(each["source"], each["reference"], each["chances"], each["used"]) for each in grants["items"]] == [
        ("event", "order-1", 2, 2)
    ]


async def test_events_of_members_who_never_came_wait_for_them(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**COSTS)
    await a_rule(operator, campaign)
    assert (await calls(client, house, mall, event_id="e-1", rule="order", sub="zoe", amount=3)).status_code == 201
    zoe = await someone(client, house, mall, sub="zoe")
    assert (await zoe.stands(campaign))["chances_left"] == 3


async def test_only_the_malls_own_signature_is_believed(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**COSTS)
    await a_rule(operator, campaign)
    event = {"event_id": "e-1", "rule": "order", "sub": "ann"}
    other, _, _ = await a_mall_with_people(client, house, key="other")
    stranger = AMall(id=mall.id, key=mall.key, secret=other.secret)
    nobody = AMall(id=mall.id, key="nobody", secret=mall.secret)
    for liar in (stranger, nobody):
        answer = await calls(client, house, liar, **event)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-invalid")
    foreign = await calls(client, house, other, **event)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")
    content = json.dumps(event)
    late = house.clock.now() - timedelta(minutes=6)
    for headers in (
        {},
        sign(secret=mall.secret, message_id="m-1", content=content + " ", now=house.clock.now()),
        sign(secret=mall.secret, message_id="m-1", content=content, now=late),
    ):
        told = {**headers, "windfall-mall": mall.key, "content-type": "application/json"}
        assert (await client.post("/v1/mall/events", content=content, headers=told)).status_code == 401
    assert (await operator.gets("/events"))["items"] == []


async def test_a_new_secret_and_the_one_before_it_both_sign(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**COSTS)
    await a_rule(operator, campaign)
    async with house.database.transaction() as session:
        row = await session.get_one(Mall, mall.id)
        second = add_secret(row, entropy=house.entropy, sealer=house.sealer)
    for number, secret in enumerate((mall.secret, second)):
        caller = AMall(id=mall.id, key=mall.key, secret=secret)
        answer = await calls(client, house, caller, event_id=f"e-{number}", rule="order", sub="ann")
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 10**12 + 1}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": "9"}, "amount"),
        ({"event_id": "a b"}, "event_id"),
        ({"event_id": "x" * 101}, "event_id"),
        ({"sub": ""}, "sub"),
        ({"rule": "Order"}, "rule"),
        ({"points": 5}, "points"),
    ],
)
async def test_a_bad_event_is_told_its_field(
    *, client: httpx.AsyncClient, house: House, mall: AMall, fault: dict[str, Any], field: str
) -> None:
    answer = await calls(client, house, mall, **{"event_id": "e-1", "rule": "order", "sub": "ann", **fault})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_operators_give_chances_by_hand_once_a_reference(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**COSTS)
    ann = await someone(client, house, mall, sub="ann")
    gift = {"sub": "ann", "chances": 2, "reference": "ticket-1", "reason": "the parcel was late"}
    for _ in range(2):
        assert (await operator.posts(f"/campaigns/{campaign}/grants", **gift))["number"] == 1
    assert (await ann.stands(campaign))["chances_left"] == 2
    differs = await operator.asks("POST", f"/campaigns/{campaign}/grants", json={**gift, "chances": 3})
    assert (differs.status_code, differs.json()["code"]) == (409, "grant-differs")
    past = {**gift, "reference": "ticket-2", "expires_at": "2020-01-01T00:00:00Z"}
    assert (await operator.asks("POST", f"/campaigns/{campaign}/grants", json=past)).status_code == 422
    acts = (await operator.gets("/audit"))["items"]
    assert [each["reason"] for each in acts if each["action"] == "chances.give"] == ["the parcel was late"] * 2


async def test_rules_change_and_are_kept_from_strangers(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign, costs_nothing = await operator.opens(**COSTS), await operator.opens()
    assert (await a_rule(operator, campaign))["revision"] == 1
    caps = {"event_max": 1, "member_max": 3}
    changed = await operator.asks("PUT", "/event-rules/order", json={"caps": caps, "reason": "too many"})
    assert (changed.status_code, changed.json()["revision"], changed.json()["caps"]["member_max"]) == (200, 2, 3)
    rule = {"key": "free", "name": NAME, "zone": "Asia/Shanghai", "caps": caps}
    for faulty, status in (
        ({**rule, "campaign": costs_nothing}, 409),
        ({**rule, "campaign": str(uuid4())}, 404),
        ({**rule, "campaign": campaign, "zone": "Moon/Crater"}, 422),
        ({**rule, "campaign": campaign, "key": "order"}, 409),
    ):
        assert (await operator.asks("POST", "/event-rules", json=faulty)).status_code == status
    _, other, _ = await a_mall_with_people(client, house, key="other")
    assert (await other.asks("GET", "/event-rules/order")).status_code == 404
    assert (await other.asks("POST", "/event-rules", json={**rule, "campaign": campaign})).status_code == 404
    gift = {"sub": "ann", "chances": 2, "reference": "ticket-1", "reason": "a gift"}
    assert (await other.asks("POST", f"/campaigns/{campaign}/grants", json=gift)).status_code == 404
    assert (await other.asks("GET", f"/campaigns/{campaign}/grants?sub=ann")).status_code == 404
    reviewer = await an_operator(house, mall, role=Role.REVIEWER)
    body = {"caps": caps, "reason": "mine"}
    refused = await client.put("/v1/admin/event-rules/order", json=body, headers=reviewer.headers)
    assert refused.status_code == 403
