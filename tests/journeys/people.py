"""Operators and members with hands: each verb is one request, as a console or a page would send it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from api.auth.operators import Role
from api.house import House
from api.worker import steps_of
from tests.support.campaigns import CATALOGUE
from tests.support.people import AMall, AMember, a_mall, a_member, an_operator

COUPON = "COUPON-5,满减券,¥5 off,virtual,coupon_code,mall,500,200,0,\n"
SECONDS_MAX = 15
Line = tuple[str, str, int | None, int | None, str | None]
ALWAYS_POINTS: Sequence[Line] = (("points", "99%", None, None, "POINTS-5"), ("thanks", "rest", None, None, None))


@dataclass(frozen=True, kw_only=True)
class Operator:
    client: httpx.AsyncClient
    headers: dict[str, str]

    async def asks(self, method: str, path: str, **body: Any) -> httpx.Response:
        return await self.client.request(method, f"/v1/admin{path}", headers=self.headers, **body)

    async def gets(self, path: str) -> Any:
        return _body(await self.asks("GET", path), 200)

    async def posts(self, path: str, **json: Any) -> Any:
        return _body(await self.asks("POST", path, json=json), 200, 201)

    async def uploads(self, path: str, sheet: str) -> Any:
        headers = {**self.headers, "content-type": "text/csv"}
        return _body(await self.client.post(f"/v1/admin{path}", content=sheet.encode(), headers=headers), 200)

    async def drafts(self, template: str = "reference", *, of: str = "wheel", **changes: Any) -> str:
        row = await self.posts("/campaigns", game=of, template=template, changes={**hours(), **changes})
        return str(row["id"])

    async def publishes(self, campaign: str) -> Any:
        return await self.posts(f"/campaigns/{campaign}/publish", reason="it is time")

    async def opens(self, lines: Sequence[Line] = ALWAYS_POINTS, **changes: Any) -> str:
        """A campaign of these lines, drafted and published."""
        campaign = await self.drafts(**{"limits": {}, **pool_of(lines), **changes})
        await self.publishes(campaign)
        return campaign

    async def changes(self, campaign: str, change: str, **body: Any) -> Any:
        return await self.posts(f"/campaigns/{campaign}/{change}", reason="as agreed", **body)


@dataclass(frozen=True, kw_only=True)
class Member:
    client: httpx.AsyncClient
    id: str
    headers: dict[str, str]

    async def asks(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, f"/v1{path}", headers=self.headers, **more)

    async def gets(self, path: str) -> Any:
        return _body(await self.asks("GET", path), 200)

    async def tries(self, campaign: str, *, key: str | None = None, body: Any = None) -> httpx.Response:
        headers = {**self.headers, "idempotency-key": key or str(uuid4())}
        path = f"/v1/campaigns/{campaign}/plays"
        return await self.client.post(path, headers=headers, json={"entry": {}} if body is None else body)

    async def plays(self, campaign: str, **more: Any) -> Any:
        return _body(await self.tries(campaign, **more), 201)

    async def is_refused(self, campaign: str) -> Any:
        """The problem that a play meets."""
        answer = await self.tries(campaign)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    async def stands(self, campaign: str) -> Any:
        return await self.gets(f"/campaigns/{campaign}/me")

    async def wins(self, campaign: str, line: str) -> Any:
        """Plays until the line is awarded; the award's id is in the answer."""
        for _ in range(200):
            shown = await self.plays(campaign)
            if shown["awarded"] == line:
                return shown["award"]
        raise AssertionError(f"no {line} in 200 plays")

    async def claims(self, award: str, **contact: str) -> Any:
        return _body(await self.asks("POST", f"/awards/{award}/claim", json=contact), 200)

    async def sees(self, award: str, state: str, house: House) -> Any:
        """The award once it is in this state; a worker is at work meanwhile."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            shown = await self.gets(f"/awards/{award}")
            if shown["state"] == state:
                return shown
            assert time.monotonic() < deadline, f"{award} is {shown['state']}, not {state}"
            await works(house)
            await asyncio.sleep(0.02)


async def works(house: House) -> None:
    """One round of everything the worker does."""
    for step in steps_of(house):
        await step.run()


async def a_mall_with_people(
    client: httpx.AsyncClient, house: House, *, key: str = "demo"
) -> tuple[AMall, Operator, Member]:
    """A mall with its catalogue, an owner and a member."""
    mall = await a_mall(house, key=key)
    owner = await an_operator(house, mall, role=Role.OWNER)
    operator = Operator(client=client, headers=owner.headers)
    report = await operator.uploads("/products", CATALOGUE + COUPON)
    assert report["imported"] == 4, report
    return mall, operator, await someone(client, house, mall)


async def someone(client: httpx.AsyncClient, house: House, mall: AMall, **claims: Any) -> Member:
    member: AMember = await a_member(client, house, mall, **claims)
    return Member(client=client, id=member.id, headers=member.headers)


def hours(*, opens_in: float = -60, lasts: float = 86_400 * 30) -> dict[str, str]:
    opens = datetime.now(UTC) + timedelta(seconds=opens_in)
    return {"starts_at": opens.isoformat(), "ends_at": (opens + timedelta(seconds=lasts)).isoformat()}


def pool_of(lines: Sequence[Line]) -> dict[str, Any]:
    keys = [key for key, *_ in lines]
    rows = [
        {"key": key, "odds": odds, "stock": stock, "day_cap": cap, "product": product}
        for key, odds, stock, cap, product in lines
    ]
    return {
        "pools": [{"key": "main", "fallback": keys[-1], "lines": rows}],
        "game": {"face": "wheel", "sectors": keys if len(keys) > 1 else keys * 2},
    }


def _body(answer: httpx.Response, *statuses: int) -> Any:
    assert answer.status_code in statuses, f"{answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()
