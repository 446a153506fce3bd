"""A campaign in an operator's hands: from a template to published, and what may change while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.operators import Actor, Role
from api.house import House
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from campaigns import registry
from campaigns.config import Phase, phase_of
from campaigns.game import Text
from campaigns.lifecycle import REASON_LENGTH_MAX, Author, Lifecycle, campaign_of, check
from campaigns.models import Campaign, CampaignVersion, State
from campaigns.pools import UNITS_MAX
from campaigns.queries import page_of_campaigns, versions_of
from core.errors import InvalidField

router = APIRouter(prefix="/v1/admin", tags=["admin: campaigns"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_LENGTH_MAX)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TemplateView(BaseModel):
    game: str
    key: str
    version: int
    title: Text
    summary: Text
    draft: dict[str, Any]


class TemplateList(BaseModel):
    items: list[TemplateView]


class NewCampaign(_Form):
    """A campaign from a template; `changes` are laid over the template's top-level fields."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "game": "wheel",
                    "template": "reference",
                    "changes": {"starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-31T16:00:00Z"},
                }
            ]
        },
    )

    game: Annotated[str, Field(max_length=32)]
    template: Annotated[str, Field(max_length=64)]
    changes: dict[str, Any] = {}


class Draft(_Form):
    config: dict[str, Any]


class Because(_Form):
    reason: Reason


class MoreStock(Because):
    line: Annotated[str, Field(min_length=1, max_length=32)]
    units: Annotated[int, Field(ge=1, le=UNITS_MAX)]


class LaterEnd(Because):
    ends_at: AwareDatetime


class Amendment(Because):
    """The whole config as it shall be. `seen_version` is the one that was looked at; a newer one is not overwritten."""

    config: dict[str, Any]
    seen_version: Annotated[int, Field(ge=1)]


class CampaignRow(BaseModel):
    """A campaign as its operators see it. `phase` follows from state and hour."""

    id: str
    game: str
    template: str
    state: Literal["draft", "published", "paused"]
    phase: Phase
    version: int
    epoch: int
    commitment: str | None
    created_at: datetime
    config: dict[str, Any]


class CampaignPage(BaseModel):
    items: list[CampaignRow]
    next: str | None


class VersionView(BaseModel):
    version: int
    state: str
    change: str
    reason: str
    author: str
    created_at: datetime
    config_hash: str
    config: dict[str, Any]


class VersionList(BaseModel):
    items: list[VersionView]


@router.get("/templates")
async def list_templates(_: AnyOperator) -> TemplateList:
    """Every recipe of every game."""
    return TemplateList(
        items=[
            TemplateView(game=game, **{name: getattr(one, name) for name in one.__slots__})
            for game in registry.games()
            for one in registry.templates(game)
        ]
    )


@router.get("/campaigns")
async def list_campaigns(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> CampaignPage:
    """The mall's campaigns, newest first."""
    position = position_of(cursor, parts=1)
    before = _uuid(position[0]) if position else None
    async with house.database.reading() as session:
        rows = await page_of_campaigns(session, mall=operator.mall_id, before=before, limit=limit)
    following = cursor_at(rows[-1].id) if len(rows) == limit else None
    return CampaignPage(items=[_row(row, house) for row in rows], next=following)


@router.post("/campaigns", status_code=201)
async def create_campaign(form: NewCampaign, operator: Editor, house: TheHouse) -> CampaignRow:
    """A draft from a template. It may be unfinished; it is checked when it is published."""
    async with house.database.transaction() as session:
        campaign = await house.campaigns.lifecycle.create(
            session, mall=operator.mall_id, game=form.game, template=form.template, changes=form.changes
        )
        await _record(session, operator, house, "campaign.create", campaign, before=None, reason=None)
    return _row(campaign, house)


@router.get("/campaigns/{campaign_id}")
async def get_campaign_row(campaign_id: UUID, operator: AnyOperator, house: TheHouse) -> CampaignRow:
    async with house.database.reading() as session:
        return _row(await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id)), house)


@router.get("/campaigns/{campaign_id}/versions")
async def list_versions(campaign_id: UUID, operator: AnyOperator, house: TheHouse) -> VersionList:
    """Every version that was ever in force, and who put it there, when and why."""
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
        rows = await versions_of(session, campaign=campaign.id)
    return VersionList(
        items=[VersionView(**{name: getattr(row, name) for name in VersionView.model_fields}) for row in rows]
    )


@router.put("/campaigns/{campaign_id}/draft")
async def put_draft(campaign_id: UUID, form: Draft, operator: Editor, house: TheHouse) -> CampaignRow:
    """Keep a draft's config as it is, finished or not."""
    async with house.database.transaction() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id), to_change=True)
        before = campaign.draft
        await house.campaigns.lifecycle.rewrite(session, campaign, form.config)
        await _record(session, operator, house, "campaign.rewrite", campaign, before=before, reason=None)
    return _row(campaign, house)


@router.post("/campaigns/{campaign_id}/check")
async def check_draft(campaign_id: UUID, operator: AnyOperator, house: TheHouse) -> CampaignRow:
    """Whether the draft could be published as it is; refused with every fault named when it could not."""
    async with house.database.reading() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id))
    check(campaign.game, campaign.draft)
    return _row(campaign, house)


@router.post("/campaigns/{campaign_id}/publish")
async def publish(campaign_id: UUID, form: Because, operator: Editor, house: TheHouse) -> CampaignRow:
    """Freeze the draft as version 1 and commit to its seed; it opens and closes by itself."""
    return await _change(house, operator, campaign_id, action="publish", reason=form.reason, verb=Lifecycle.publish)


@router.post("/campaigns/{campaign_id}/pause")
async def pause(campaign_id: UUID, form: Because, operator: Editor, house: TheHouse) -> CampaignRow:
    return await _change(house, operator, campaign_id, action="pause", reason=form.reason, verb=Lifecycle.pause)


@router.post("/campaigns/{campaign_id}/resume")
async def resume(campaign_id: UUID, form: Because, operator: Editor, house: TheHouse) -> CampaignRow:
    return await _change(house, operator, campaign_id, action="resume", reason=form.reason, verb=Lifecycle.resume)


@router.post("/campaigns/{campaign_id}/stock")
async def add_stock(campaign_id: UUID, form: MoreStock, operator: Editor, house: TheHouse) -> CampaignRow:
    """Add units to a line, while the campaign runs."""

    async def verb(lifecycle: Lifecycle, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        return await lifecycle.add_stock(session, campaign, author, line=form.line, units=form.units)

    return await _change(house, operator, campaign_id, action="add-stock", reason=form.reason, verb=verb)


@router.post("/campaigns/{campaign_id}/extend")
async def extend(campaign_id: UUID, form: LaterEnd, operator: Editor, house: TheHouse) -> CampaignRow:
    """Let the campaign end later."""

    async def verb(lifecycle: Lifecycle, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        return await lifecycle.extend(session, campaign, author, ends_at=form.ends_at)

    return await _change(house, operator, campaign_id, action="extend", reason=form.reason, verb=verb)


@router.post("/campaigns/{campaign_id}/amend")
async def amend(campaign_id: UUID, form: Amendment, operator: Editor, house: TheHouse) -> CampaignRow:
    """Put another config in force; every change against the members' favour is refused, with its reason."""

    async def verb(lifecycle: Lifecycle, session: AsyncSession, campaign: Campaign, author: Author) -> CampaignVersion:
        return await lifecycle.amend(session, campaign, author, told=form.config, seen_version=form.seen_version)

    return await _change(house, operator, campaign_id, action="amend", reason=form.reason, verb=verb)


Verb = Callable[[Lifecycle, AsyncSession, Campaign, Author], Awaitable[CampaignVersion]]


async def _change(
    house: House, operator: Actor, campaign_id: UUID, *, action: str, reason: str, verb: Verb
) -> CampaignRow:
    """One change with its audit row in one transaction; then the counters follow."""
    async with house.database.transaction() as session:
        campaign = await campaign_of(session, mall=operator.mall_id, campaign=str(campaign_id), to_change=True)
        before = campaign.draft if campaign.version else None
        author = Author(email=operator.email, at=house.clock.now(), reason=reason)
        await verb(house.campaigns.lifecycle, session, campaign, author)
        await _record(session, operator, house, f"campaign.{action}", campaign, before=before, reason=reason)
    await house.campaigns.recovery.follow(campaign.id)
    async with house.database.reading() as session:
        return _row(await campaign_of(session, mall=operator.mall_id, campaign=campaign.id), house)


async def _record(
    session: AsyncSession,
    operator: Actor,
    house: House,
    action: str,
    campaign: Campaign,
    *,
    before: dict[str, Any] | None,
    reason: str | None,
) -> None:
    after = {"version": campaign.version, "state": str(campaign.state), "config": campaign.draft}
    await audit.record(
        session,
        actor=operator,
        action=action,
        subject=audit.Subject("campaign", campaign.id),
        before=before,
        after=after,
        reason=reason,
        at=house.clock.now(),
    )


def _row(campaign: Campaign, house: House) -> CampaignRow:
    return CampaignRow(
        id=campaign.id,
        game=campaign.game,
        template=campaign.template,
        state=State(campaign.state).value,
        phase=phase_of(
            state=campaign.state,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            is_settled=campaign.settled_epoch == campaign.epoch,
            now=house.clock.now(),
        ),
        version=campaign.version,
        epoch=campaign.epoch,
        commitment=campaign.commitment,
        created_at=campaign.created_at,
        config=campaign.draft,
    )


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidField(("cursor", "not a cursor of this list")) from None
