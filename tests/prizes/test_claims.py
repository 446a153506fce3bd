"""The claim: who may give what, until when, and that nothing given can be read by those who should not."""

from __future__ import annotations

import asyncio
import csv
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from api.tables import metadata
from core.db import Database
from core.errors import InvalidField, NotFound
from prizes import queries
from prizes.claims import AlreadyClaimed, ClaimClosed, ClaimNotNeeded
from prizes.fulfilment.deliveries import Fulfilment
from prizes.models import Award, Claim
from prizes.personal import Contact, contact_of, mask_phone, parse_phone, unmask
from prizes.vault import Vault
from tests.prizes.conftest import SHARED_DATA
from tests.prizes.factories import MEMBER, a_product, an_award, claim, run_out, the_award
from tests.prizes.sandbox import Sandbox
from tests.support.arguments import NOON, CountingEntropy, HandClock

HOME = {"recipient": "测试甲", "address": "浙江省杭州市西湖区示例路1号1幢100室"}


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("13800000000", "+8613800000000"),
        ("+８６ １３８ ００００ ００００", "+8613800000000"),
        (" 138-0000-0000 ", "+8613800000000"),
        ("0086 138 0000 0000", "+8613800000000"),
        ("+852 5123 4567", "+85251234567"),
    ],
)
def test_a_mobile_number_is_read_as_people_type_it(typed: str, e164: str) -> None:
    assert parse_phone(typed) == e164


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "phone-unreadable"),
        ("call me", "phone-unreadable"),
        ("1380000000", "phone-not-valid"),
        ("138000000000", "phone-not-valid"),
        ("010-12345678", "phone-not-mobile"),
        ("1" * 33, "too-long"),
        ("13800000000;ext=5", "phone-not-valid"),
    ],
)
def test_what_is_no_mobile_number_is_refused(typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_phone(typed)


def test_a_masked_number_shows_its_ends_only() -> None:
    assert mask_phone("+8613812345678") == "138****5678"


def test_every_fault_of_a_claim_is_named() -> None:
    with pytest.raises(InvalidField) as refusal:
        contact_of(kind="address", phone="138", recipient=" ", address="x\x07yyyyyyy")
    assert refusal.value.facts["errors"] == [
        {"field": "phone", "reason": "phone-not-valid"},
        {"field": "recipient", "reason": "missing"},
        {"field": "address", "reason": "unprintable"},
    ]


async def test_a_claim_sets_the_award_on_its_way_and_the_same_again_is_harmless(
    fulfilment: Fulfilment, database: Database, clock: HandClock, sandbox: Sandbox
) -> None:
    award_id = await an_award(database, await a_product(database, "phone_topup"))
    assert (await claim(fulfilment, award_id)).state == "ready", "even before the worker has routed the win"
    assert (await claim(fulfilment, award_id, phone="138 0000 0000")).state == "ready"
    with pytest.raises(AlreadyClaimed):
        await claim(fulfilment, award_id, phone="13900000000")
    await run_out(fulfilment, clock, rounds=2)
    assert (await claim(fulfilment, award_id)).state == "delivered"
    with pytest.raises(AlreadyClaimed):
        await claim(fulfilment, award_id, phone="13900000000")
    assert await sandbox.top_ups(award_id) == 1


async def test_of_two_claims_at_once_one_counts(fulfilment: Fulfilment, database: Database) -> None:
    award_id = await an_award(database, await a_product(database, "phone_topup"))
    phones = ["13800000000", "13900000000"] * 5
    said = await asyncio.gather(*(claim(fulfilment, award_id, phone=phone) for phone in phones), return_exceptions=True)
    refused = [isinstance(each, AlreadyClaimed) for each in said]
    assert refused in ([False, True] * 5, [True, False] * 5)
    assert sum(isinstance(each, Award) for each in said) == 5


async def test_an_award_of_somebody_else_does_not_exist(fulfilment: Fulfilment, database: Database) -> None:
    award_id = await an_award(database, await a_product(database, "phone_topup"))
    stranger = "00000000-0000-0000-0000-00000000eeee"
    with pytest.raises(NotFound):
        await claim(fulfilment, award_id, member_id=stranger)
    async with database.reading() as session:
        with pytest.raises(NotFound):
            await queries.of_member(session, member_id=stranger, award_id=award_id)
        with pytest.raises(NotFound):
            await queries.of_mall(session, mall_id=stranger, award_id=award_id)
        assert not await queries.page_of_member(session, member_id=stranger, campaign_id=None, after=None, limit=9)


async def test_a_prize_that_needs_no_claim_takes_none(fulfilment: Fulfilment, database: Database) -> None:
    award_id = await an_award(database, await a_product(database, "points"))
    with pytest.raises(ClaimNotNeeded):
        await claim(fulfilment, award_id)


async def test_a_claim_closes_at_its_deadline(fulfilment: Fulfilment, database: Database, clock: HandClock) -> None:
    late, in_time = [await an_award(database, await a_product(database, "parcel")) for _ in range(2)]
    await fulfilment.run_once()
    clock.set(NOON + timedelta(days=15) - timedelta(seconds=1))
    assert (await fulfilment.run_once()).moved == 0
    await claim(fulfilment, in_time, **HOME)
    clock.advance(seconds=1)
    with pytest.raises(ClaimClosed):
        await claim(fulfilment, late, **HOME)
    assert (await fulfilment.run_once()).moved == 1
    assert [(await the_award(database, each)).state for each in (late, in_time)] == ["lapsed", "ready"]
    with pytest.raises(ClaimClosed):
        await claim(fulfilment, late, **HOME)


async def test_pages_of_awards_hold_each_once_newest_first(database: Database) -> None:
    product = await a_product(database, "points")
    won = [await an_award(database, product, won_at=NOON + timedelta(seconds=each // 2)) for each in range(7)]
    seen: list[str] = []
    after = None
    async with database.reading() as session:
        while page := await queries.page_of_member(session, member_id=MEMBER, campaign_id=None, after=after, limit=3):
            seen += [award.id for award in page]
            after = (page[-1].won_at, page[-1].id)
    assert seen == sorted(won, reverse=True)


def test_what_is_sealed_opens_for_its_own_award_and_key_only() -> None:
    vault = Vault(kek=bytes(32), entropy=CountingEntropy())
    sealed = vault.seal(b"secret", bound_to="award-1")
    assert vault.open(sealed, bound_to="award-1") == b"secret"
    other = Vault(kek=bytes([1] * 32), entropy=CountingEntropy())
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for opener, content, bound_to in (
        (vault, sealed, "award-2"),
        (other, sealed, "award-1"),
        (vault, flipped, "award-1"),
    ):
        with pytest.raises(ValueError, match="sealed under another key"):
            opener.open(content, bound_to=bound_to)


def files_of(folder: Path) -> bytes:
    """Every byte of the database's files; nothing on PostgreSQL, where the rows have to do."""
    return b"".join(file.read_bytes() for file in folder.glob("windfall.db*"))


async def test_nothing_personal_lies_in_the_clear(
    fulfilment: Fulfilment, database: Database, clock: HandClock, sandbox: Sandbox, tmp_path: Path
) -> None:
    phone, recipient, address = "13987654321", "金丝雀甲", "云南省昆明市金丝雀路7号"
    topup = await an_award(database, await a_product(database, "phone_topup"))
    parcel = await an_award(database, await a_product(database, "parcel"))
    with structlog.testing.capture_logs() as logs:
        await sandbox.fault("garbage", times=1)
        await claim(fulfilment, topup, phone=phone)
        contact = (await claim(fulfilment, parcel, phone=phone, recipient=recipient, address=address)).id
        await run_out(fulfilment, clock)
    assert (await the_award(database, topup)).state == "delivered"
    stored = [repr(logs), repr(Contact(phone=phone, recipient=recipient, address=address)), contact]
    async with database.reading() as session:
        tables = [text(f'SELECT * FROM "{table.name}"') for table in metadata.sorted_tables]
        stored += [repr((await session.execute(table)).all()) for table in tables]
        claim_row = await session.get(Claim, parcel)
        assert claim_row is not None
        assert claim_row.sealed is not None
        assert unmask(fulfilment.vault, award_id=parcel, sealed=claim_row.sealed).address == address
    raw = files_of(tmp_path) + "".join(stored).encode()
    assert len(logs) >= 2
    assert len(raw) > 1000
    for canary in (phone, recipient, address, "金丝雀路"):
        assert canary.encode() not in raw
        assert canary.encode("unicode-escape") not in raw


@pytest.mark.shared_data
def test_addresses_as_members_type_them_are_taken() -> None:
    with (SHARED_DATA / "addresses_zh.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    taken = [contact_of(kind="address", **row) for row in rows]  # type: ignore[arg-type]
    assert len(taken) == 60
    assert all(contact.phone.startswith("+861") for contact in taken)
