"""A raffle as people live it: tickets, a seal, a public value, a draw that anybody can do again, and what is not claimed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api.auth.operators import Role
from api.cli.raffles import faults_of
from api.house import House
from campaigns.raffle import Ticket
from tests.journeys.people import Member, Operator, a_mall_with_people, hours, pool_of, someone, works
from tests.support.campaigns import WallClock
from tests.support.people import AMall, an_operator

TICKET = [("ticket", "rest", None, None, None)]
BEACON = {"zh": "1 月 2 日上证指数收盘价", "en": "the closing index of 2 January"}
RAFFLE: dict[str, Any] = {
    "prizes": [
        {"key": "grand", "product": "PHONE-256", "units": 1},
        {"key": "small", "product": "POINTS-5", "units": 2},
    ],
    "runners_up": 2,
    "claim_days": 1,
}
LASTS = 120


class HouseClock(WallClock):
    """The wall's clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def clock() -> HouseClock:
    return HouseClock()


async def opens(operator: Operator, **raffle: Any) -> str:
    return await operator.opens(**pool_of(TICKET), **hours(opens_in=-1, lasts=LASTS), raffle={**RAFFLE, **raffle})


async def ends(house: House, clock: HouseClock, *, rounds: int = 4) -> None:
    clock.ahead += timedelta(seconds=LASTS + 10)
    for _ in range(rounds):
        await works(house)


async def five(client: httpx.AsyncClient, house: House, mall: AMall, campaign: str) -> list[Member]:
    """Five members, of whom each has played once and the first twice."""
    members = [await someone(client, house, mall, sub=f"entrant-{number}") for number in range(5)]
    for each in [*members, members[0]]:
        await each.plays(campaign)
    return members


async def seen(client: httpx.AsyncClient, campaign: str) -> Any:
    return (await client.get(f"/v1/campaigns/{campaign}")).json()


async def listed(client: httpx.AsyncClient, campaign: str, what: str) -> list[Any]:
    """Every item of a public list, page by page."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(f"/v1/campaigns/{campaign}/raffle/{what}", params={"limit": "4", **cursor})).json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def verified(client: httpx.AsyncClient, campaign: str) -> Any:
    tickets = [Ticket(*each.values()) for each in await listed(client, campaign, "tickets")]
    return faults_of(await seen(client, campaign), tickets, await listed(client, campaign, "places"))


async def test_tickets_a_draw_and_everyone_may_check_it(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, clock: HouseClock
) -> None:
    campaign = await opens(operator)
    members = await five(client, house, mall, campaign)
    raffle = (await seen(client, campaign))["raffle"]
    assert (raffle["state"], raffle["sealed"], raffle["winners"]) == ("open", None, [])
    assert raffle["draws_at"] == (await seen(client, campaign))["ends_at"]
    assert [(each["key"], each["units"]) for each in raffle["prizes"]] == [("grand", 1), ("small", 2)]
    mine = (await members[0].stands(campaign))["raffle"]
    assert (mine["state"], mine["tickets"], mine["places"]) == ("open", 2, [])
    assert (await client.get(f"/v1/campaigns/{campaign}/raffle/tickets")).json()["code"] == "raffle-not-sealed"

    await ends(house, clock)
    told = await seen(client, campaign)
    assert (told["raffle"]["state"], told["raffle"]["sealed"]["tickets"]) == ("drawn", 6)
    assert [place["prize"] for place in told["raffle"]["winners"]] == ["grand", "small", "small", None, None]
    assert await verified(client, campaign) == []
    for member in members:
        mine = (await member.stands(campaign))["raffle"]
        assert [place["rank"] for place in mine["places"]] == [
            place["rank"] for place in told["raffle"]["winners"] if place["member"] == mine["member"]
        ]
        for place in mine["places"]:
            if place["prize"] is not None:
                award = await member.gets(f"/awards/{place['award']}")
                assert (award["won_by"], award["state"] in {"claim_needed", "delivered"}) == ("raffle", True)


async def test_a_draw_that_was_meddled_with_is_found_out_from_outside(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, clock: HouseClock
) -> None:
    campaign = await opens(operator)
    await five(client, house, mall, campaign)
    await ends(house, clock)
    definition = await seen(client, campaign)
    tickets = [Ticket(*each.values()) for each in await listed(client, campaign, "tickets")]
    places = await listed(client, campaign, "places")
    assert faults_of(definition, tickets, places[::-1]) == ["The places are not those that the seed gives."]
    assert "The tickets are not those that were sealed." in faults_of(definition, tickets[1:], places)
    other = {**definition["fairness"], "seed": "00" * 32}
    assert len(faults_of({**definition, "fairness": other}, tickets, places)) == 2


async def test_a_public_value_is_entered_once_by_a_reviewer_and_audited(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, clock: HouseClock
) -> None:
    campaign = await opens(operator, beacon=BEACON)
    await five(client, house, mall, campaign)
    roles = {role: (await an_operator(house, mall, role=role)).headers for role in (Role.REVIEWER, Role.EDITOR)}
    reviewer, editor = (Operator(client=client, headers=roles[role]) for role in (Role.REVIEWER, Role.EDITOR))
    path, body = f"/campaigns/{campaign}/raffle/beacon", {"value": "3412.77", "source": "the exchange's own page"}
    early = await reviewer.asks("POST", path, json=body)
    assert (early.status_code, early.json()["code"]) == (409, "raffle-not-sealed")

    await ends(house, clock)
    told = await seen(client, campaign)
    assert (told["raffle"]["state"], told["raffle"]["draws_at"], told["fairness"]["seed"]) == ("sealed", None, None)
    digest = told["raffle"]["sealed"]["digest"]
    assert (await editor.asks("POST", path, json=body)).json()["code"] == "not-allowed"
    for bad in (
        {"value": "", "source": "x"},
        {"value": "1"},
        {"value": "a\nb", "source": "x"},
        {"value": "x" * 201, "source": "x"},
    ):
        assert (await reviewer.asks("POST", path, json=bad)).status_code == 422
    entered = await reviewer.posts(path, **body)
    assert (entered["entered"]["value"], entered["sealed"]["digest"]) == ("3412.77", digest)
    again = await reviewer.asks("POST", path, json=body)
    assert (again.status_code, again.json()["code"], again.json()["value"]) == (409, "beacon-entered", "3412.77")
    for _ in range(2):
        await works(house)
    assert (await seen(client, campaign))["raffle"]["state"] == "drawn"
    assert await verified(client, campaign) == []
    newest = (await operator.gets("/audit"))["items"][0]
    assert (newest["action"], newest["after"]["value"], newest["after"]["digest"]) == (
        "raffle.beacon",
        "3412.77",
        digest,
    )


async def test_what_is_not_claimed_goes_on_and_the_chain_is_kept(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, clock: HouseClock
) -> None:
    campaign = await opens(operator)
    await five(client, house, mall, campaign)
    await ends(house, clock)
    clock.ahead += timedelta(days=1, hours=1)
    for _ in range(3):
        await works(house)
    places = (await operator.gets(f"/campaigns/{campaign}/raffle/places"))["items"]
    assert [(place["state"], place["prize"], place["turn"]) for place in places] == [
        ("passed-on", "grand", 1),
        ("won", "small", 1),
        ("won", "small", 1),
        ("won", "grand", 2),
        ("runner-up", None, None),
    ]
    winner = next(place for place in places if place["turn"] == 2)
    assert (winner["award_state"], places[0]["award_state"]) == ("claim_needed", "lapsed")
    assert await verified(client, campaign) == []


async def test_a_voided_prize_goes_on_too(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, clock: HouseClock
) -> None:
    campaign = await opens(operator)
    members = await five(client, house, mall, campaign)
    await ends(house, clock)
    first = (await operator.gets(f"/campaigns/{campaign}/raffle/places"))["items"][0]
    winner = next(member for member in members if member.id == first["member_id"])
    await winner.claims(first["award_id"], phone="13800138000", recipient="王小明", address="上海市黄浦区人民大道1号")
    await operator.asks("POST", "/parcels/export")
    await operator.posts(f"/awards/{first['award_id']}/void", reason="the winner sits in the jury")
    await works(house)
    states = [place["state"] for place in (await operator.gets(f"/campaigns/{campaign}/raffle/places"))["items"]]
    assert states == ["passed-on", "won", "won", "won", "runner-up"]


async def test_nobody_else_sees_or_touches_a_malls_raffle(
    client: httpx.AsyncClient, house: House, operator: Operator
) -> None:
    _, stranger, _ = await a_mall_with_people(client, house, key="other")
    campaign, bare = await opens(operator), await operator.opens()
    body = {"value": "1", "source": "a page"}
    for path in (f"/campaigns/{campaign}/raffle", f"/campaigns/{campaign}/raffle/places"):
        assert (await stranger.asks("GET", path)).status_code == 404
    assert (await stranger.asks("POST", f"/campaigns/{campaign}/raffle/beacon", json=body)).status_code == 404
    assert (await operator.asks("GET", f"/campaigns/{bare}/raffle")).status_code == 404
    assert (await operator.asks("POST", f"/campaigns/{bare}/raffle/beacon", json=body)).status_code == 404
    assert (await client.get(f"/v1/campaigns/{bare}/raffle/tickets")).status_code == 404
    assert (await client.get(f"/v1/campaigns/{bare}/raffle/places")).status_code == 404
    assert (await seen(client, bare))["raffle"] is None
