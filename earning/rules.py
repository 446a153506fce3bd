"""Event rules: what a kind of event gives a member, and the most it may give, which operators set and callers cannot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound, Refusal
from core.ids import Ids
from earning.event_models import RULE_NAME_CHARS_MAX, EventRule, RuleSpent
from earning.grants import AMOUNT_MAX
from earning.lasting import Lasts, are_days_told, expiry
from earning.periods import Every, bounds_of_period, end_of_day, period_name

RULES_MAX = 200
DAYS_MAX = 3650
MEMBER_MAX = 1_000_000
ALL_MAX = 10**12


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"unknown time zone: {name}")
    return name


class RuleName(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1, max_length=RULE_NAME_CHARS_MAX, pattern=r"^[^\x00-\x1f]+$")]
    en: Annotated[str, Field(min_length=1, max_length=RULE_NAME_CHARS_MAX, pattern=r"^[^\x00-\x1f]+$")]


class Caps(BaseModel):
    """What may change of a rule. The caps hold together: an event is granted what the narrowest leaves.

    `member_period_max` is the most for one member in each `member_period` of the zone, `member_max` in all, and `all_max` for all
    members together. None means no cap of that kind; one event always has one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_max: Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
    member_period: Every | None = None
    member_period_max: Annotated[int, Field(ge=1, le=MEMBER_MAX)] | None = None
    member_max: Annotated[int, Field(ge=1, le=MEMBER_MAX)] | None = None
    all_max: Annotated[int, Field(ge=1, le=ALL_MAX)] | None = None
    chances_last: Lasts = Lasts.CAMPAIGN
    chances_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None

    @model_validator(mode="after")
    def _halves_belong_together(self) -> Caps:
        if (self.member_period is None) != (self.member_period_max is None):
            raise ValueError("member_period and member_period_max go together")
        if not are_days_told(self.chances_last, self.chances_days):
            raise ValueError("chances_days says how many, and only when chances_last is days")
        return self


class Rule(BaseModel):
    """A rule as an operator writes it; its key is what the mall's events name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    name: RuleName
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)]
    caps: Caps


class RuleExists(Refusal, code="rule-exists"):
    """The mall has a rule of that key already."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class TooManyRules(Refusal, code="too-many-rules"):
    """The mall has as many rules as there may be."""

    def __init__(self, *, rules_max: int) -> None:
        super().__init__(rules_max=rules_max)


class Scope(NamedTuple):
    """Whose grants a cap counts, and in which period, from its first instant to the next one's; "" is everybody, and always."""

    cap: str
    member: str
    period: str
    bounds: tuple[datetime, datetime] | None
    most: int


async def create(session: AsyncSession, *, mall: str, campaign: str, rule: Rule, ids: Ids, now: datetime) -> EventRule:
    """Raises RuleExists and TooManyRules."""
    if (await session.scalar(select(func.count()).where(EventRule.mall_id == mall)) or 0) >= RULES_MAX:
        raise TooManyRules(rules_max=RULES_MAX)
    row = EventRule(
        id=ids.new(),
        mall_id=mall,
        key=rule.key,
        revision=1,
        campaign_id=campaign,
        name=rule.name.model_dump(),
        zone=rule.zone,
        is_active=True,
        created_at=now,
        changed_at=now,
        **rule.caps.model_dump(mode="json"),
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise RuleExists(key=rule.key) from None
    return row


async def change(session: AsyncSession, row: EventRule, *, caps: Caps, is_active: bool, now: datetime) -> None:
    """Set what may change; what was granted before stays granted, and counts.

    What the caps have counted is forgotten, to be counted anew of the events: while a cap is not set, nobody counts for it.
    """
    await session.execute(delete(RuleSpent).where(RuleSpent.rule_id == row.id))
    for name, value in caps.model_dump(mode="json").items():
        setattr(row, name, value)
    row.is_active, row.changed_at, row.revision = is_active, now, row.revision + 1
    await session.flush()


async def find(
    session: AsyncSession, *, mall: str, key: str, to_change: bool = False, is_held: bool = False
) -> EventRule:
    """Raises NotFound for a rule that is not the mall's. While it is held, nobody changes it."""
    query = select(EventRule).where(EventRule.mall_id == mall, EventRule.key == key)
    row = await session.scalar(query.with_for_update(read=not to_change) if to_change or is_held else query)
    if row is None:
        raise NotFound(noun="rule")
    return row


async def page(session: AsyncSession, *, mall: str, after: str | None, limit: int) -> Sequence[EventRule]:
    query = select(EventRule).where(EventRule.mall_id == mall).order_by(EventRule.key).limit(limit)
    return (await session.scalars(query if after is None else query.where(EventRule.key > after))).all()


def caps_of(row: EventRule) -> Caps:
    return Caps.model_validate({name: getattr(row, name) for name in Caps.model_fields})


def scopes_of(row: EventRule, member: str, now: datetime) -> list[Scope]:
    """The caps that count over events, in the order in which what they have granted is locked."""
    scopes = []
    if row.all_max is not None:
        scopes.append(Scope("all", "", "", None, row.all_max))
    if row.member_max is not None:
        scopes.append(Scope("member", member, "", None, row.member_max))
    if row.member_period is not None and row.member_period_max is not None:
        every, zone = Every(row.member_period), ZoneInfo(row.zone)
        period, bounds = period_name(every, now, zone), bounds_of_period(every, now, zone)
        scopes.append(Scope(f"member-{every}", member, period, bounds, row.member_period_max))
    return scopes


def expiry_of(row: EventRule, now: datetime) -> datetime | None:
    """When chances given now expire; a day is one of the rule's zone."""
    day_ends_at = end_of_day(now, ZoneInfo(row.zone))
    return expiry(Lasts(row.chances_last), row.chances_days, now=now, day_ends_at=day_ends_at)
