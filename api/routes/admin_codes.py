"""Redeem codes, for operators: batches that are generated, uploaded or chosen, how often they were redeemed, and their stop."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.sheets import FAULTS_SHOWN_MAX, RefusedRow, body_of, csv_body, refused_rows
from api.routes.typed import PLAIN, Reason
from campaigns.lifecycle import campaign_of
from core.errors import InvalidField
from earning import codes
from earning.code_models import CODES_MAX, NAME_CHARS_MAX
from earning.code_words import TYPED_CHARS_MAX, grouped
from earning.lasting import Lasts, are_days_told
from prizes.sheets import write_rows

router = APIRouter(prefix="/v1/admin/campaigns/{campaign_id}/code-batches", tags=["admin: redeem codes"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
SHEET = csv_body("Codes of the mall's own, one a row, as CSV in UTF-8.", "code\nSPRING-0001\nSPRING-0002\n")
CSV = {"text/csv": {"schema": {"type": "string", "description": "The generated codes, told this once."}}}


class NewBatch(BaseModel):
    """Terms, and at most one way to codes: so many to `generate`, one `code` of one's own; without either, upload some.

    A code may be redeemed `uses` times in all and once by each member, who may redeem `member_uses` codes of the batch.
    Its chances last till the end of the day, for some `days`, or as long as the campaign.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Spring cards", "chances": 1, "generate": 500, "lasts": "days", "days": 7},
                {
                    "name": "Spring broadcast",
                    "chances": 2,
                    "uses": 10_000,
                    "code": "SPRING2026",
                    "closes_at": "2099-01-01T00:00:00Z",
                },
                {"name": "Codes of a partner", "chances": 1, "member_uses": 3},
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX, pattern=PLAIN)]
    chances: Annotated[int, Field(ge=1, le=codes.CHANCES_MAX)]
    uses: Annotated[int, Field(ge=1, le=codes.USES_MAX)] = 1
    member_uses: Annotated[int, Field(ge=1, le=CODES_MAX)] | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    lasts: Lasts = Lasts.CAMPAIGN
    days: Annotated[int, Field(ge=1, le=codes.DAYS_MAX)] | None = None
    generate: Annotated[int, Field(ge=1, le=CODES_MAX)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=TYPED_CHARS_MAX)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if not are_days_told(self.lasts, self.days):
            raise ValueError("days belong to lasts: days, and to nothing else")
        if self.generate is not None and self.code is not None:
            raise ValueError("either generate codes or choose one")
        return self

    @property
    def terms(self) -> codes.Terms:
        return codes.Terms(**self.model_dump(exclude={"generate", "code"}))


class Stopping(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the cards were stolen"}]})

    reason: Reason


class BatchView(BaseModel):
    """A batch, how many codes it holds, and how often any of them was redeemed."""

    id: str
    name: str
    state: Literal["active", "stopped"]
    chances: int
    uses: int
    member_uses: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    lasts: Lasts
    days: int | None
    made: int
    redeemed: int
    created_at: datetime
    stopped_at: datetime | None


class BatchPage(BaseModel):
    items: list[BatchView]
    next: str | None


class UploadReport(BaseModel):
    """What became of every row of a file, and how many codes the batch holds now."""

    made: int
    added: int
    refused: int
    faults: Annotated[list[RefusedRow], Field(description=f"The first {FAULTS_SHOWN_MAX} refused rows.")]


@router.post("", status_code=201, response_model=BatchView, responses={201: {"content": CSV}})
async def create_batch(campaign_id: UUID, form: NewBatch, operator: Editor, house: TheHouse) -> BatchView | Response:
    """A batch of codes. Generated ones are the answer, as CSV, and are told this once: we keep their hashes alone."""
    campaign, now, hashes = str(campaign_id), house.clock.now(), house.redeeming.hashes
    async with house.database.reading() as session:
        await campaign_of(session, mall=operator.mall_id, campaign=campaign)
    making = None
    if form.generate is not None:  # long enough to hold up the plays beside it
        making = await asyncio.to_thread(
            codes.make, form.generate, campaign=campaign, entropy=house.entropy, hashes=hashes
        )
    async with house.database.transaction() as session:
        row = await campaign_of(session, mall=operator.mall_id, campaign=campaign)
        batch = await codes.open_batch(
            session,
            campaign=row.id,
            costs_chances=row.draft.get("chances") is not None,
            terms=form.terms,
            ids=house.ids,
            now=now,
        )
        if making is not None:
            await codes.add_made(session, batch, making)
        elif form.code is not None:
            await codes.add_chosen(session, batch, form.code, hashes=hashes)
        view = _view(await codes.counted(session, batch))
        await _record(
            session, operator, "create", batch.id, before=None, after=_facts(view, row.id), reason=None, at=now
        )
    return view if making is None else _told(view, making, campaign)


@router.get("")
async def list_batches(
    campaign_id: UUID, operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> BatchPage:
    """The campaign's batches, newest first."""
    position = position_of(cursor, parts=1)
    before = _uuid(position[0]) if position else None
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        rows = await codes.page(session, campaign=campaign.id, before=before, limit=limit)
    following = cursor_at(rows[-1].batch.id) if len(rows) == limit else None
    return BatchPage(items=[_view(row) for row in rows], next=following)


@router.get("/{batch_id}")
async def get_batch(campaign_id: UUID, batch_id: UUID, operator: AnyOperator, house: TheHouse) -> BatchView:
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        batch = await codes.find(session, campaign=campaign.id, batch=str(batch_id))
        return _view(await codes.counted(session, batch))


@router.post("/{batch_id}/codes", openapi_extra=SHEET)
async def upload_codes(
    campaign_id: UUID, batch_id: UUID, request: Request, operator: Editor, house: TheHouse
) -> UploadReport:
    """Add codes of the mall's own to a batch; a bad row is reported and stops no other."""
    raw = await body_of(request)
    async with house.database.reading() as session:
        await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
    sheet = await asyncio.to_thread(codes.read_sheet, raw)  # long enough to hold up the plays beside it
    now = house.clock.now()
    async with house.database.transaction() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        batch = await codes.find(session, campaign=campaign.id, batch=str(batch_id), to_change=True)
        added, refused = await codes.add_sheet(session, batch, sheet, hashes=house.redeeming.hashes)
        made = (await codes.counted(session, batch)).made
        report = UploadReport(made=made, added=added, refused=len(refused), faults=refused_rows(refused))
        after = {"campaign": campaign.id, **report.model_dump(exclude={"faults"})}
        before: dict[str, object] = {"made": made - added}
        await _record(session, operator, "upload", batch.id, before=before, after=after, reason=None, at=now)
    return report


@router.post("/{batch_id}/stop")
async def stop_batch(campaign_id: UUID, batch_id: UUID, form: Stopping, operator: Editor, house: TheHouse) -> BatchView:
    """Let nobody redeem these codes any more; chances that were given stay. Stopping again changes nothing."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        batch = await codes.find(session, campaign=campaign.id, batch=str(batch_id), to_change=True)
        before = _facts(_view(await codes.counted(session, batch)), campaign.id)
        stopped = await codes.stop(session, batch, now=now)
        view = _view(await codes.counted(session, batch))
        if stopped:
            after = _facts(view, campaign.id)
            await _record(session, operator, "stop", batch.id, before=before, after=after, reason=form.reason, at=now)
    return view


def _told(view: BatchView, making: codes.Making, campaign: str) -> Response:
    sheet = write_rows(columns=codes.COLUMNS, rows=({"code": grouped(code)} for code in making.codes))
    headers = {
        "content-disposition": f'attachment; filename="codes-{view.id}.csv"',
        "location": f"/v1/admin/campaigns/{campaign}/code-batches/{view.id}",
    }
    return Response(sheet, status_code=201, media_type="text/csv", headers=headers)


async def _record(
    session: AsyncSession,
    operator: Actor,
    act: str,
    batch: str,
    *,
    before: dict[str, object] | None,
    after: dict[str, object],
    reason: str | None,
    at: datetime,
) -> None:
    await audit.record(
        session,
        actor=operator,
        action=f"code-batch.{act}",
        subject=audit.Subject("code-batch", batch),
        before=before,
        after=after,
        reason=reason,
        at=at,
    )


def _facts(view: BatchView, campaign: str) -> dict[str, object]:
    """A batch as an audit row keeps it, which never says what a code reads."""
    return {"campaign": campaign, **view.model_dump(mode="json")}


def _view(counted: codes.Counted) -> BatchView:
    batch = counted.batch
    shown = {name: getattr(batch, name) for name in BatchView.model_fields if hasattr(batch, name)}
    return BatchView.model_validate(
        {
            **shown,
            "state": "active" if batch.stopped_at is None else "stopped",
            "member_uses": None if batch.member_uses == CODES_MAX else batch.member_uses,
            "made": counted.made,
            "redeemed": counted.redeemed,
        }
    )


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidField(("cursor", "not a cursor of this list")) from None
