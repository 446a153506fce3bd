"""Another mall's campaigns, products and awards, and another member's, are as good as none: 404 on every route."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.house import House
from tests.journeys.people import ALWAYS_POINTS, Member, Operator, a_mall_with_people, pool_of
from tests.journeys.test_quiz import SHEET, begins
from tests.support.people import AMall

BODIES: dict[str, dict[str, Any]] = {
    "/draft": {"json": {"config": {}}},
    "/stock": {"json": {"line": "points", "units": 1, "reason": "try"}},
    "/extend": {"json": {"ends_at": "2099-01-01T00:00:00Z", "reason": "try"}},
    "/amend": {"json": {"config": {}, "seen_version": 1, "reason": "try"}},
    "/codes": {"content": b"code\nX-000001\n", "headers": {"content-type": "text/csv"}},
    "/members": {"content": b"sub\nX-1\n", "headers": {"content-type": "text/csv"}},
    "/claim": {"json": {"phone": "13800000000"}},
    "/plays": {"json": {"entry": {}}, "headers": {"idempotency-key": "a-stranger-s-key"}},
}
RULE = {"caps": {"event_max": 1}, "reason": "try"}
GIFT = {"sub": "member-1", "chances": 1, "reference": "try", "reason": "try"}
BATCH = {"name": "try", "chances": 1, "uses": 5, "code": "SPRING2026"}
BODIES |= {
    "/several": {"json": {"times": 2}, "headers": {"idempotency-key": "a-stranger-s-key"}},
    "/redemptions": {"json": {"code": "SPRING2026"}},
    "/accept": {"json": {"code": "0" * 22}},
    "/purchases": {"json": {"chances": 1}, "headers": {"idempotency-key": "a-stranger-s-key"}},
    "/beacon": {"json": {"value": "1", "source": "try"}},
    "{rule_key}": {"json": RULE},
    "/grants": {"json": GIFT, "params": {"sub": "member-1"}},
    "/code-batches": {"json": BATCH},
    "/items": {"content": SHEET.encode(), "headers": {"content-type": "text/csv"}},
    "/moves": {"json": {"move": {"do": "next", "number": 1}}},
}
BECAUSE: dict[str, Any] = {"json": {"reason": "try"}}
PUBLIC = {
    ("GET", "/v1/campaigns/{campaign_id}"),
    ("GET", "/v1/campaigns/{campaign_id}/raffle/tickets"),
    ("GET", "/v1/campaigns/{campaign_id}/raffle/places"),
}
CHANCES = {"free": {"count": 50, "period": "day"}, "price": {"points": 1}}
RAFFLE = {"prizes": [{"key": "grand", "product": "POINTS-5", "units": 1}], "beacon": {"zh": "某个数", "en": "a number"}}


def routes_with_ids(app: FastAPI, prefix: str) -> list[tuple[str, str]]:
    """(method, path) of every route of the API that names something by its id."""
    found = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith(prefix)
        and "{" in path
        and not path.startswith("/v1/mall/")  # the mall signs: test_earning.py
    ]
    return [route for route in found if route not in PUBLIC]


def request_for(path: str, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The path with another's ids, and a body that would do for its owner."""
    filled = re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], path)
    body = next((body for end, body in BODIES.items() if path.endswith(end)), BECAUSE)
    return filled, body


async def a_round(operator: Operator, member: Member) -> Any:
    """A member's round of a quiz of this mall."""
    await operator.posts("/banks", key="sums", game="quiz", name={"zh": "加法", "en": "Sums"})
    await operator.uploads("/banks/sums/items", SHEET)
    game = {"bank": "sums", "questions": 1, "bands": [{"points": 0, "tier": "main"}]}
    campaign = await operator.drafts("daily", of="quiz", limits={}, pools=pool_of(ALWAYS_POINTS)["pools"], game=game)
    await operator.publishes(campaign)
    return await begins(member, campaign)


@pytest.fixture
async def stranger(client: httpx.AsyncClient, house: House) -> tuple[Operator, Member]:
    _, operator, member = await a_mall_with_people(client, house, key="another-mall")
    return operator, member


async def test_another_malls_ids_are_not_found_on_any_route(
    *,
    app: FastAPI,
    client: httpx.AsyncClient,
    house: House,
    mall: AMall,
    operator: Operator,
    member: Member,
    stranger: tuple[Operator, Member],
) -> None:
    campaign = await operator.opens(chances=CHANCES, raffle=RAFFLE)
    award = await member.wins(campaign, "points")
    await member.sees(award["id"], "delivered", house)
    buy = {"headers": {**member.headers, "idempotency-key": "a-member-s-own-key"}, "json": {"chances": 1}}
    bought = await client.post(f"/v1/campaigns/{campaign}/purchases", **buy)
    assert bought.status_code == 201, bought.text
    rule = {"key": "ours", "name": {"zh": "我们的", "en": "Ours"}, "zone": "UTC", "caps": {"event_max": 1}}
    await operator.posts("/event-rules", campaign=campaign, **rule)
    batch = await operator.posts(f"/campaigns/{campaign}/code-batches", **BATCH)
    await operator.uploads(
        "/products",
        "sku,name_zh,name_en,form,type,merchant,market_value_fen,cost_fen,points,detail\n"
        "OURS-1,券,Coupon,virtual,coupon_code,mall,1,1,0,\n",
    )
    await operator.posts("/lists", key="ours", name={"zh": "我们的", "en": "Ours"})
    game = await a_round(operator, member)
    ids = {"campaign_id": campaign, "award_id": award["id"], "sku": "OURS-1", "list_key": "ours"}
    ids |= {"play_id": award["id"], "round_id": game["id"], "bank_key": "sums", "number": "1"}
    ids |= {"purchase_id": bought.json()["id"], "rule_key": "ours", "batch_id": batch["id"]}
    snooper, visitor = stranger
    walked = {
        snooper.headers["authorization"]: routes_with_ids(app, "/v1/admin/"),
        visitor.headers["authorization"]: [
            route for route in routes_with_ids(app, "/v1/") if not route[1].startswith("/v1/admin/")
        ],
    }
    for authorization, routes in walked.items():
        assert routes
        for method, path in routes:
            filled, body = request_for(path, ids)
            headers = {**body.get("headers", {}), "authorization": authorization}
            answer = await client.request(method, filled, **{**body, "headers": headers})
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), f"{method} {path}: {answer.text}"
    assert (await operator.gets(f"/campaigns/{campaign}"))["version"] == 1
    assert (await member.gets(f"/awards/{award['id']}"))["claim"]["given"] is False


async def test_lists_show_a_mall_only_its_own(
    operator: Operator, member: Member, stranger: tuple[Operator, Member]
) -> None:
    await member.wins(await operator.opens(), "points")
    snooper, visitor = stranger
    await operator.posts("/lists", key="ours", name={"zh": "我们的", "en": "Ours"})
    await operator.posts("/blocks", sub="member-9", reason="plays by a program")
    for path in ("/campaigns", "/awards", "/awards/queues", "/lists", "/banks", "/blocks", "/blocks/history"):
        assert (await snooper.gets(path))["items"] == [], path
    assert {row["subject_type"] for row in (await snooper.gets("/audit"))["items"]} <= {"catalogue"}
    for path in ("/plays", "/awards"):
        assert (await visitor.gets(path))["items"] == [], path


async def test_another_members_award_is_not_found(operator: Operator, member: Member, another_member: Member) -> None:
    award = await member.wins(await operator.opens(), "points")
    for method, end in (("GET", ""), ("POST", "/claim")):
        answer = await another_member.asks(method, f"/awards/{award['id']}{end}", json={"phone": "13800000000"})
        assert answer.status_code == 404, answer.text


async def test_ids_that_are_no_ids_are_told_apart_from_a_crash(member: Member, operator: Operator) -> None:
    for odd in ("1", "%00", "..%2f..", "0" * 400):
        assert (await member.asks("GET", f"/awards/{odd}")).status_code in (404, 422)
        assert (await operator.asks("GET", f"/campaigns/{odd}")).status_code in (404, 422)
        assert (await member.tries(odd)).status_code in (404, 405)
