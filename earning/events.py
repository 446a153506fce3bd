"""The last gate: whatever a caller reports, what is granted is capped by the rule it names, and what was cut is kept.

An event is granted once: its id is the primary key, and the same event again is answered with what it was granted. Days, weeks
and months are counted by the hour at which an event came in, which no caller can choose.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from core.errors import Refusal
from earning.event_models import EventRule, MallEvent, RuleSpent
from earning.grants import Source, give
from earning.rules import Scope, expiry_of, find, scopes_of

ASKED_MAX = 10**12
TRIES_MAX = 20


class EventDiffers(Refusal, code="event-differs"):
    """The event's id was used before, for another event."""

    def __init__(self, *, event_id: str) -> None:
        super().__init__(event_id=event_id)


class RuleStopped(Refusal, code="rule-stopped"):
    """The rule gives nothing at present; the event is not recorded, and may be sent again."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)


class Reported(NamedTuple):
    """An event as the caller tells it. `asked` is 1..ASKED_MAX chances."""

    event_id: str
    rule: str
    member: str
    asked: int
    occurred_at: datetime | None = None

    @property
    def fingerprint(self) -> bytes:
        occurred = self.occurred_at.isoformat() if self.occurred_at else None
        return hashlib.sha256(json.dumps([self.rule, self.member, self.asked, occurred]).encode()).digest()


class Cap(NamedTuple):
    """A cap: its name, the most it allows, and what it leaves."""

    name: str
    most: int
    left: int


class Received(NamedTuple):
    """The event as it is kept; `is_new` is False when it had come before."""

    event: MallEvent
    rule: EventRule
    is_new: bool


async def receive(database: Database, *, mall: str, reported: Reported, now: datetime) -> Received:
    """Grant an event what its rule leaves, once. Refusals: NotFound for the rule, RuleStopped, EventDiffers, TooManyGrants."""
    for _ in range(TRIES_MAX):
        try:
            async with database.transaction() as session:
                return await _receive(session, mall, reported, now)
        except IntegrityError:  # another process was there first, with this event or at the same cap
            continue
    raise AssertionError(f"event {reported.event_id} was not taken in {TRIES_MAX} tries")


async def _receive(session: AsyncSession, mall: str, reported: Reported, now: datetime) -> Received:
    known = await session.get(MallEvent, (mall, reported.event_id))
    if known is not None:
        if known.fingerprint != reported.fingerprint:
            raise EventDiffers(event_id=reported.event_id)
        rule = await session.get_one(EventRule, known.rule_id)
        return Received(known, rule, is_new=False)
    rule = await find(session, mall=mall, key=reported.rule, is_held=True)
    if not rule.is_active:
        raise RuleStopped(key=rule.key)
    event = await take_in(session, rule, reported, source=Source.EVENT, now=now)
    return Received(event, rule, is_new=True)


async def take_in(
    session: AsyncSession,
    rule: EventRule,
    reported: Reported,
    *,
    source: Source,
    now: datetime,
    beside: Sequence[Cap] = (),
) -> MallEvent:
    """Grant an event that is not kept yet what its rule, which is held, and the caps `beside` it leave.

    Raises TooManyGrants, and sqlalchemy's IntegrityError when another was there first, with this event or at the same cap.
    """
    scopes = [(scope, await _spent(session, rule, scope)) for scope in scopes_of(rule, reported.member, now)]
    caps = [Cap("event", rule.event_max, rule.event_max), *beside]
    caps += [Cap(scope.cap, scope.most, max(scope.most - spent.amount, 0)) for scope, spent in scopes]
    granted = min(reported.asked, *(cap.left for cap in caps))
    expires_at = expiry_of(rule, now)
    given = None
    if granted:
        for scope, spent in scopes:
            spent.amount, spent.most = spent.amount + granted, scope.most
        given = await give(
            session,
            campaign=rule.campaign_id,
            member=reported.member,
            amount=granted,
            expires_at=expires_at,
            source=source,
            reference=reported.event_id,
            now=now,
        )
    event = MallEvent(
        mall_id=rule.mall_id,
        event_id=reported.event_id,
        rule_id=rule.id,
        rule_revision=rule.revision,
        member_id=reported.member,
        fingerprint=reported.fingerprint,
        asked=reported.asked,
        granted=granted,
        cuts=[{"cap": cap.name, "most": cap.most, "left": cap.left} for cap in caps if cap.left < reported.asked],
        grant_number=given.number if given is not None else None,
        expires_at=expires_at if granted else None,
        occurred_at=reported.occurred_at,
        received_at=now,
    )
    session.add(event)
    await session.flush()
    return event


async def _spent(session: AsyncSession, rule: EventRule, scope: Scope) -> RuleSpent:
    """What the rule has granted within a cap, held until the transaction ends."""
    key = (RuleSpent.rule_id == rule.id, RuleSpent.member == scope.member, RuleSpent.period == scope.period)
    row = await session.scalar(select(RuleSpent).where(*key).with_for_update())
    if row is not None:
        return row
    granted = select(func.coalesce(func.sum(MallEvent.granted), 0)).where(MallEvent.rule_id == rule.id)
    if scope.member:
        granted = granted.where(MallEvent.member_id == scope.member)
    if scope.bounds is not None:
        since, until = scope.bounds
        granted = granted.where(MallEvent.received_at >= since, MallEvent.received_at < until)
    amount = await session.scalar(granted) or 0
    row = RuleSpent(
        rule_id=rule.id, member=scope.member, period=scope.period, amount=amount, most=max(scope.most, amount)
    )
    session.add(row)
    await session.flush()
    return row


async def page(
    session: AsyncSession,
    *,
    mall: str,
    before: tuple[datetime, str] | None,
    limit: int,
    rule: str | None = None,
    member: str | None = None,
    only_cut: bool = False,
) -> Sequence[tuple[MallEvent, str]]:
    """Events with their rules' keys, newest first."""
    query = select(MallEvent, EventRule.key).join(EventRule, EventRule.id == MallEvent.rule_id)
    query = (
        query.where(MallEvent.mall_id == mall)
        .order_by(MallEvent.received_at.desc(), MallEvent.event_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(MallEvent.received_at, MallEvent.event_id) < before)
    if rule is not None:
        query = query.where(EventRule.key == rule)
    if member is not None:
        query = query.where(MallEvent.member_id == member)
    if only_cut:
        query = query.where(MallEvent.granted < MallEvent.asked)
    return [(event, key) for event, key in (await session.execute(query))]
