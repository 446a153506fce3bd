"""Operators sign in, do what their role includes, and leave a chained trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import delete, update

from api.auth.audit import Chain, Subject, check_chain, record
from api.auth.dependencies import operator_with
from api.auth.models import AuditEntry
from api.auth.operators import TOKEN_LIFETIME, Actor, Role
from api.house import House
from tests.support.arguments import HandClock
from tests.support.people import AnOperator, a_mall, a_member, an_operator


async def sign_in(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await client.post("/v1/admin/tokens", json={"email": email, "password": password})


async def test_a_password_opens_for_twelve_hours(client: httpx.AsyncClient, house: House, clock: HandClock) -> None:
    operator = await an_operator(house, await a_mall(house))
    answer = await sign_in(client, operator.actor.email.upper(), operator.password)
    assert answer.status_code == 201
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    assert (await client.get("/v1/admin/audit", headers=headers)).status_code == 200
    clock.advance(seconds=TOKEN_LIFETIME.total_seconds())
    assert (await client.get("/v1/admin/audit", headers=headers)).status_code == 401


async def test_a_wrong_password_and_a_wrong_name_look_alike(client: httpx.AsyncClient, house: House) -> None:
    operator = await an_operator(house, await a_mall(house))
    wrong = await sign_in(client, operator.actor.email, "guess")
    unknown = await sign_in(client, "nobody@demo.test", "guess")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


async def test_guessing_is_slowed_for_the_guesser_alone(
    client: httpx.AsyncClient, house: House, clock: HandClock
) -> None:
    mall = await a_mall(house)
    one, other = await an_operator(house, mall), await an_operator(house, mall)
    for _ in range(10):
        assert (await sign_in(client, one.actor.email, "guess")).status_code == 401
    slowed = await sign_in(client, one.actor.email, one.password)
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too-many-attempts")
    assert int(slowed.headers["retry-after"]) > 0
    assert (await sign_in(client, other.actor.email, other.password)).status_code == 201
    clock.advance(minutes=11)
    assert (await sign_in(client, one.actor.email, one.password)).status_code == 201


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nobody", "Basic YTpi", "Bearer " + "x" * 5000])
async def test_without_a_good_token_nobody_is_an_operator(
    client: httpx.AsyncClient, house: House, authorization: str
) -> None:
    answer = await client.get("/v1/admin/audit", headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_member_is_no_operator_and_an_operator_no_member(client: httpx.AsyncClient, house: House) -> None:
    mall = await a_mall(house)
    member, operator = await a_member(client, house, mall), await an_operator(house, mall)
    assert (await client.get("/v1/admin/audit", headers=member.headers)).status_code == 401
    assert (await client.get("/v1/plays", headers=operator.headers)).status_code == 401


async def test_a_role_does_what_it_includes(app: FastAPI, client: httpx.AsyncClient, house: House) -> None:
    @app.get("/parcels-only")
    async def parcels_only(actor: Annotated[Actor, Depends(operator_with(Role.FULFILMENT))]) -> str:
        return actor.role

    mall = await a_mall(house)
    seen = {}
    for role in Role:
        operator = await an_operator(house, mall, role=role)
        seen[role] = (await client.get("/parcels-only", headers=operator.headers)).status_code
    assert seen == {role: 200 if role in {Role.OWNER, Role.FULFILMENT} else 403 for role in Role}


async def write(house: House, operator: AnOperator, count: int, *, campaign: str = "c-1") -> None:
    for number in range(count):
        async with house.database.transaction() as session:
            await record(
                session,
                actor=operator.actor,
                action="campaign.pause",
                subject=Subject("campaign", campaign),
                before={"state": "published", "plays": number},
                after={"state": "paused", "name": {"zh": "转盘"}},
                reason="a test",
                at=house.clock.now(),
            )


async def chain_of(house: House) -> Chain:
    async with house.database.reading() as session:
        return await check_chain(session)


async def test_the_audit_is_one_chain(house: House, clock: HandClock) -> None:
    assert await chain_of(house) == Chain(0, [])
    operator = await an_operator(house, await a_mall(house))
    await write(house, operator, 3)
    clock.advance(microseconds=1)
    await write(house, operator, 2)
    assert await chain_of(house) == Chain(5, [])


TAMPERED = {
    "actor": "somebody@demo.test",
    "action": "campaign.resume",
    "subject_id": "c-2",
    "before": {"state": "paused"},
    "after": None,
    "reason": "another",
    "request_id": "r-1",
}


@pytest.mark.parametrize("column", TAMPERED)
async def test_an_altered_row_is_found(house: House, column: str) -> None:
    await write(house, await an_operator(house, await a_mall(house)), 4)
    async with house.database.transaction() as session:
        await session.execute(update(AuditEntry).where(AuditEntry.seq == 2).values({column: TAMPERED[column]}))
    assert await chain_of(house) == Chain(4, [2])


async def test_a_row_moved_in_time_is_found(house: House, clock: HandClock) -> None:
    await write(house, await an_operator(house, await a_mall(house)), 2)
    async with house.database.transaction() as session:
        await session.execute(update(AuditEntry).where(AuditEntry.seq == 1).values(at=clock.now() - timedelta(hours=1)))
    assert await chain_of(house) == Chain(2, [1])


async def test_a_missing_row_is_found(house: House) -> None:
    await write(house, await an_operator(house, await a_mall(house)), 4)
    async with house.database.transaction() as session:
        await session.execute(delete(AuditEntry).where(AuditEntry.seq == 2))
    checked, broken = await chain_of(house)
    assert checked == 3
    assert 3 in broken


async def test_the_audit_is_read_page_by_page_and_mall_by_mall(client: httpx.AsyncClient, house: House) -> None:
    operator = await an_operator(house, await a_mall(house))
    stranger = await an_operator(house, await a_mall(house, key="other"))
    await write(house, operator, 3)
    await write(house, operator, 1, campaign="c-2")
    await write(house, stranger, 1)
    first = (await client.get("/v1/admin/audit?limit=3", headers=operator.headers)).json()
    rest = (await client.get(f"/v1/admin/audit?cursor={first['next']}", headers=operator.headers)).json()
    assert [row["seq"] for row in first["items"] + rest["items"]] == [4, 3, 2, 1]
    assert rest["next"] is None
    one = (await client.get("/v1/admin/audit?subject_type=campaign&subject_id=c-2", headers=operator.headers)).json()
    assert [row["subject_id"] for row in one["items"]] == ["c-2"]
