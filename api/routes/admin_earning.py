"""How members come by chances, for operators: rules of events, the events there were, and chances given by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.auth import audit
from api.auth.dependencies import AnyOperator, TheHouse, operator_with
from api.auth.members import known_member, member_of, names_of
from api.auth.operators import Actor, Role
from api.paging import LIMIT_DEFAULT, Cursor, Limit, cursor_at, position_of
from api.routes.mall_events import Cut, EventView
from api.routes.typed import Reason, Sub
from campaigns.queries import campaign_that_costs
from core.errors import InvalidField, NotFound
from earning import events, grants, rules
from earning.event_models import EventRule
from earning.models import ChanceGrant

router = APIRouter(prefix="/v1/admin", tags=["admin: chances"])
Editor = Annotated[Actor, Depends(operator_with(Role.EDITOR))]
Giver = Annotated[Actor, Depends(operator_with(Role.EDITOR, Role.SUPPORT))]
RuleKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
SubQuery = Annotated[Sub | None, Query(description="Only of this member.")]


class NewRule(rules.Rule):
    """A rule of a campaign whose plays cost chances; days, weeks and months are those of the zone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "order",
                    "name": {"zh": "完成订单", "en": "An order"},
                    "campaign": "01930000-0000-7000-8000-000000000000",
                    "zone": "Asia/Shanghai",
                    "caps": {"event_max": 1, "member_period": "day", "member_period_max": 3, "chances_last": "today"},
                }
            ]
        }
    )

    campaign: UUID


class ChangedRule(BaseModel):
    """All that may change; what was granted before stays granted, and counts."""

    model_config = ConfigDict(extra="forbid")

    caps: rules.Caps
    is_active: bool = True
    reason: Reason


class RuleView(BaseModel):
    key: str
    revision: int
    name: rules.RuleName
    campaign: str
    zone: str
    caps: rules.Caps
    is_active: bool
    changed_at: datetime


class RulePage(BaseModel):
    items: list[RuleView]
    next: str | None


class EventPage(BaseModel):
    items: list[EventView]
    next: str | None


class NewGrant(BaseModel):
    """Chances for one member. The same `reference` again gives nothing more; `expires_at` None is as long as the campaign."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"sub": "member-1", "chances": 2, "reference": "ticket-4711", "reason": "the parcel was late"}]
        },
    )

    sub: Sub
    chances: Annotated[int, Field(ge=1, le=grants.AMOUNT_MAX, strict=True)]
    reference: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
    expires_at: AwareDatetime | None = None
    reason: Reason


class GrantView(BaseModel):
    """A grant, and how many of its chances were used."""

    number: int
    chances: int
    used: int
    expires_at: datetime | None
    source: grants.Source
    reference: str
    given_at: datetime


class GrantList(BaseModel):
    items: list[GrantView]


@router.get("/event-rules")
async def list_rules(
    operator: AnyOperator, house: TheHouse, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> RulePage:
    """The mall's rules, by key."""
    position = position_of(cursor, parts=1)
    async with house.database.reading() as session:
        rows = await rules.page(session, mall=operator.mall_id, after=position[0] if position else None, limit=limit)
    return RulePage(items=[_rule(row) for row in rows], next=cursor_at(rows[-1].key) if len(rows) == limit else None)


@router.post("/event-rules", status_code=201)
async def create_rule(form: NewRule, operator: Editor, house: TheHouse) -> RuleView:
    """What a kind of event gives, and the most it gives, whatever the caller says."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        campaign = await campaign_that_costs(session, str(form.campaign), mall=operator.mall_id)
        rule = rules.Rule.model_validate(form.model_dump(exclude={"campaign"}))
        row = await rules.create(
            session, mall=operator.mall_id, campaign=campaign.id, rule=rule, ids=house.ids, now=now
        )
        await audit.record(
            session,
            actor=operator,
            action="rule.create",
            subject=audit.Subject("rule", row.id),
            before=None,
            after=form.model_dump(mode="json"),
            reason=None,
            at=now,
        )
    return _rule(row)


@router.get("/event-rules/{rule_key}")
async def get_rule(rule_key: RuleKey, operator: AnyOperator, house: TheHouse) -> RuleView:
    async with house.database.reading() as session:
        return _rule(await rules.find(session, mall=operator.mall_id, key=rule_key))


@router.put("/event-rules/{rule_key}")
async def change_rule(rule_key: RuleKey, form: ChangedRule, operator: Editor, house: TheHouse) -> RuleView:
    """Set the caps of the events to come, or stop the rule."""
    now = house.clock.now()
    async with house.database.transaction() as session:
        row = await rules.find(session, mall=operator.mall_id, key=rule_key, to_change=True)
        before = _rule(row).model_dump(mode="json", exclude={"changed_at"})
        await rules.change(session, row, caps=form.caps, is_active=form.is_active, now=now)
        await audit.record(
            session,
            actor=operator,
            action="rule.change",
            subject=audit.Subject("rule", row.id),
            before=before,
            after=_rule(row).model_dump(mode="json", exclude={"changed_at"}),
            reason=form.reason,
            at=now,
        )
    return _rule(row)


@router.get("/events")
async def list_events(
    *,
    operator: AnyOperator,
    house: TheHouse,
    rule: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="Only of this rule.")] = None,
    sub: SubQuery = None,
    cut: Annotated[bool, Query(description="Only those that were granted less than was asked.")] = False,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> EventPage:
    """What the mall reported and what was granted of it, newest first."""
    before = _position(cursor)
    async with house.database.reading() as session:
        member = await known_member(session, operator.mall_id, sub) if sub is not None else None
        if sub is not None and member is None:
            return EventPage(items=[], next=None)
        rows = await events.page(
            session, mall=operator.mall_id, before=before, limit=limit, rule=rule, member=member, only_cut=cut
        )
        names = await names_of(session, [event.member_id for event, _ in rows])
    items = [
        EventView(
            event_id=event.event_id,
            rule=key,
            sub=names[event.member_id],
            asked=event.asked,
            granted=event.granted,
            cuts=[Cut.model_validate(each) for each in event.cuts],
            expires_at=event.expires_at,
            received_at=event.received_at,
        )
        for event, key in rows
    ]
    following = cursor_at(items[-1].received_at.isoformat(), items[-1].event_id) if len(items) == limit else None
    return EventPage(items=items, next=following)


@router.post("/campaigns/{campaign_id}/grants", status_code=201)
async def give_chances(campaign_id: UUID, form: NewGrant, operator: Giver, house: TheHouse) -> GrantView:
    """Give a member chances by hand; the reason is kept."""
    now = house.clock.now()
    if form.expires_at is not None and form.expires_at <= now:
        raise InvalidField(("expires_at", "must be in the future"))
    async with house.database.transaction() as session:
        campaign = await campaign_that_costs(session, str(campaign_id), mall=operator.mall_id)
        member = await member_of(session, operator.mall_id, form.sub, new_id=house.ids.new(), now=now)
        row = await grants.give(
            session,
            campaign=campaign.id,
            member=member,
            amount=form.chances,
            expires_at=form.expires_at,
            source=grants.Source.API,
            reference=form.reference,
            now=now,
        )
        await audit.record(
            session,
            actor=operator,
            action="chances.give",
            subject=audit.Subject("campaign", campaign.id),
            before=None,
            after={**form.model_dump(mode="json"), "number": row.number},
            reason=form.reason,
            at=now,
        )
    await house.campaigns.paying.tell(campaign.id, member, row.number)
    return _grant(row, 0)


@router.get("/campaigns/{campaign_id}/grants")
async def list_grants(
    campaign_id: UUID,
    operator: AnyOperator,
    house: TheHouse,
    sub: Annotated[Sub, Query(description="Of which member.")],
    limit: Limit = LIMIT_DEFAULT,
) -> GrantList:
    """The latest chances that a member was given, newest first."""
    async with house.database.reading() as session:
        campaign = await campaign_that_costs(session, str(campaign_id), mall=operator.mall_id)
        member = await known_member(session, operator.mall_id, sub)
        if member is None:
            raise NotFound(noun="member")
        rows = await grants.latest(session, campaign=campaign.id, member=member, limit=limit)
    return GrantList(items=[_grant(row, used) for row, used in rows])


def _position(cursor: str | None) -> tuple[datetime, str] | None:
    position = position_of(cursor, parts=2)
    if position is None:
        return None
    try:
        at = datetime.fromisoformat(position[0])
    except ValueError:
        raise InvalidField(("cursor", "not a cursor of this list")) from None
    if at.tzinfo is None:
        raise InvalidField(("cursor", "not a cursor of this list"))
    return at, position[1]


def _rule(row: EventRule) -> RuleView:
    return RuleView(
        key=row.key,
        revision=row.revision,
        name=rules.RuleName.model_validate(row.name),
        campaign=row.campaign_id,
        zone=row.zone,
        caps=rules.caps_of(row),
        is_active=row.is_active,
        changed_at=row.changed_at,
    )


def _grant(row: ChanceGrant, used: int) -> GrantView:
    return GrantView(
        number=row.number,
        chances=row.amount,
        used=used,
        expires_at=row.expires_at,
        source=grants.Source(row.source),
        reference=row.reference,
        given_at=row.given_at,
    )
