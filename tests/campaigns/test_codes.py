"""Batches of codes: made at random, uploaded, chosen; kept as hashes, counted, stopped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.db import Database
from core.errors import InvalidField, NotFound
from core.ids import TimeOrderedIds
from earning import codes
from earning.code_models import CODES_MAX, CodeBatch, RedeemCode
from earning.code_words import CodeHashes, fault_of, generate
from prizes.sheets import RowFault
from tests.campaigns.conftest import Publish
from tests.campaigns.test_chances import GRANTED_ONLY
from tests.support.arguments import CountingEntropy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HASHES = CodeHashes(bytes(range(32)))


@pytest.fixture
async def campaign(publish_wheel: Publish) -> str:
    return await publish_wheel(**GRANTED_ONLY)


async def opens(database: Database, campaign: str, **terms: Any) -> str:
    told = codes.Terms(**{"name": "spring", "chances": 1, **terms})
    async with database.transaction() as session:
        return (
            await codes.open_batch(
                session, campaign=campaign, costs_chances=True, terms=told, ids=TimeOrderedIds(), now=NOW
            )
        ).id


async def uploads(database: Database, campaign: str, batch: str, text: str) -> tuple[int, list[RowFault]]:
    sheet = codes.read_sheet(text.encode())
    async with database.transaction() as session:
        row = await codes.find(session, campaign=campaign, batch=batch, to_change=True)
        new, refused = await codes.add_sheet(session, row, sheet, hashes=HASHES)
    return new, list(refused)


async def made(database: Database, batch: str) -> int:
    async with database.reading() as session:
        return (await codes.counted(session, await session.get_one(CodeBatch, batch))).made


async def test_generated_codes_are_kept_as_hashes_alone(database: Database, campaign: str) -> None:
    batch = await opens(database, campaign)
    making = codes.make(1_234, campaign=campaign, entropy=CountingEntropy(), hashes=HASHES)
    async with database.transaction() as session:
        await codes.add_made(session, await session.get_one(CodeBatch, batch), making)
    async with database.reading() as session:
        rows = (await session.scalars(select(RedeemCode).order_by(RedeemCode.number))).all()
    assert [row.number for row in rows] == list(range(1, 1_235))
    assert [row.digest for row in rows] == [HASHES.of(code, campaign=campaign) for code in making.codes]
    assert await made(database, batch) == 1_234


async def test_an_upload_is_reported_on_row_by_row(database: Database, campaign: str) -> None:
    batch = await opens(database, campaign)
    almost = generate(1, CountingEntropy())[0][:-1]
    wrong = almost + next(letter for letter in "AB" if fault_of(almost + letter))
    text = f"code\nSPRING-01\n spring01 \nSHORT\nA_B_C_D_E\n{wrong}\n恭喜发财二〇二六\n\nTWO,CELLS\n"
    new, refused = await uploads(database, campaign, batch, text)
    assert new == 2
    assert [(fault.row, fault.field) for fault in refused] == [
        (3, "code"),
        (4, "code"),
        (5, "code"),
        (6, "code"),
        (9, "row"),
    ]
    assert "the same as in row 2" in refused[0].reason
    again, there = await uploads(database, campaign, batch, "code\nSpring 01\nSPRING-02\n")
    assert (again, [(fault.row, fault.reason) for fault in there]) == (1, [(2, codes.THERE)])
    assert await made(database, batch) == 3


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"sub\nABCDEF\n", "the header lacks code"),
        (b"code,more\nABCDEF,1\n", "each once and no other"),
        (b"code\n\xff\n", "not UTF-8"),
        (b"code\n" + b"ABCDEF\n" * (CODES_MAX + 1), f"more than {CODES_MAX} rows"),
    ],
)
def test_what_is_no_sheet_of_codes(raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidField) as refused:
        codes.read_sheet(raw)
    assert reason in refused.value.facts["errors"][0]["reason"]


async def test_two_uploads_of_one_file_at_once_keep_each_code_once(database: Database, campaign: str) -> None:
    text = "code\n" + "\n".join(f"CODE-{number:05}" for number in range(800))
    batch, other = await opens(database, campaign), await opens(database, campaign)
    told = await asyncio.gather(
        *(uploads(database, campaign, each, text) for each in (batch, batch, other, other)), return_exceptions=True
    )
    assert all(isinstance(each, tuple | codes.CodesClash) for each in told), told
    assert await made(database, batch) + await made(database, other) == 800


async def test_a_batch_that_is_stopped_takes_no_more_codes(database: Database, campaign: str) -> None:
    batch = await opens(database, campaign)
    async with database.transaction() as session:
        row = await codes.find(session, campaign=campaign, batch=batch, to_change=True)
        assert [await codes.stop(session, row, now=NOW) for _ in range(2)] == [True, False]
    with pytest.raises(codes.BatchStopped):
        await uploads(database, campaign, batch, "code\nSPRING-01\n")


async def test_whether_a_campaign_has_codes_to_redeem(database: Database, campaign: str) -> None:
    async def may(now: datetime) -> bool:
        async with database.reading() as session:
            return await codes.may_redeem(session, campaign=campaign, now=now)

    assert not await may(NOW)
    batch = await opens(database, campaign, opens_at=NOW + timedelta(hours=1), closes_at=NOW + timedelta(hours=2))
    assert await may(NOW)
    assert not await may(NOW + timedelta(hours=2))
    async with database.transaction() as session:
        await codes.stop(session, await session.get_one(CodeBatch, batch), now=NOW)
    assert not await may(NOW)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"closes_at": NOW}, "closes_at"),
        ({"opens_at": NOW + timedelta(days=2), "closes_at": NOW + timedelta(days=1)}, "closes_at"),
    ],
)
async def test_hours_that_are_none_are_refused(
    database: Database, campaign: str, terms: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        await opens(database, campaign, **terms)
    assert refused.value.facts["errors"][0]["field"] == field


async def test_a_batch_of_another_campaign_is_none(database: Database, campaign: str, publish_wheel: Publish) -> None:
    batch = await opens(database, await publish_wheel(**GRANTED_ONLY))
    with pytest.raises(NotFound):
        await uploads(database, campaign, batch, "code\nSPRING-01\n")


@pytest.mark.parametrize("typed", ["SHORT", "S P R-I-N", "with_underscore", "X" * 65, "🎁🎁🎁🎁🎁🎁"])
async def test_what_cannot_be_a_code_is_not_chosen(database: Database, campaign: str, typed: str) -> None:
    batch = await opens(database, campaign)
    async with database.transaction() as session:
        with pytest.raises(InvalidField):
            await codes.add_chosen(session, await session.get_one(CodeBatch, batch), typed, hashes=HASHES)
        row = await session.get_one(CodeBatch, batch)
        await codes.add_chosen(session, row, "SPRING-2026", hashes=HASHES)
        with pytest.raises(InvalidField) as twice:
            await codes.add_chosen(session, row, "spring 2026", hashes=HASHES)
    assert twice.value.facts["errors"][0]["reason"] == codes.THERE
