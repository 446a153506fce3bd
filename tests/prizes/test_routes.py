"""The prizes' routes, knocked at as members, operators and suppliers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from api.auth.audit import check_chain
from api.auth.models import AuditEntry
from api.auth.operators import Role
from api.house import House
from api.settings import Settings
from prizes.fulfilment.suppliers.signing import sign
from tests.prizes.conftest import SECRET, free_port, running_sandbox
from tests.prizes.factories import a_product, a_row, a_sheet, an_award, run_out, the_award
from tests.prizes.sandbox import Sandbox
from tests.support.arguments import HandClock
from tests.support.people import AMall, AMember, AnOperator, a_mall, a_member, an_operator

CSV = {"content-type": "text/csv"}
HOME = {"recipient": "测试甲", "phone": "13800000000", "address": "浙江省杭州市西湖区示例路1号1幢100室"}


@pytest.fixture(scope="session")
def callback_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def sandbox_url(callback_port: int) -> Iterator[str]:
    """A supplier that calls back, though nobody listens unless the test does."""
    with running_sandbox(callback_url=f"http://127.0.0.1:{callback_port}/v1/suppliers/topup/callbacks") as url:
        yield url


@pytest.fixture
def settings(settings: Settings, sandbox_url: str) -> Settings:
    return settings.model_copy(update={"topup_url": sandbox_url, "topup_secret": type(settings.topup_secret)(SECRET)})


@pytest.fixture
async def mall(house: House) -> AMall:
    return await a_mall(house)


@pytest.fixture
async def member(client: httpx.AsyncClient, house: House, mall: AMall) -> AMember:
    return await a_member(client, house, mall)


@pytest.fixture
async def owner(house: House, mall: AMall) -> AnOperator:
    return await an_operator(house, mall)


async def won_by(house: House, mall: AMall, member: AMember, product_type: str, **changes: Any) -> str:
    product = await a_product(house.database, product_type, mall_id=mall.id)
    return await an_award(house.database, product, member_id=member.id, **changes)


async def the_audit(house: House) -> list[tuple[str, str | None]]:
    async with house.database.reading() as session:
        assert (await check_chain(session)).broken == []
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        return [(entry.action, entry.reason) for entry in entries]


async def test_a_member_wins_credit_types_a_number_and_sees_it_delivered(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, sandbox: Sandbox
) -> None:
    award_id = await won_by(house, mall, member, "phone_topup")
    seen = (await client.get(f"/v1/awards/{award_id}", headers=member.headers)).json()
    assert seen["claim"] == {"kind": "phone", "before": "2026-12-06T04:00:00Z", "given": False, "summary": None}
    answer = await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json={"phone": "138 0000 0000"})
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert answer.json()["claim"]["summary"] == "138****0000"
    await house.fulfilment.run_once()
    seen = (await client.get(f"/v1/awards/{award_id}", headers=member.headers)).json()
    assert (seen["state"], seen["delivered_at"]) == ("delivered", "2026-11-21T04:00:00Z")
    assert seen["result"] == {"kind": "topup", "phone": "138****0000"}
    assert seen["prize"]["market_value"] == {"amount": 1000, "currency": "CNY"}
    assert await sandbox.top_ups(award_id) == 1


async def test_a_parcel_goes_all_the_way(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, owner: AnOperator
) -> None:
    award_id = await won_by(house, mall, member, "parcel")
    answer = await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json=HOME)
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    packing = await client.post("/v1/admin/parcels/export", headers=owner.headers)
    assert packing.headers["content-type"].startswith("text/csv")
    assert "attachment" in packing.headers["content-disposition"]
    assert HOME["address"] in packing.content.decode("utf-8-sig")
    sheet = f"award_id,carrier,tracking_number\n{award_id},SF,SF001\n"
    report = await client.post("/v1/admin/parcels/tracking", headers={**owner.headers, **CSV}, content=sheet)
    assert report.json() == {"imported": 1, "updated": 0, "unchanged": 0, "refused": 0, "faults": []}
    seen = (await client.get(f"/v1/awards/{award_id}", headers=member.headers)).json()
    assert seen["result"] == {"kind": "tracking", "carrier": "SF", "number": "SF001"}
    assert [action for action, _ in await the_audit(house)] == ["parcels.export", "parcels.tracking"]


async def test_another_members_prize_does_not_exist(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember
) -> None:
    award_id = await won_by(house, mall, member, "phone_topup")
    stranger = await a_member(client, house, mall, sub="stranger")
    for answer in (
        await client.get(f"/v1/awards/{award_id}", headers=stranger.headers),
        await client.post(f"/v1/awards/{award_id}/claim", headers=stranger.headers, json={"phone": "13800000000"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await client.get("/v1/awards", headers=stranger.headers)).json() == {"items": [], "next": None}
    assert (await client.get(f"/v1/awards/{award_id}")).status_code == 401


async def test_another_malls_operator_sees_and_moves_nothing(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember
) -> None:
    award_id = await won_by(house, mall, member, "coupon_code")
    outsider = await an_operator(house, await a_mall(house, key="other"))
    why = {"reason": "curious"}
    for answer in (
        await client.get(f"/v1/admin/awards/{award_id}", headers=outsider.headers),
        await client.post(f"/v1/admin/awards/{award_id}/retry", headers=outsider.headers, json=why),
        await client.post(f"/v1/admin/awards/{award_id}/void", headers=outsider.headers, json=why),
        await client.post(f"/v1/admin/awards/{award_id}/unmask", headers=outsider.headers, json=why),
        await client.get("/v1/admin/products/COUPON-5/codes", headers=outsider.headers),
        await client.post("/v1/admin/products/COUPON-5/codes", headers={**outsider.headers, **CSV}, content="A"),
    ):
        assert answer.status_code == 404, answer.text
    for path in ("/v1/admin/awards", "/v1/admin/awards/queues", "/v1/admin/products", "/v1/admin/code-pools"):
        assert (await client.get(path, headers=outsider.headers)).json()["items"] == []


async def test_a_wrong_number_is_refused_in_the_members_language(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember
) -> None:
    award_id = await won_by(house, mall, member, "phone_topup")
    headers = {**member.headers, "accept-language": "zh-CN"}
    answer = await client.post(f"/v1/awards/{award_id}/claim", headers=headers, json={"phone": "010-12345678"})
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "phone", "reason": "请填写手机号"}])


async def test_a_claim_is_refused_for_its_reason(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, clock: HandClock
) -> None:
    async def said(award_id: str, phone: str) -> tuple[int, str]:
        answer = await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json={"phone": phone})
        return answer.status_code, answer.json().get("code", "")

    given = await won_by(house, mall, member, "phone_topup")
    assert await said(given, "13800000000") == (200, "")
    assert await said(given, "13800000000") == (200, "")
    assert await said(given, "13900000000") == (409, "already-claimed")
    assert await said(await won_by(house, mall, member, "points"), "13800000000") == (409, "claim-not-needed")
    late = await won_by(house, mall, member, "phone_topup", claim_before=clock.now())
    assert await said(late, "13800000000") == (410, "claim-closed")


async def test_prizes_come_in_pages(*, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember) -> None:
    won = {await won_by(house, mall, member, "points") for _ in range(5)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"limit=2&cursor={cursor}" if cursor else "limit=2"
        page = (await client.get(f"/v1/awards?{query}", headers=member.headers)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert len(seen) == 5
    assert set(seen) == won
    for bad in ("x", "e30", "WyJhIiwiYiJd", "%00"):
        answer = await client.get(f"/v1/awards?cursor={bad}", headers=member.headers)
        assert answer.status_code == 422, bad


async def test_an_operator_imports_a_catalogue_and_codes(
    *, client: httpx.AsyncClient, house: House, owner: AnOperator
) -> None:
    coupon = a_row(sku="COUPON-5", form="virtual", type="coupon_code")
    sheet = a_sheet(a_row(sku="A"), a_row(sku="B", type="teleport"), coupon)
    headers = {**owner.headers, **CSV}
    report = (await client.post("/v1/admin/products", headers=headers, content=sheet)).json()
    assert (report["imported"], report["refused"]) == (2, 1)
    assert (report["faults"][0]["row"], report["faults"][0]["field"]) == (3, "type")
    listed = (await client.get("/v1/admin/products", headers=owner.headers)).json()["items"]
    assert [product["sku"] for product in listed] == ["A", "COUPON-5"]
    upload = await client.post("/v1/admin/products/COUPON-5/codes", headers=headers, content="ONE\nONE\nTWO")
    assert (upload.json()["imported"], upload.json()["refused"]) == (2, 1)
    assert "ONE" not in upload.text
    pool = {"sku": "COUPON-5", "free": 2, "given": 0, "waiting": 0}
    assert (await client.get("/v1/admin/products/COUPON-5/codes", headers=owner.headers)).json() == pool
    assert (await client.get("/v1/admin/code-pools?free_below=3", headers=owner.headers)).json() == {"items": [pool]}
    assert (await client.post("/v1/admin/products/A/codes", headers=headers, content="X")).status_code == 409
    assert (await client.post("/v1/admin/products", headers=owner.headers, files={"file": sheet})).status_code == 422
    assert [action for action, _ in await the_audit(house)] == ["products.import", "codes.upload"]


async def test_roles_are_kept_apart(*, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember) -> None:
    award_id = await won_by(house, mall, member, "coupon_code")
    viewer = await an_operator(house, mall, role=Role.VIEWER)
    headers = {**viewer.headers, **CSV}
    for path in ("/v1/admin/products", "/v1/admin/products/COUPON-5/codes", "/v1/admin/parcels/export"):
        assert (await client.post(path, headers=headers, content="x")).status_code == 403, path
    for act in ("retry", "void", "unmask"):
        answer = await client.post(
            f"/v1/admin/awards/{award_id}/{act}", headers=viewer.headers, json={"reason": "I may not"}
        )
        assert answer.status_code == 403, act
    assert (await client.get("/v1/admin/awards/queues", headers=viewer.headers)).status_code == 200
    assert await the_audit(house) == []


async def test_a_clerk_retries_voids_and_unmasks_on_the_record(
    *,
    client: httpx.AsyncClient,
    house: House,
    mall: AMall,
    member: AMember,
    owner: AnOperator,
    sandbox: Sandbox,
    clock: HandClock,
) -> None:
    await sandbox.fault("refuse", times=2)
    awards = [await won_by(house, mall, member, "phone_topup") for _ in range(2)]
    for award_id in awards:
        await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json={"phone": "13800000000"})
    await house.fulfilment.run_once()
    clerk = await an_operator(house, mall, role=Role.FULFILMENT)
    queues = (await client.get("/v1/admin/awards/queues", headers=clerk.headers)).json()["items"]
    assert [(each["type"], each["state"], each["count"]) for each in queues] == [("phone_topup", "refused", 2)]

    async def act(award_id: str, what: str) -> httpx.Response:
        path = f"/v1/admin/awards/{award_id}/{what}"
        return await client.post(path, headers=clerk.headers, json={"reason": f"to {what}"})

    assert (await client.post(f"/v1/admin/awards/{awards[0]}/void", headers=clerk.headers, json={})).status_code == 422
    retried, voided = await act(awards[0], "retry"), await act(awards[1], "void")
    assert (retried.json()["state"], voided.json()["state"]) == ("retry", "void")
    assert (await act(awards[1], "retry")).json()["code"] == "award-not-stuck"
    assert (await act(awards[0], "unmask")).json() == {"recipient": "", "phone": "13800000000", "address": ""}
    await run_out(house.fulfilment, clock, rounds=2)
    seen = (await client.get(f"/v1/admin/awards/{awards[0]}", headers=owner.headers)).json()
    assert [each["outcome"] for each in seen["history"]] == ["refused", "delivered"]
    assert await the_audit(house) == [(f"award.{what}", f"to {what}") for what in ("retry", "void", "unmask")]


async def test_a_callback_counts_only_when_it_is_signed_and_moves_nothing_by_itself(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, sandbox: Sandbox, clock: HandClock
) -> None:
    async def call_back(content: str, *, secret: str = SECRET, said: str | None = None) -> int:
        headers = sign(secret=secret, message_id="m-1", content=content, now=clock.now())
        answer = await client.post("/v1/suppliers/topup/callbacks", content=said or content, headers=headers)
        return answer.status_code

    award_id = await won_by(house, mall, member, "phone_topup")
    await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json={"phone": "13800000000"})
    await sandbox.fault("accept", settle_ms=60_000)
    await house.fulfilment.run_once()
    lie = json.dumps({"order_id": award_id, "status": "delivered"})
    assert await call_back(lie, secret="another secret") == 401
    assert await call_back(lie, said=lie.replace("delivered", "refused")) == 401
    assert (await client.post("/v1/suppliers/topup/callbacks", content=lie)).status_code == 401
    assert await call_back("garbage") == 422
    assert await call_back(json.dumps({"order_id": "00000000-0000-0000-0000-0000000000ab"})) == 204
    assert await call_back(lie) == 204
    assert (await house.fulfilment.run_once()).moved == 1, "asked at once"
    assert (await the_award(house.database, award_id)).state == "sending", "and the supplier says: not yet"


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The application on a real socket, with the lifespan it already has."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag only
        await asyncio.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def moved_within(house: House, *, seconds: float) -> int:
    """How many deliveries the first round moves that moves any; the deliveries' own clock stands still."""
    for _ in range(int(seconds / 0.05)):
        if (found := (await house.fulfilment.run_once()).moved) > 0:
            return found
        await asyncio.sleep(0.05)
    return 0


@pytest.mark.parametrize("mode", ["accept", "duplicate_callback", "late_failure"])
async def test_real_callbacks_over_a_real_socket_deliver_once(
    *,
    app: FastAPI,
    house: House,
    client: httpx.AsyncClient,
    clock: HandClock,
    mode: str,
    callback_port: int,
    sandbox: Sandbox,
) -> None:
    clock.set(datetime.now(UTC))  # the supplier signs with its own
    mall = await a_mall(house)
    member = await a_member(client, house, mall)
    award_id = await won_by(house, mall, member, "phone_topup", claim_before=clock.now() + timedelta(days=1))
    async with served(app, callback_port):
        await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json={"phone": "13800000000"})
        await sandbox.fault(mode, settle_ms=100, forgets=True)
        await house.fulfilment.run_once()
        if mode == "accept":
            assert await moved_within(house, seconds=20) == 1, "the callback made it due"
        else:
            await asyncio.sleep(0.6)
        await run_out(house.fulfilment, clock, rounds=2)
    assert (await the_award(house.database, award_id)).state == "delivered"
    assert await sandbox.top_ups(award_id) == 1
