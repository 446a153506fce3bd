"""Redeem codes over HTTP: an operator makes them, members redeem them and play, and nobody else learns of them."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from api.auth import audit
from api.auth.models import AuditEntry
from api.auth.operators import Role
from api.house import House
from tests.journeys.people import Member, Operator, a_mall_with_people, hours, someone
from tests.support.people import AMall, an_operator

PAID = {"chances": {"free": {"count": 1, "period": "day"}}}


def batches(campaign: str, *more: str) -> str:
    return "/".join((f"/campaigns/{campaign}/code-batches", *more))


async def generates(operator: Operator, campaign: str, count: int, **terms: Any) -> list[str]:
    """Codes as the one answer tells them."""
    body = {"name": "cards", "chances": 2, **terms, "generate": count}
    answer = await operator.asks("POST", batches(campaign), json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return [row["code"] for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))]


async def redeems(member: Member, campaign: str, code: str, *, language: str = "en") -> httpx.Response:
    headers = {**member.headers, "accept-language": language}
    path = f"/v1/campaigns/{campaign}/redemptions"
    return await member.client.post(path, json={"code": code}, headers=headers)


async def test_a_member_redeems_a_code_and_plays(operator: Operator, member: Member, another_member: Member) -> None:
    campaign = await operator.opens(**PAID)
    assert (await member.gets(f"/campaigns/{campaign}"))["redeems_codes"] is False
    codes = await generates(operator, campaign, 3, lasts="today")
    assert (await member.gets(f"/campaigns/{campaign}"))["redeems_codes"] is True
    await member.plays(campaign)
    assert (await member.is_refused(campaign))["code"] == "no-chance-left"

    answer = await redeems(member, campaign, codes[0].lower().replace("-", " "))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["chances"], answer.json()["chances_left"]) == (2, 2)
    assert answer.json()["expires_at"] is not None
    assert (await member.stands(campaign))["chances_left"] == 2
    assert [(await member.plays(campaign))["chances_left"] for _ in range(2)] == [1, 0]
    again = (await redeems(member, campaign, codes[0])).json()
    assert again == {**answer.json(), "chances_left": 0}
    assert (await redeems(another_member, campaign, codes[0])).json()["code"] == "code-used-up"

    page = await operator.gets(batches(campaign))
    assert [(row["state"], row["made"], row["redeemed"]) for row in page["items"]] == [("active", 3, 1)]
    stopped = await operator.posts(batches(campaign, page["items"][0]["id"], "stop"), reason="cards were stolen")
    assert stopped["state"] == "stopped"
    assert (await redeems(another_member, campaign, codes[1])).json()["code"] == "unknown-code"
    assert (await member.gets(f"/campaigns/{campaign}"))["redeems_codes"] is False


async def test_nothing_tells_a_guesser_what_is_there(
    client: httpx.AsyncClient, house: House, operator: Operator, member: Member
) -> None:
    campaign, other = await operator.opens(**PAID), await operator.opens(**PAID)
    _, their_operator, _ = await a_mall_with_people(client, house, key="rival")
    theirs = await their_operator.opens(**PAID)
    await operator.posts(batches(other), name="other", chances=1, code="OTHER-CAMPAIGN")
    await their_operator.posts(batches(theirs), name="theirs", chances=1, code="OTHER-MALL")
    batch = await operator.posts(batches(campaign), name="stopped", chances=1, code="STOPPED-CODE")
    await operator.posts(batches(campaign, batch["id"], "stop"), reason="a test")
    told = []
    for code in ("OTHER-CAMPAIGN", "OTHER-MALL", "STOPPED-CODE", "NEVER-MADE", "💥"):
        answer = await redeems(member, campaign, code)
        told.append((answer.status_code, answer.content, "retry-after" in answer.headers))
    assert len(set(told)) == 1
    assert told[0][0] == 404
    locked = await redeems(member, campaign, "STOPPED-CODE", language="zh")
    assert (locked.status_code, locked.json()["code"]) == (429, "too-many-wrong-codes")
    assert 890 <= int(locked.headers["retry-after"]) <= 900
    assert locked.json()["locked_until"] in locked.json()["detail"]
    assert (await redeems(member, theirs, "OTHER-MALL")).json()["code"] == "not-found"


async def test_what_is_no_code_is_named(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(**PAID)
    (code,) = await generates(operator, campaign, 1)
    swapped = code[1] + code[0] + code[2:] if code[0] != code[1] else code[:-1] + ("A" if code[-1] != "A" else "B")
    for _ in range(6):
        mistyped = await redeems(member, campaign, swapped)
        assert (mistyped.status_code, mistyped.json()["code"]) == (422, "code-mistyped")
    for typed in ("", "---", "X" * 201):
        answer = await redeems(member, campaign, typed)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "code"), typed
    assert (await redeems(member, campaign, code)).status_code == 201


async def test_250_at_once_over_http_take_five_uses(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**PAID)
    batch = await operator.posts(batches(campaign), name="spring", chances=1, uses=5, code="SPRING2026")
    members = [await someone(client, house, mall, sub=f"racer-{number}") for number in range(60)]
    answers = await asyncio.gather(*(redeems(one, campaign, "spring2026") for one in members))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 55
    assert (await operator.gets(batches(campaign, batch["id"])))["redeemed"] == 5


async def test_codes_of_the_malls_own_are_uploaded_and_reported_on(operator: Operator, member: Member) -> None:
    campaign = await operator.opens(**PAID)
    batch = await operator.posts(batches(campaign), name="partner", chances=1, member_uses=1)
    assert (batch["made"], batch["member_uses"]) == (0, 1)
    report = await operator.uploads(batches(campaign, batch["id"], "codes"), "code\nPARTNER-1\nPARTNER-2\nBAD\n")
    assert (report["made"], report["added"], report["refused"], report["faults"][0]["row"]) == (2, 2, 1, 4)
    assert (await redeems(member, campaign, "partner-1")).status_code == 201
    enough = await redeems(member, campaign, "partner-2")
    assert (enough.status_code, enough.json()["code"], enough.json()["codes_max"]) == (409, "enough-codes-redeemed", 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"chances": 101}, "chances"),
        ({"chances": 0}, "chances"),
        ({"uses": 1_000_001}, "uses"),
        ({"generate": 100_001}, "generate"),
        ({"generate": 0}, "generate"),
        ({"code": "SHORT"}, "code"),
        ({"code": "LONG-ENOUGH", "generate": 3}, "body"),
        ({"lasts": "days"}, "body"),
        ({"days": 3}, "body"),
        ({"lasts": "days", "days": 367}, "days"),
        ({"name": "a\tb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"closes_at": "2020-01-01T00:00:00Z"}, "closes_at"),
        ({"closes_at": "2099-01-01T00:00:00"}, "closes_at"),
        ({"more": 1}, "more"),
    ],
)
async def test_terms_that_are_refused(operator: Operator, body: dict[str, Any], field: str) -> None:
    campaign = await operator.opens(**PAID)
    answer = await operator.asks("POST", batches(campaign), json={"name": "cards", "chances": 1, **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field"), answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert (await operator.gets(batches(campaign)))["items"] == []


async def test_where_plays_cost_nothing_there_is_nothing_to_redeem(operator: Operator, member: Member) -> None:
    campaign = await operator.opens()
    answer = await operator.asks("POST", batches(campaign), json={"name": "cards", "chances": 1, "generate": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "plays-cost-nothing")
    assert (await redeems(member, campaign, "ANYTHING")).json()["code"] == "unknown-code"


async def test_who_may_not_play_keeps_their_code(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator, member: Member
) -> None:
    gold = await operator.opens(**PAID, audience={"tiers": ["gold"]})
    await operator.posts(batches(gold), name="one", chances=1, code="FOR-GOLD")
    assert (await redeems(member, gold, "FOR-GOLD")).json()["code"] == "not-eligible"
    golden = await someone(client, house, mall, sub="golden", attributes={"tier": "gold"})
    assert (await redeems(golden, gold, "FOR-GOLD")).status_code == 201

    await operator.posts("/blocks", sub="member-1", reason="a program")
    campaign = await operator.opens(**PAID)
    assert (await redeems(member, campaign, "WHATEVER")).json()["code"] == "blocked"
    ended = await operator.opens(**PAID, **hours(opens_in=-60, lasts=62))
    await asyncio.sleep(2.1)
    assert (await redeems(golden, ended, "WHATEVER")).json()["code"] == "over"


async def test_only_editors_of_the_mall_make_codes_and_every_change_is_written_down(
    client: httpx.AsyncClient, house: House, mall: AMall, operator: Operator
) -> None:
    campaign = await operator.opens(**PAID)
    codes = await generates(operator, campaign, 2)
    batch = (await operator.gets(batches(campaign)))["items"][0]["id"]
    viewer = Operator(client=client, headers=(await an_operator(house, mall, role=Role.VIEWER)).headers)
    _, stranger, _ = await a_mall_with_people(client, house, key="rival")
    body = {"name": "cards", "chances": 1}
    assert (await viewer.asks("POST", batches(campaign), json=body)).status_code == 403
    assert len((await viewer.gets(batches(campaign)))["items"]) == 1
    for method, path in (("GET", batches(campaign)), ("GET", batches(campaign, batch))):
        assert (await stranger.asks(method, path)).status_code == 404
    for path, sent in ((batches(campaign), body), (batches(campaign, batch, "stop"), {"reason": "mine now"})):
        assert (await stranger.asks("POST", path, json=sent)).status_code == 404
    other = await operator.opens(**PAID)
    assert (await operator.asks("GET", batches(other, batch))).status_code == 404
    assert (await operator.asks("GET", batches(campaign, str(uuid4())))).status_code == 404
    await operator.uploads(batches(campaign, batch, "codes"), "code\nMORE-OF-THEM\n")
    for _ in range(2):
        await operator.posts(batches(campaign, batch, "stop"), reason="enough")
    async with house.database.reading() as session:
        rows = (await session.scalars(select(AuditEntry).where(AuditEntry.subject_id == batch))).all()
        assert (await audit.check_chain(session)).broken == []
    assert [row.action for row in rows] == ["code-batch.create", "code-batch.upload", "code-batch.stop"]
    written = "".join(str((row.before, row.after, row.reason)) for row in rows)
    assert not any(code in written or code.replace("-", "") in written for code in (*codes, "MORE-OF-THEM"))
