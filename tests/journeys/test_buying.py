"""A member buys chances for points: told the price, charged once, and told what came of it whatever the wallet says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from api.auth.operators import Role
from api.house import House
from earning.purchase_models import ChancePurchase
from prizes.wallet.contract import Transfer, Unknown, WalletOutcome
from prizes.wallet.ledger import LedgerWallet
from tests.journeys.people import Member, Operator, a_mall_with_people, someone, works
from tests.support.people import AMall, an_operator

FIFTY: dict[str, Any] = {"chances": {"price": {"points": 50, "at_once_max": 4, "per_member_day_max": 5}}}


async def give(house: House, mall: AMall, member: Member, points: int) -> None:
    transfer = Transfer(id=str(uuid4()), mall_id=mall.id, member_id=member.id, points=points, cause="start")
    await house.wallet.credit(transfer)


async def buys(member: Member, campaign: str, chances: Any = 1, *, key: str | None = None) -> httpx.Response:
    headers = {"idempotency-key": key or str(uuid4())}
    path = f"/v1/campaigns/{campaign}/purchases"
    return await member.client.post(path, headers={**member.headers, **headers}, json={"chances": chances})


class Silent:
    """The house's wallet, of which no debit is answered though each is made."""

    def __init__(self, wallet: LedgerWallet) -> None:
        self.traits, self.refund, self.confirm = wallet.traits, wallet.refund, wallet.confirm
        self.credit, self.query = wallet.credit, wallet.query
        self._wallet = wallet

    async def debit(self, transfer: Transfer) -> WalletOutcome:
        await self._wallet.debit(transfer)
        return Unknown(reason="answer-lost")


@pytest.fixture
def silent(house: House) -> None:
    assert isinstance(house.wallet, LedgerWallet)
    house.purchasing.wallet = Silent(house.wallet)


async def test_a_member_sees_the_price_buys_and_plays(
    operator: Operator, member: Member, mall: AMall, house: House
) -> None:
    campaign = await operator.opens(**FIFTY)
    definition = await member.gets(f"/campaigns/{campaign}")
    assert definition["chances"]["price"]["points"] == 50
    await give(house, mall, member, 120)
    standing = await member.stands(campaign)
    assert (standing["state"], standing["chances_left"]) == ("no-chance-left", 0)
    assert standing["offer"] == {"points": 50, "at_once_max": 4, "left": 5, "balance": 120}
    answer = await buys(member, campaign, 2)
    bought = answer.json()
    assert (answer.status_code, bought["state"], bought["points"], bought["balance"]) == (201, "done", 100, 20)
    assert await member.gets(f"/campaigns/{campaign}/purchases/{bought['id']}") == bought
    assert (await member.stands(campaign))["offer"] == {"points": 50, "at_once_max": 4, "left": 3, "balance": 20}
    for left in (1, 0):
        assert (await member.plays(campaign))["chances_left"] == left
    assert (await member.is_refused(campaign))["code"] == "no-chance-left"
    short = await buys(member, campaign, 1)
    assert (short.status_code, short.json()["code"], short.json()["points"]) == (409, "insufficient-points", 50)
    records = (await member.gets("/wallet/records"))["items"]
    assert [(each["kind"], each["cause"], each["points"]) for each in records[:1]] == [("debit", "chances", -100)]


async def test_where_nothing_is_sold_nothing_is_offered(operator: Operator, member: Member) -> None:
    campaign = await operator.opens()
    assert (await member.gets(f"/campaigns/{campaign}"))["chances"] is None
    assert (await member.stands(campaign))["offer"] is None
    refused = await buys(member, campaign)
    assert (refused.status_code, refused.json()["code"]) == (409, "chances-not-sold")


async def test_one_key_is_one_purchase(operator: Operator, member: Member, mall: AMall, house: House) -> None:
    campaign, key = await operator.opens(**FIFTY), str(uuid4())
    await give(house, mall, member, 1000)
    answers = await asyncio.gather(*(buys(member, campaign, 2, key=key) for _ in range(20)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await buys(member, campaign, 2, key=key)).json()["balance"] == 900
    other = await buys(member, campaign, 3, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await member.stands(campaign))["offer"]["balance"] == 900


async def test_bad_wishes_are_refused(operator: Operator, member: Member, mall: AMall, house: House) -> None:
    campaign = await operator.opens(**FIFTY)
    await give(house, mall, member, 1000)
    for chances in (0, -1, 101, 1.5, "1", None, True, 10**30):
        assert (await buys(member, campaign, chances)).status_code == 422, chances
    too_many = await buys(member, campaign, 5)
    assert (too_many.status_code, too_many.json()["errors"][0]["field"]) == (422, "chances")
    assert (await buys(member, campaign, 4)).status_code == 201
    limited = await buys(member, campaign, 2)
    assert (limited.status_code, limited.json()["code"], limited.json()["left"]) == (409, "purchase-limit", 1)
    path = f"/campaigns/{campaign}/purchases"
    missing = await member.asks("POST", path, json={"chances": 1})
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")
    for odd in ("short", "x" * 65, "spaces in it"):
        assert (await buys(member, campaign, 1, key=odd)).status_code == 422
    assert (await member.stands(campaign))["offer"]["balance"] == 800


async def test_nobody_sees_anothers_purchase(
    *, operator: Operator, member: Member, another_member: Member, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign, other_campaign = await operator.opens(**FIFTY), await operator.opens(**FIFTY)
    await give(house, mall, member, 1000)
    bought = (await buys(member, campaign)).json()["id"]
    _, stranger, passer_by = await a_mall_with_people(client, house, key="other")
    for one, where in ((another_member, campaign), (passer_by, campaign), (member, other_campaign)):
        seen = await one.asks("GET", f"/campaigns/{where}/purchases/{bought}")
        assert (seen.status_code, seen.json()["code"]) == (404, "not-found")
    assert (await buys(passer_by, campaign)).status_code == 404
    assert (await client.post(f"/v1/campaigns/{campaign}/purchases", json={"chances": 1})).status_code == 401
    confined = await someone(client, house, mall, sub="confined", campaign=other_campaign)
    assert (await buys(confined, campaign)).status_code == 404
    assert (await stranger.asks("GET", f"/campaigns/{campaign}/purchases")).status_code == 404
    assert (await stranger.asks("POST", f"/purchases/{bought}/retry", json={"reason": "mine"})).status_code == 404


@pytest.mark.usefixtures("silent")
async def test_what_the_wallet_has_not_said_is_pending_and_then_done(
    operator: Operator, member: Member, mall: AMall, house: House
) -> None:
    campaign, key = await operator.opens(**FIFTY), str(uuid4())
    await give(house, mall, member, 120)
    answer = await buys(member, campaign, 2, key=key)
    assert (answer.status_code, answer.json()["state"], answer.headers["retry-after"]) == (202, "pending", "2")
    assert (await member.is_refused(campaign))["code"] == "no-chance-left"
    async with asyncio.timeout(10):
        while (answer := await buys(member, campaign, 2, key=key)).status_code == 202:
            await works(house)
    assert (answer.status_code, answer.json()["state"]) == (201, "done")
    assert (await member.plays(campaign))["chances_left"] == 1
    assert (await member.gets("/wallet"))["points"] == 20


async def test_an_operator_sees_purchases_and_frees_a_stuck_one(
    operator: Operator, member: Member, mall: AMall, house: House, client: httpx.AsyncClient
) -> None:
    campaign = await operator.opens(**FIFTY)
    await give(house, mall, member, 120)
    done = (await buys(member, campaign, 1)).json()["id"]
    path = f"/purchases/{done}/retry"
    refused = await operator.asks("POST", path, json={"reason": "please"})
    assert (refused.status_code, refused.json()["code"]) == (409, "purchase-not-stuck")
    async with house.database.transaction() as session:
        stuck = {"state": "stuck", "came_from": "refunding", "grant_number": None, "due_at": None}
        await session.execute(update(ChancePurchase).where(ChancePurchase.id == done).values(**stuck))
    assert (await member.gets(f"/campaigns/{campaign}/purchases/{done}"))["state"] == "refunding"
    listed = await operator.gets(f"/campaigns/{campaign}/purchases?state=stuck")
    assert [row["id"] for row in listed["items"]] == [done]
    viewer = await an_operator(house, mall, role=Role.VIEWER)
    looking = Operator(client=client, headers=viewer.headers)
    assert (await looking.asks("POST", path, json={"reason": "please"})).status_code == 403
    assert (await operator.posts(path, reason="the mall has repaired it"))["state"] == "refunding"
    await works(house)
    assert (await member.gets("/wallet"))["points"] == 120
    (entry, *_) = (await operator.gets(f"/audit?subject_type=purchase&subject_id={done}"))["items"]
    assert (entry["action"], entry["reason"]) == ("purchase.retry", "the mall has repaired it")


async def test_the_days_statement_is_there_for_operators(
    operator: Operator, member: Member, mall: AMall, house: House
) -> None:
    campaign = await operator.opens(**FIFTY)
    await give(house, mall, member, 120)
    await buys(member, campaign, 2)
    today = datetime.now(UTC).date()
    statement = await operator.gets(f"/wallet/statement?day={today}")
    assert (statement["agrees"], statement["checked"], statement["differences"]) == (True, 1, [])
    for odd in ("yesterday", "", "0", "2026-02-30", today + timedelta(days=2)):
        assert (await operator.asks("GET", f"/wallet/statement?day={odd}")).status_code == 422
    assert (await member.asks("GET", f"/admin/wallet/statement?day={today}")).status_code == 401
