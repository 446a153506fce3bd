"""The wallet's routes, knocked at as members do, and a house whose points are kept by the mall."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.house import House, open_house
from api.settings import Settings
from api.worker import steps_of
from prizes.wallet.contract import Done
from tests.prizes.factories import a_product, an_award, run_out, the_award
from tests.prizes.sandbox import APP_KEY, SECRET, SandboxWallet
from tests.prizes.wallets import a_transfer
from tests.support.arguments import CountingEntropy, CountingIds, HandClock
from tests.support.house import BASE_URL
from tests.support.people import AMember, a_mall, a_member

KINDS = ("signed", "duiba")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"wallet_points_days": 30})


async def move(house: House, member: AMember, mall_id: str, *, points: int) -> None:
    transfer = a_transfer(abs(points), mall_id=mall_id, member_id=member.id)
    outcome = await (house.wallet.credit(transfer) if points > 0 else house.wallet.debit(transfer))
    assert isinstance(outcome, Done)


async def test_a_member_sees_their_points_and_every_change_and_nobody_elses(
    client: httpx.AsyncClient, house: House, clock: HandClock
) -> None:
    mall = await a_mall(house)
    member = await a_member(client, house, mall)
    other = await a_member(client, house, mall, sub="member-2")
    same_name = await a_member(client, house, await a_mall(house, key="another"))
    for points in (100, -30, 5):
        await move(house, member, mall.id, points=points)
        clock.advance(minutes=1)
    seen = (await client.get("/v1/wallet", headers=member.headers)).json()
    assert seen["points"] == 75
    assert [each["points"] for each in seen["expiring"]] == [70, 5]
    page = (await client.get("/v1/wallet/records?limit=2", headers=member.headers)).json()
    rest = (await client.get(f"/v1/wallet/records?limit=2&cursor={page['next']}", headers=member.headers)).json()
    assert rest["next"] is None
    changes = [(each["kind"], each["cause"], each["points"], each["balance"]) for each in page["items"] + rest["items"]]
    assert changes == [
        ("credit", "chances", 5, 75),
        ("debit", "chances", -30, 70),
        ("credit", "chances", 100, 100),
    ]
    for stranger in (other, same_name):
        assert (await client.get("/v1/wallet", headers=stranger.headers)).json() == {"points": 0, "expiring": []}
        answer = await client.get(f"/v1/wallet/records?cursor={page['next']}", headers=stranger.headers)
        assert answer.json() == {"items": [], "next": None}
    for path in ("/v1/wallet", "/v1/wallet/records"):
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "WyItMSJd", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ"])
async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient, house: House, cursor: str) -> None:
    member = await a_member(client, house, await a_mall(house))
    answer = await client.get(f"/v1/wallet/records?cursor={cursor}", headers=member.headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_the_worker_moves_what_expired(client: httpx.AsyncClient, house: House, clock: HandClock) -> None:
    mall = await a_mall(house)
    member = await a_member(client, house, mall)
    await move(house, member, mall.id, points=10)
    clock.advance(days=30)
    steps = {step.name: step for step in steps_of(house)}
    assert not await steps["points"].run()
    member = await a_member(client, house, mall)
    (newest, _) = (await client.get("/v1/wallet/records", headers=member.headers)).json()["items"]
    assert (newest["kind"], newest["points"], newest["balance"]) == ("expiry", -10, 0)


@pytest.fixture(params=KINDS)
async def outside(
    request: pytest.FixtureRequest, settings: Settings, sandbox_wallet: SandboxWallet, clock: HandClock
) -> AsyncIterator[House]:
    """A house whose members' points are in the mall's own wallet."""
    url = sandbox_wallet.url
    changes: dict[str, Any] = {
        "wallet": request.param,
        "wallet_url": url,
        "wallet_debit_url": f"{url}/duiba/debit",
        "wallet_notice_url": f"{url}/duiba/notice",
        "wallet_credit_url": f"{url}/duiba/credit",
        "wallet_app_key": APP_KEY,
        "wallet_secret": type(settings.wallet_secret)(SECRET),
    }
    settings = settings.model_copy(update=changes)
    async with open_house(settings, clock=clock, ids=CountingIds(), entropy=CountingEntropy()) as house:
        yield house


@pytest.mark.parametrize("mode", ["none", "error_after_success", "error_before"])
async def test_points_that_are_won_arrive_once_in_the_malls_own_wallet(
    outside: House, sandbox_wallet: SandboxWallet, clock: HandClock, mode: str
) -> None:
    app = create_app(outside.settings, house=outside)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client,
    ):
        mall = await a_mall(outside)
        member = await a_member(client, outside, mall, sub="张三@mall")
        product = await a_product(outside.database, "points", mall_id=mall.id)
        award_id = await an_award(outside.database, product, member_id=member.id)
        await sandbox_wallet.fault(mode, times=1)
        await run_out(outside.fulfilment, clock, rounds=4)
        assert (await the_award(outside.database, award_id)).state == "delivered"
        assert await sandbox_wallet.points("张三@mall") == 66
        member = await a_member(client, outside, mall, sub="张三@mall")
        shown = (await client.get(f"/v1/awards/{award_id}", headers=member.headers)).json()
        assert shown["result"] == {"kind": "points", "points": 66, "balance": None}
        for path in ("/v1/wallet", "/v1/wallet/records"):
            answer = await client.get(path, headers=member.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "points-kept-by-mall")
