"""Batches of redeem codes, as operators make them: generated, uploaded, or one code of their own choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidField, NotFound, Refusal
from core.ids import Entropy, Ids
from earning.code_models import CODES_MAX, CodeBatch, CodeRedemption, RedeemCode
from earning.code_words import CodeHashes, fault_of, generate, normalised
from earning.grants import PlaysCostNothing
from earning.lasting import Lasts
from prizes.sheets import RowFault, read_rows

CHANCES_MAX = 100
USES_MAX = 1_000_000
DAYS_MAX = 366
BATCHES_MAX = 500
COLUMNS = ("code",)
SHEET_BYTES_MAX = 8 * 1024 * 1024
FAULT_KEY_CHARS_MAX = 64
CHUNK_ROWS = 500
THERE = "the campaign has this code already"


class BatchStopped(Refusal, code="code-batch-stopped"):
    """The batch was stopped; no codes are added to it."""


class CodesClash(Refusal, code="codes-clash"):
    """Somebody added one of these codes to the campaign at the same moment; nothing was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every code of a batch gives, and how often; `member_uses` None means each code of it once."""

    name: str
    chances: int
    uses: int = 1
    member_uses: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    lasts: Lasts = Lasts.CAMPAIGN
    days: int | None = None


class Counted(NamedTuple):
    """A batch, how many codes it holds, and how often any of them was redeemed."""

    batch: CodeBatch
    made: int
    redeemed: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says: its codes, normalised, by the row they stand in; and every row that holds none."""

    codes: Mapping[str, int]
    refused: Sequence[RowFault]


@dataclass(frozen=True, slots=True)
class Making:
    """New codes, and their hashes in the same order."""

    codes: Sequence[str]
    digests: Sequence[bytes]


def make(count: int, *, campaign: str, entropy: Entropy, hashes: CodeHashes) -> Making:
    """So many codes at random. Pure, so that a thread may do it."""
    codes = generate(count, entropy)
    return Making(codes, [hashes.of(code, campaign=campaign) for code in codes])


def read_sheet(raw: bytes) -> Sheet:
    """The codes of a CSV. InvalidField("file") when it is no such sheet; pure, so that a thread may do it."""
    codes: dict[str, int] = {}
    refused = []
    for number, cells in read_rows(raw, columns=COLUMNS, rows_max=CODES_MAX, bytes_max=SHEET_BYTES_MAX):
        words = normalised(cells["code"])
        if fault := _fault(cells, words, codes):
            refused.append(RowFault(number, cells["code"][:FAULT_KEY_CHARS_MAX], *fault))
        else:
            codes[words] = number
    return Sheet(codes, refused)


async def open_batch(
    session: AsyncSession, *, campaign: str, costs_chances: bool, terms: Terms, ids: Ids, now: datetime
) -> CodeBatch:
    """A batch without codes, of a campaign whose plays cost chances, or PlaysCostNothing.

    Raises InvalidField for hours that are none, and when the campaign has its most batches.
    """
    if not costs_chances:
        raise PlaysCostNothing
    _check_hours(terms, now)
    of_campaign = CodeBatch.campaign_id == campaign
    if (await session.scalar(select(func.count()).select_from(CodeBatch).where(of_campaign)) or 0) >= BATCHES_MAX:
        raise InvalidField(("name", f"the campaign has {BATCHES_MAX} batches, the most there may be"))
    batch = CodeBatch(
        id=ids.new(),
        campaign_id=campaign,
        name=terms.name,
        chances=terms.chances,
        uses=terms.uses,
        member_uses=terms.member_uses or CODES_MAX,
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        lasts=terms.lasts,
        days=terms.days,
        created_at=now,
    )
    session.add(batch)
    await session.flush()
    return batch


async def add_made(session: AsyncSession, batch: CodeBatch, making: Making) -> None:
    """Put generated codes into a batch that is locked. Raises CodesClash."""
    await _put_in(session, batch, making.digests, after=await _made(session, batch))


async def add_chosen(session: AsyncSession, batch: CodeBatch, typed: str, *, hashes: CodeHashes) -> None:
    """Put one code of the operator's choice into a batch. Raises InvalidField("code") for what cannot be one or is there."""
    words = normalised(typed)
    fault = fault_of(words)
    if fault is not None:
        raise InvalidField(("code", fault))
    digest = hashes.of(words, campaign=batch.campaign_id)
    if await _known(session, batch.campaign_id, [digest]):
        raise InvalidField(("code", THERE))
    await _put_in(session, batch, [digest], after=await _made(session, batch))


async def add_sheet(
    session: AsyncSession, batch: CodeBatch, sheet: Sheet, *, hashes: CodeHashes
) -> tuple[int, Sequence[RowFault]]:
    """Put a file's codes into a batch that is locked; how many are new, and every refused row by its number.

    Raises BatchStopped, CodesClash, and InvalidField when the batch would hold more than CODES_MAX.
    """
    if batch.stopped_at is not None:
        raise BatchStopped
    campaign = batch.campaign_id
    rows = {hashes.of(words, campaign=campaign): (words, number) for words, number in sheet.codes.items()}
    known = await _known(session, campaign, list(rows))
    fresh = [digest for digest in rows if digest not in known]
    made = await _made(session, batch)
    if made + len(fresh) > CODES_MAX:
        raise InvalidField(("file", f"the batch would hold more than {CODES_MAX} codes"))
    await _put_in(session, batch, fresh, after=made)
    there = [RowFault(number, words, "code", THERE) for words, number in map(rows.__getitem__, known)]
    return len(fresh), sorted((*sheet.refused, *there), key=lambda fault: fault.row)


async def stop(session: AsyncSession, batch: CodeBatch, *, now: datetime) -> bool:
    """Let nobody redeem its codes any more; whether it was not stopped before. What they gave stays."""
    if batch.stopped_at is not None:
        return False
    batch.stopped_at = now
    await session.flush()
    return True


async def find(session: AsyncSession, *, campaign: str, batch: str, to_change: bool = False) -> CodeBatch:
    query = select(CodeBatch).where(CodeBatch.id == batch, CodeBatch.campaign_id == campaign)
    row: CodeBatch | None = await session.scalar(query.with_for_update(key_share=True) if to_change else query)
    if row is None:
        raise NotFound(noun="batch of codes")
    return row


async def counted(session: AsyncSession, batch: CodeBatch) -> Counted:
    of_batch = CodeRedemption.batch_id == batch.id
    redeemed = await session.scalar(select(func.count()).select_from(CodeRedemption).where(of_batch)) or 0
    return Counted(batch, await _made(session, batch), redeemed)


async def page(session: AsyncSession, *, campaign: str, before: str | None, limit: int) -> Sequence[Counted]:
    """The campaign's batches, newest first, below the id `before`."""
    query = select(CodeBatch).where(CodeBatch.campaign_id == campaign).order_by(CodeBatch.id.desc()).limit(limit)
    rows = await session.scalars(query if before is None else query.where(CodeBatch.id < before))
    return [await counted(session, row) for row in rows.all()]


async def may_redeem(session: AsyncSession, *, campaign: str, now: datetime) -> bool:
    """Whether the campaign has codes that may be redeemed now or later."""
    lives: ColumnElement[bool] = CodeBatch.stopped_at.is_(None) & (
        CodeBatch.closes_at.is_(None) | (CodeBatch.closes_at > now)
    )
    found = await session.scalar(select(CodeBatch.id).where(CodeBatch.campaign_id == campaign, lives).limit(1))
    return found is not None


def _check_hours(terms: Terms, now: datetime) -> None:
    if terms.closes_at is None:
        return
    if terms.closes_at <= now:
        raise InvalidField(("closes_at", "is in the past"))
    if terms.opens_at is not None and terms.opens_at >= terms.closes_at:
        raise InvalidField(("closes_at", "must be after opens_at"))


def _fault(cells: Mapping[str, str], words: str, codes: Mapping[str, int]) -> tuple[str, str] | None:
    if "" in cells:
        return "row", cells[""]
    if fault := fault_of(words):
        return "code", fault
    return ("code", f"the same as in row {codes[words]}") if words in codes else None


async def _made(session: AsyncSession, batch: CodeBatch) -> int:
    """How many codes the batch holds; they are numbered without gaps."""
    return await session.scalar(select(func.max(RedeemCode.number)).where(RedeemCode.batch_id == batch.id)) or 0


async def _known(session: AsyncSession, campaign: str, digests: Sequence[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for chunk in _chunks(digests):
        of_these = (RedeemCode.campaign_id == campaign) & RedeemCode.digest.in_(chunk)
        known.update(await session.scalars(select(RedeemCode.digest).where(of_these)))
    return known


async def _put_in(session: AsyncSession, batch: CodeBatch, digests: Sequence[bytes], *, after: int) -> None:
    number = after
    try:
        for chunk in _chunks(digests):
            rows = [
                {"batch_id": batch.id, "number": place, "campaign_id": batch.campaign_id, "digest": digest}
                for place, digest in enumerate(chunk, start=number + 1)
            ]
            await session.execute(insert(RedeemCode), rows)
            number += len(chunk)
    except IntegrityError:
        raise CodesClash from None


def _chunks(digests: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(digests), CHUNK_ROWS):
        yield digests[start : start + CHUNK_ROWS]
