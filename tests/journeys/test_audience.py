"""A campaign for some: the others are told what it asks, and whoever has played keeps the answer."""

from __future__ import annotations

from uuid import uuid4

import httpx

from api.house import House
from tests.journeys.people import Operator, someone
from tests.support.people import AMall

GOLD = {"audience": {"tiers": ["gold"]}}


async def test_only_those_it_is_for_may_play(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**GOLD)
    gold = await someone(client, house, mall, sub="ann", attributes={"tier": "gold"})
    silver = await someone(client, house, mall, sub="ben", attributes={"tier": "silver"})
    unknown = await someone(client, house, mall, sub="cai")

    assert (await gold.stands(campaign))["state"] == "ready"
    assert (await gold.plays(campaign))["ordinal"] == 1
    for member in (silver, unknown):
        asks = [{"kind": "tier", "any_of": ["gold"], "names": [], "days": None}]
        standing = await member.stands(campaign)
        assert (standing["state"], standing["asks"]) == ("not-eligible", asks)
        problem = await member.is_refused(campaign)
        assert (problem["status"], problem["code"]) == (403, "not-eligible")
        assert problem["asks"] == [{"kind": "tier", "any_of": ["gold"]}]
        assert (await member.stands(campaign))["plays"] == 0

    shown = (await client.get(f"/v1/campaigns/{campaign}")).json()
    assert shown["audience"] == {"tiers": ["gold"], "segments": [], "registered_within_days": None, "lists": []}


async def test_what_a_key_became_is_told_to_one_who_is_no_longer_meant(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**GOLD)
    gold = await someone(client, house, mall, attributes={"tier": "gold"})
    key = str(uuid4())
    first = await gold.tries(campaign, key=key)
    assert first.status_code == 201
    fallen = await someone(client, house, mall, attributes={"tier": "bronze"})
    assert fallen.id == gold.id
    assert (await fallen.tries(campaign, key=key)).content == first.content
    assert (await fallen.tries(campaign, key=key, body={"entry": {}, "more": 1})).status_code == 422
    assert (await fallen.is_refused(campaign))["code"] == "not-eligible"
    assert len((await fallen.gets("/plays"))["items"]) == 1


async def test_an_audience_may_grow_while_live_and_never_shrink(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**GOLD)
    silver = await someone(client, house, mall, attributes={"tier": "silver"})
    assert (await silver.is_refused(campaign))["code"] == "not-eligible"

    row = await operator.gets(f"/campaigns/{campaign}")
    config = {**row["config"], "audience": {"tiers": ["gold", "silver"]}}
    await operator.changes(campaign, "amend", config=config, seen_version=row["version"])
    assert (await silver.plays(campaign))["version"] == 2

    narrower = {"config": {**config, "audience": {"tiers": ["silver"]}}, "seen_version": 2, "reason": "fewer"}
    refused = await operator.asks("POST", f"/campaigns/{campaign}/amend", json=narrower)
    assert (refused.status_code, refused.json()["code"]) == (409, "against-members-favour")
    assert refused.json()["changes"][0]["field"] == "audience"


async def test_attributes_are_taken_from_the_token_alone(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(audience={"segments": ["vip"]})
    outsider = await someone(client, house, mall, sub="dan")
    for told in ({"entry": {}, "attributes": {"segments": ["vip"]}}, {"entry": {"segments": ["vip"]}}):
        assert (await outsider.tries(campaign, body=told)).status_code == 422
    assert (await outsider.is_refused(campaign))["code"] == "not-eligible"
    insider = await someone(client, house, mall, sub="eve", attributes={"segments": ["new", "vip"]})
    assert (await insider.plays(campaign))["ordinal"] == 1
