"""Malls, members and operators, with defaults."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from api.auth.malls import create_mall
from api.auth.operators import Actor, Role, as_actor, create_operator, issue_token
from api.house import House
from tests.support.house import BASE_URL

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class AMall:
    id: str
    key: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class AnOperator:
    actor: Actor
    password: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, kw_only=True)
class AMember:
    id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


async def a_mall(house: House, *, key: str = "demo") -> AMall:
    async with house.database.transaction() as session:
        mall, secret = await create_mall(
            session,
            key=key,
            name={"zh": "示例商城", "en": "Demo mall"},
            allowed_origins=["https://mall.test"],
            ids=house.ids,
            entropy=house.entropy,
            sealer=house.sealer,
            now=house.clock.now(),
        )
        return AMall(id=mall.id, key=key, secret=secret)


def claims_for(house: House, mall: AMall, **changes: Any) -> dict[str, Any]:
    """The claims of a good launch token; a change to None leaves a claim out."""
    now = int(house.clock.now().timestamp())
    claims = {
        "iss": mall.key,
        "sub": "member-1",
        "aud": BASE_URL,
        "iat": now,
        "exp": now + 60,
        "jti": f"jti-{next(_numbers)}",
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def a_launch_token(house: House, mall: AMall, **changes: Any) -> str:
    return jwt.encode(claims_for(house, mall, **changes), mall.secret, algorithm="HS256")


async def a_member(client: httpx.AsyncClient, house: House, mall: AMall, **changes: Any) -> AMember:
    """A member with a session, who came in as members do; `sub` names them."""
    answer = await client.post("/v1/sessions", json={"token": a_launch_token(house, mall, **changes)})
    assert answer.status_code == 201, answer.text
    return AMember(id=answer.json()["member"]["id"], token=answer.json()["token"])


async def an_operator(house: House, mall: AMall, *, role: Role = Role.OWNER) -> AnOperator:
    """An operator who holds a token."""
    password = "correct horse battery staple"
    async with house.database.transaction() as session:
        operator = await create_operator(
            session,
            mall_id=mall.id,
            email=f"{role.value}-{next(_numbers)}@demo.test",
            password=password,
            role=role,
            ids=house.ids,
            now=house.clock.now(),
        )
        token = await issue_token(session, operator, entropy=house.entropy, now=house.clock.now(), lifetime=None)
        return AnOperator(actor=as_actor(operator), password=password, token=token)
