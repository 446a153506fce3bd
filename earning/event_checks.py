"""What must hold of events, as queries: what was granted of each is one grant, and what a cap has counted is what was granted."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from earning.event_models import EventRule, MallEvent, RuleSpent
from earning.grants import Source
from earning.models import ChanceGrant
from earning.periods import Every, period_name

BROKEN_SHOWN_MAX: Final = 100
CHUNK_EVENTS: Final = 2_000
CHUNK_CAPS: Final = 400
THROUGH_THE_GATE: Final = (Source.EVENT, Source.INVITATION)
"""What is granted by a rule: an invitation's reward is an event of ours."""
Checked = tuple[int, list[str]]


async def events_hold(session: AsyncSession, *, campaign: str) -> Checked:
    """I4, the events' part."""
    checked = await session.scalar(_of(campaign, select(func.count(MallEvent.event_id)))) or 0
    miscounted = [each async for page in _caps(session, campaign) for each in await _miscounted(session, page)]
    return checked, [
        *[f"a grant of {member} was reported by no event" for member in await _some(session, _unreported(campaign))],
        *[f"event {each} was granted something else" for each in await _some(session, _misgranted(campaign))],
        *[f"event {each} was cut otherwise than it says" for each in await _miscut(session, campaign)],
        *[f"a cap of {cap} has counted {told}, and {granted} were granted" for cap, told, granted in miscounted],
    ]


def _of(campaign: str, query: Any) -> Select[Any]:
    """A query over the events of a campaign's rules."""
    joined: Select[Any] = query.select_from(MallEvent).join(EventRule, EventRule.id == MallEvent.rule_id)
    return joined.where(EventRule.campaign_id == campaign)


def _is_its_grant(campaign: str) -> Any:
    return and_(
        ChanceGrant.campaign_id == campaign,
        ChanceGrant.member_id == MallEvent.member_id,
        ChanceGrant.number == MallEvent.grant_number,
        ChanceGrant.source.in_(THROUGH_THE_GATE),
        ChanceGrant.reference == MallEvent.event_id,
    )


def _unreported(campaign: str) -> Select[str]:
    reported = _of(campaign, select(MallEvent.event_id)).where(_is_its_grant(campaign)).correlate(ChanceGrant)
    return select(ChanceGrant.member_id).where(
        ChanceGrant.campaign_id == campaign, ChanceGrant.source.in_(THROUGH_THE_GATE), ~reported.exists()
    )


def _misgranted(campaign: str) -> Select[str]:
    other = or_(
        ChanceGrant.number.is_(None),
        ChanceGrant.amount != MallEvent.granted,
        ChanceGrant.expires_at.is_(None) != MallEvent.expires_at.is_(None),
        ChanceGrant.expires_at != MallEvent.expires_at,
    )
    query = _of(campaign, select(MallEvent.event_id)).outerjoin(ChanceGrant, _is_its_grant(campaign))
    return query.where(MallEvent.granted > 0, other)


async def _miscut(session: AsyncSession, campaign: str) -> Sequence[str]:
    """Events that were granted neither what they asked for nor what the narrowest cap they name had left."""
    columns = (MallEvent.event_id, MallEvent.asked, MallEvent.granted, MallEvent.cuts)
    broken: list[str] = []
    after = ""
    while len(broken) < BROKEN_SHOWN_MAX:
        query = _of(campaign, select(*columns)).where(MallEvent.event_id > after)
        rows = (await session.execute(query.order_by(MallEvent.event_id).limit(CHUNK_EVENTS))).all()
        broken += [row.event_id for row in rows if row.granted != min([row.asked, *(cut["left"] for cut in row.cuts)])]
        if len(rows) < CHUNK_EVENTS:
            break
        after = rows[-1].event_id
    return broken[:BROKEN_SHOWN_MAX]


async def _caps(session: AsyncSession, campaign: str) -> AsyncIterator[Sequence[Any]]:
    """What each cap has counted, a bounded number at a time, with its rule's key and zone."""
    key = (RuleSpent.rule_id, RuleSpent.member, RuleSpent.period)
    columns = (*key, RuleSpent.amount, EventRule.key, EventRule.zone)
    query = select(*columns).join(EventRule, EventRule.id == RuleSpent.rule_id).order_by(*key).limit(CHUNK_CAPS)
    query = query.where(EventRule.campaign_id == campaign)
    rows = (await session.execute(query)).all()
    while rows:
        yield rows
        rows = (await session.execute(query.where(tuple_(*key) > tuple(rows[-1][:3])))).all()


async def _miscounted(session: AsyncSession, caps: Sequence[Any]) -> list[tuple[str, int, int]]:
    """(cap, what it has counted, what was granted) of those that differ."""
    rules, members = {row.rule_id for row in caps}, {row.member for row in caps if row.member}
    granted: Counter[tuple[str, str, str]] = Counter()
    of_rules = MallEvent.rule_id.in_(rules)
    in_all = select(MallEvent.rule_id, func.sum(MallEvent.granted)).where(of_rules).group_by(MallEvent.rule_id)
    for rule, amount in await session.execute(in_all):
        granted[rule, "", ""] = int(amount)
    zones = {row.rule_id: ZoneInfo(row.zone) for row in caps}
    columns = (MallEvent.rule_id, MallEvent.member_id, MallEvent.received_at, MallEvent.granted)
    for event in await session.execute(select(*columns).where(of_rules, MallEvent.member_id.in_(members))):
        for period in ("", *(period_name(every, event.received_at, zones[event.rule_id]) for every in Every)):
            granted[event.rule_id, event.member_id, period] += event.granted
    found = ((row, granted[row.rule_id, row.member, row.period]) for row in caps)
    return [
        (" ".join(filter(None, (row.key, row.member, row.period))), row.amount, amount)
        for row, amount in found
        if row.amount != amount
    ]


async def _some(session: AsyncSession, query: Select[Any]) -> Sequence[Any]:
    return (await session.scalars(query.limit(BROKEN_SHOWN_MAX))).all()
