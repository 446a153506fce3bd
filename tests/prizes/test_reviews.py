"""Held wins, as their winners see them and as operators release or reject them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from api.auth.audit import check_chain
from api.auth.models import AuditEntry
from api.auth.operators import Role
from api.house import House
from prizes.invariants import one_delivery, reviews_decided
from prizes.models import AwardRejection, Delivery
from tests.prizes.factories import a_product, an_award, run_out, the_award
from tests.support.arguments import NOON, HandClock
from tests.support.people import AMall, AMember, AnOperator, a_mall, a_member, an_operator

HOME = {"recipient": "测试甲", "phone": "13800000000", "address": "浙江省杭州市西湖区示例路1号1幢100室"}
TOLD = {"zh": "发放前要核对。", "en": "It is checked first."}
NO = {"zh": "这次不予发放。", "en": "It is not delivered this time."}
OTHER = {"zh": "因多个账号共用设备，不予发放。", "en": "Many accounts shared a device."}


@pytest.fixture
async def mall(house: House) -> AMall:
    return await a_mall(house)


@pytest.fixture
async def member(client: httpx.AsyncClient, house: House, mall: AMall) -> AMember:
    return await a_member(client, house, mall)


class Office:
    """The reviewers of a mall: each verb is one request of one of them."""

    def __init__(self, client: httpx.AsyncClient, operators: list[AnOperator]) -> None:
        self.client = client
        self.operators = operators

    async def asks(self, who: int, award_id: str, verb: str, **body: Any) -> httpx.Response:
        told = {"reason": "looked into it", **body}
        path = f"/v1/admin/awards/{award_id}/{verb}"
        return await self.client.post(path, headers=self.operators[who].headers, json=told)

    async def release(self, who: int, award_id: str) -> httpx.Response:
        return await self.asks(who, award_id, "release")

    async def reject(self, who: int, award_id: str, told: Any = None, **more: Any) -> httpx.Response:
        return await self.asks(who, award_id, "reject", **({"told": told} if told is not None else {}), **more)

    def email(self, who: int) -> str:
        return self.operators[who].actor.email


@pytest.fixture
async def office(client: httpx.AsyncClient, house: House, mall: AMall) -> Office:
    roles = (Role.REVIEWER, Role.REVIEWER, Role.OWNER)
    return Office(client, [await an_operator(house, mall, role=role) for role in roles])


async def held(house: House, mall: AMall, member: AMember, product_type: str = "points") -> str:
    product = await a_product(house.database, product_type, mall_id=mall.id)
    return await an_award(house.database, product, member_id=member.id, held_for="many-a-minute", told=TOLD)


async def seen(client: httpx.AsyncClient, house: House, mall: AMall, award_id: str) -> Any:
    """What the winner sees, who came in again: sessions do not last as long as reviews."""
    again = await a_member(client, house, mall)
    return (await client.get(f"/v1/awards/{award_id}", headers=again.headers)).json()


async def audited(house: House) -> list[AuditEntry]:
    async with house.database.reading() as session:
        assert (await check_chain(session)).broken == []
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


async def broken(house: House) -> list[str]:
    """What I14 says."""
    async with house.database.reading() as session:
        late = await one_delivery(session, now=house.clock.now())
        return [*late[1], *(await reviews_decided(session))[1]]


async def test_a_held_win_waits_and_a_release_sets_it_on_its_way(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, office: Office, clock: HandClock
) -> None:
    award_id = await held(house, mall, member)
    await run_out(house.fulfilment, clock)
    shown = await seen(client, house, mall, award_id)
    assert (shown["state"], shown["told"], shown["result"]) == ("held", TOLD, None)
    listed = await client.get("/v1/admin/awards?state=held", headers=office.operators[0].headers)
    assert [row["id"] for row in listed.json()["items"]] == [award_id]
    answer = await office.release(0, award_id)
    assert (answer.status_code, answer.json()["state"], answer.json()["told"]) == (200, "ready", None)
    assert answer.json()["review"]["held_for"] == "many-a-minute"
    await house.fulfilment.run_once()
    assert (await seen(client, house, mall, award_id))["state"] == "delivered"
    (entry,) = await audited(house)
    assert (entry.action, entry.actor, entry.reason) == ("award.release", office.email(0), "looked into it")
    assert (entry.before, entry.after) == ({"state": "held"}, {"state": "ready"})
    assert await broken(house) == []


async def test_the_time_to_claim_is_as_long_as_it_was(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, office: Office, clock: HandClock
) -> None:
    award_id = await held(house, mall, member, "parcel")
    answer = await client.post(f"/v1/awards/{award_id}/claim", headers=member.headers, json=HOME)
    assert (answer.status_code, answer.json()["code"]) == (409, "award-held")
    clock.advance(days=19)  # past the deadline that it would have had
    assert await broken(house) == [f"award {award_id} is past its time"]
    await house.fulfilment.run_once()
    assert (await seen(client, house, mall, award_id))["claim"]["before"] is None
    assert (await office.release(2, award_id)).json()["state"] == "claim_needed"
    assert (await the_award(house.database, award_id)).claim_before == NOON + timedelta(days=15 + 19)
    await house.fulfilment.run_once()
    shown = await seen(client, house, mall, award_id)
    assert (shown["state"], shown["claim"]["before"]) == ("claim_needed", "2026-12-25T04:00:00Z")
    again = await a_member(client, house, mall)
    answer = await client.post(f"/v1/awards/{award_id}/claim", headers=again.headers, json=HOME)
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert await broken(house) == []


async def test_a_rejection_takes_two_people(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, office: Office, clock: HandClock
) -> None:
    award_id = await held(house, mall, member)
    proposed = await office.reject(0, award_id, NO, reason="forty accounts")
    assert (proposed.status_code, proposed.json()["state"]) == (200, "held")
    rejection = proposed.json()["review"]["rejection"]
    assert (rejection["proposed_by"], rejection["reason"], rejection["told"]) == (office.email(0), "forty accounts", NO)
    assert (rejection["proposed_at"], rejection["confirmed_by"]) == ("2026-11-21T04:00:00Z", None)
    assert (await seen(client, house, mall, award_id))["told"] == TOLD
    clock.advance(minutes=5)
    for told in (None, NO, OTHER):
        twice = await office.reject(0, award_id, told)
        assert (twice.status_code, twice.json()["code"]) == (409, "another-operator-needed")
    confirmed = await office.reject(1, award_id)
    assert (confirmed.status_code, confirmed.json()["state"], confirmed.json()["reason"]) == (
        200,
        "void",
        "forty accounts",
    )
    assert confirmed.json()["review"]["rejection"]["confirmed_by"] == office.email(1)
    shown = await seen(client, house, mall, award_id)
    assert (shown["state"], shown["told"], "reason" in shown) == ("void", NO, False)
    for late in (await office.reject(2, award_id, NO), await office.release(2, award_id)):
        assert (late.status_code, late.json()["code"]) == (409, "award-not-held")
    await run_out(house.fulfilment, clock)
    assert (await seen(client, house, mall, award_id))["state"] == "void"
    assert [(entry.action, entry.actor, entry.after["state"]) for entry in await audited(house)] == [
        ("award.reject", office.email(0), "held"),
        ("award.reject", office.email(1), "void"),
    ]
    assert await broken(house) == []


async def test_two_people_must_say_the_same_to_the_winner(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    award_id = await held(house, mall, member)
    await office.reject(0, award_id, NO)
    other = await office.reject(1, award_id, OTHER)
    assert (other.json()["state"], other.json()["review"]["rejection"]["proposed_by"]) == ("held", office.email(1))
    assert (await office.reject(1, award_id, OTHER)).json()["code"] == "another-operator-needed"
    assert (await office.reject(0, award_id, OTHER)).json()["state"] == "void"
    assert (await seen(client, house, mall, award_id))["told"] == OTHER


async def test_a_release_drops_what_was_proposed(*, house: House, mall: AMall, member: AMember, office: Office) -> None:
    award_id = await held(house, mall, member)
    await office.reject(0, award_id, NO)
    released = await office.release(1, award_id)
    assert released.json()["state"] == "ready"
    assert released.json()["review"]["rejection"]["dropped_at"] == released.json()["review"]["released_at"]
    assert (await office.reject(2, award_id)).json()["code"] == "award-not-held"
    assert await broken(house) == []


async def test_of_a_release_and_a_confirmation_at_once_one_holds(
    *, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    ended = set()
    for _ in range(8):
        award_id = await held(house, mall, member)
        await office.reject(0, award_id, NO)
        tries = [office.reject(1, award_id), office.release(2, award_id), office.release(0, award_id)]
        tries += [office.reject(2, award_id, NO), office.release(1, award_id)]
        answers = await asyncio.gather(*tries)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
        award = await the_award(house.database, award_id)
        assert (award.state == "void") == (award.released_at is None)
        ended.add(award.state)
    assert ended <= {"void", "ready"}
    assert await broken(house) == []


async def test_of_many_proposals_at_once_one_is_kept(
    *, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    award_id = await held(house, mall, member)
    answers = await asyncio.gather(*(office.reject(0, award_id, NO) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert (await the_award(house.database, award_id)).state == "held"


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FULFILMENT, Role.SUPPORT, Role.VIEWER])
async def test_others_than_reviewers_decide_nothing(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, role: Role
) -> None:
    award_id = await held(house, mall, member)
    other = Office(client, [await an_operator(house, mall, role=role)])
    for answer in (await other.release(0, award_id), await other.reject(0, award_id, NO)):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"told": {"zh": "不予发放。"}},
        {"told": {"zh": "", "en": "no"}},
        {"told": {"zh": "不", "en": "n" * 201}},
        {"told": {"zh": "不\u0000", "en": "no"}},
        {"told": {"zh": "不", "en": "no", "fr": "non"}},
        {"told": NO, "reason": "x"},
        {"told": NO, "more": 1},
    ],
)
async def test_what_is_no_rejection_proposes_nothing(
    *, house: House, mall: AMall, member: AMember, office: Office, body: dict[str, Any]
) -> None:
    award_id = await held(house, mall, member)
    answer = await office.asks(0, award_id, "reject", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    async with house.database.reading() as session:
        assert await session.get(AwardRejection, award_id) is None


async def test_what_is_not_held_is_neither_released_nor_voided_alone(
    *, client: httpx.AsyncClient, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    product = await a_product(house.database, "points", mall_id=mall.id)
    free = await an_award(house.database, product, member_id=member.id)
    for answer in (await office.release(0, free), await office.reject(0, free, NO)):
        assert (answer.status_code, answer.json()["code"]) == (409, "award-not-held")
    award_id = await held(house, mall, member)
    for verb in ("void", "retry"):
        answer = await office.asks(2, award_id, verb)
        assert (answer.status_code, answer.json()["code"]) == (409, "award-not-stuck")
    history = await client.get(f"/v1/admin/awards/{free}", headers=office.operators[0].headers)
    assert history.json()["review"] is None


async def test_one_person_cannot_confirm_even_past_the_code(
    *, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    award_id = await held(house, mall, member)
    await office.reject(0, award_id, NO)
    for facts in (
        {"confirmed_by": office.email(0), "confirmed_at": NOON},
        {"confirmed_by": office.email(1)},
        {"confirmed_by": office.email(1), "confirmed_at": NOON, "dropped_at": NOON},
    ):
        with pytest.raises(IntegrityError):
            async with house.database.transaction() as session:
                await session.execute(update(AwardRejection).values(**facts))


async def test_a_review_that_was_passed_over_is_noticed(
    *, house: House, mall: AMall, member: AMember, office: Office
) -> None:
    award_id = await held(house, mall, member)
    async with house.database.transaction() as session:
        session.add(Delivery(id=house.ids.new(), award_id=award_id, attempt=1, act="deliver", started_at=NOON))
    assert await broken(house) == [f"award {award_id} was under review and its delivery was begun"]
    await office.reject(0, award_id, NO)
    async with house.database.transaction() as session:
        await session.execute(update(AwardRejection).values(confirmed_by=office.email(1), confirmed_at=NOON))
    assert f"award {award_id} was rejected and is not void" in await broken(house)
