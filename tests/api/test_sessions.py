"""Members come in with a launch token, once; nobody comes in without."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import func, select

from api.auth.malls import add_secret
from api.auth.models import Mall, MemberSessionRow
from api.house import House
from tests.support.arguments import HandClock
from tests.support.people import AMall, a_launch_token, a_mall, a_member, claims_for


async def sessions_in(house: House) -> int:
    async with house.database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(MemberSessionRow))).one()


async def exchange(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/sessions", json={"token": token})


async def test_a_launch_token_opens_a_session(client: httpx.AsyncClient, house: House) -> None:
    mall = await a_mall(house)
    answer = await exchange(client, a_launch_token(house, mall))
    assert answer.status_code == 201
    body = answer.json()
    assert body["mall"] == {"name": {"zh": "示例商城", "en": "Demo mall"}}
    assert body["expires_at"] == "2026-11-21T04:30:00Z"
    session = await house.sessions.resolve(body["token"])
    assert session is not None
    assert (session.member_id, session.mall_id) == (body["member"]["id"], mall.id)


async def test_the_same_member_comes_back_as_themselves(client: httpx.AsyncClient, house: House) -> None:
    mall = await a_mall(house)
    first = await a_member(client, house, mall, sub="m-7")
    again = await a_member(client, house, mall, sub="m-7")
    other = await a_member(client, house, mall, sub="m-8")
    assert first.id == again.id != other.id
    assert first.token != again.token


async def test_two_malls_may_use_one_name_for_two_members(client: httpx.AsyncClient, house: House) -> None:
    here = await a_member(client, house, await a_mall(house, key="one"), sub="m-7")
    there = await a_member(client, house, await a_mall(house, key="two"), sub="m-7")
    assert here.id != there.id


async def test_a_launch_token_is_good_for_one_session(client: httpx.AsyncClient, house: House) -> None:
    token = a_launch_token(house, await a_mall(house))
    assert (await exchange(client, token)).status_code == 201
    again = await exchange(client, token)
    assert (again.status_code, again.json()["code"]) == (401, "launch-token-used")
    assert await sessions_in(house) == 1


async def test_a_mall_changes_its_secret_without_a_gap(client: httpx.AsyncClient, house: House) -> None:
    mall = await a_mall(house)
    newer = [await _another_secret(house, mall) for _ in range(2)]
    assert (await exchange(client, a_launch_token(house, mall))).status_code == 401  # the oldest of three has died
    for secret in newer:
        token = a_launch_token(house, AMall(id=mall.id, key=mall.key, secret=secret))
        assert (await exchange(client, token)).status_code == 201


async def _another_secret(house: House, mall: AMall) -> str:
    async with house.database.transaction() as session:
        row = (await session.scalars(select(Mall).where(Mall.id == mall.id))).one()
        return add_secret(row, entropy=house.entropy, sealer=house.sealer)


def signed(claims: dict[str, Any], key: str | bytes, *, headers: dict[str, Any] | None = None) -> str:
    return jwt.encode(claims, key, algorithm="HS256", headers=headers)


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    return ".".join([_part(header), _part(claims), ""])


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_PRIVATE = RSA_KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)

CHANGED_CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong audience": ({"aud": "https://elsewhere.test"}, "wrong-audience"),
    "no audience": ({"aud": None}, "missing-aud"),
    "no expiry": ({"exp": None}, "missing-exp"),
    "no id": ({"jti": None}, "missing-jti"),
    "no subject": ({"sub": None}, "missing-sub"),
    "a long life": ({"exp": 4_000_000_000}, "lives-too-long"),
    "an endless life": ({"exp": 10**30}, "invalid-exp"),
    "an empty subject": ({"sub": ""}, "invalid-sub"),
    "an overlong subject": ({"sub": "m" * 129}, "invalid-sub"),
    "a subject with a null byte": ({"sub": "m\x00"}, "invalid-sub"),
    "an overlong id": ({"jti": "j" * 129}, "invalid-jti"),
    "a strange campaign": ({"campaign": "../../etc"}, "invalid-campaign"),
    "too many attributes": ({"attributes": {f"a{n}": n for n in range(21)}}, "invalid-attributes"),
    "a foreign origin": ({"origin": "https://elsewhere.test"}, "origin-not-allowed"),
}


@pytest.mark.parametrize(("changes", "reason"), CHANGED_CLAIMS.values(), ids=CHANGED_CLAIMS)
async def test_claims_must_be_right(
    client: httpx.AsyncClient, house: House, changes: dict[str, Any], reason: str
) -> None:
    mall = await a_mall(house)
    answer = await exchange(client, a_launch_token(house, mall, **changes))
    assert (answer.status_code, answer.json()["code"]) == (401, "launch-token-invalid")
    assert answer.json()["reason"] == reason
    assert await sessions_in(house) == 0


@pytest.mark.parametrize(("seconds", "status"), [(-31, 401), (-29, 201), (0, 201), (89, 201), (91, 401)], ids=str)
async def test_a_token_lives_its_time_and_thirty_seconds_of_skew(
    client: httpx.AsyncClient, house: House, clock: HandClock, seconds: int, status: int
) -> None:
    token = a_launch_token(house, await a_mall(house))  # lives 60 seconds
    clock.advance(seconds=seconds)
    assert (await exchange(client, token)).status_code == status


async def test_only_the_mall_itself_can_vouch(client: httpx.AsyncClient, house: House) -> None:
    mall, other = await a_mall(house), await a_mall(house, key="other")
    good = claims_for(house, mall)
    attacks = {
        "no signature": unsigned(good, {"alg": "none", "typ": "JWT"}),
        "no signature, spelt otherwise": unsigned(good, {"alg": "nOnE"}),
        "no algorithm": unsigned(good, {"typ": "JWT"}),
        "another mall's secret": signed(good, other.secret),
        "another mall's secret by kid": signed(good, other.secret, headers={"kid": await _kid_of(house, other)}),
        "a key of one's own": signed(good, "x" * 32, headers={"jku": "https://evil.test/keys.json"}),
        "a key in the header": signed(good, "x" * 32, headers={"jwk": {"kty": "oct", "k": "eHh4"}}),
        "a kid that names a file": signed(good, b"\0" * 32, headers={"kid": "/dev/null"}),
        "a kid that is no text": unsigned(good, {"alg": "HS256", "kid": ["a"]}) + "AA",
        "another hash": jwt.encode(good, mall.secret * 2, algorithm="HS512"),
        "a public key": jwt.encode(good, RSA_PRIVATE, algorithm="RS256"),
        "an empty key": unsigned(good, {"alg": "HS256"}) + "AAAA",
        "an unknown mall": signed({**good, "iss": "nobody"}, mall.secret),
        "an issuer that is no text": signed({**good, "iss": ""}, mall.secret),
        "a truncated token": signed(good, mall.secret)[:-1],
        "a changed claim": _with_payload(signed(good, mall.secret), {**good, "sub": "member-2"}),
        "nothing": ".",
        "text": "not.a.token",
        "a very long token": signed({**good, "attributes": {"a": "b" * 4000}}, mall.secret),
    }
    for attack, token in attacks.items():
        answer = await exchange(client, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "launch-token-invalid"), attack
    assert await sessions_in(house) == 0
    assert (await exchange(client, signed(good, mall.secret))).status_code == 201  # and the true one passes


async def test_two_thousand_mangled_tokens_open_nothing(client: httpx.AsyncClient, house: House) -> None:
    mall = await a_mall(house)
    chance = random.Random(20261121)
    for number in range(2000):
        token = _mangled(a_launch_token(house, mall, sub=f"m-{number}"), chance)
        answer = await exchange(client, token)
        assert answer.status_code in {401, 422}, (number, token, answer.text)
    assert await sessions_in(house) == 0


def _mangled(token: str, chance: random.Random) -> str:
    """The token with one part or one signed character changed to something else."""
    parts = token.split(".")
    place = chance.randrange(3)
    way = chance.randrange(4)
    part = parts[place]
    at = chance.randrange(len(part) - 1)  # the last character carries spare bits
    if way == 0:
        other = chance.choice([c for c in "ABCxyz019-_" if c != part[at]])
        parts[place] = part[:at] + other + part[at + 1 :]
    elif way == 1:
        parts[place] = part[:at]
    elif way == 2:
        parts[place] = part + chance.choice(["A", "AAAA", "é", "\x00", " ", "="]) + part[:3]
    else:
        parts[place] = base64.urlsafe_b64encode(chance.randbytes(chance.randrange(60))).decode().rstrip("=")
    return ".".join(parts)


def _with_payload(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims)}.{signature}"


async def _kid_of(house: House, mall: AMall) -> str:
    async with house.database.reading() as session:
        row = (await session.scalars(select(Mall).where(Mall.id == mall.id))).one()
        return row.secrets[0]["kid"]


async def test_a_session_sleeps_after_thirty_idle_minutes(
    client: httpx.AsyncClient, house: House, clock: HandClock
) -> None:
    member = await a_member(client, house, await a_mall(house))
    for _ in range(4):
        clock.advance(minutes=20)
        assert await house.sessions.resolve(member.token) is not None
    clock.advance(minutes=31)
    assert await house.sessions.resolve(member.token) is None


async def test_a_play_need_not_ask_sql_who_plays(client: httpx.AsyncClient, house: House, clock: HandClock) -> None:
    member = await a_member(client, house, await a_mall(house))
    assert house.sessions.cached(member.token) is not None
    clock.advance(minutes=5)
    assert house.sessions.cached(member.token) is None
    assert await house.sessions.resolve(member.token) is not None
    assert house.sessions.cached(member.token) is not None


async def test_a_token_nobody_gave_is_nobody(house: House) -> None:
    assert await house.sessions.resolve("A" * 43) is None
