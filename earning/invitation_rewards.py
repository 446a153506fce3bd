"""What invitations give: through the last gate, which caps it and keeps what was cut; once for each of the two members.

Each is given theirs in a transaction of its own, so that no two members who invite each other wait for one another. A process
may die between any two: what is due and not answered is found in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database
from earning.event_models import EventRule
from earning.events import Cap, Reported, take_in
from earning.grants import GRANTS_MAX, Source, count_of
from earning.invitation_models import Invited

TRIES_MAX = 20


class Side(StrEnum):
    """Whom of the two members a reward is for."""

    INVITER = "inviter"
    INVITEE = "invitee"


class Given(NamedTuple):
    """Chances that a member was given just now."""

    campaign: str
    member: str
    grant: int


class FirstPlay(NamedTuple):
    """The first play of somebody who was invited."""

    invited: str
    play: str
    played_at: datetime


async def due_ones(database: Database, *, limit: int) -> Sequence[str]:
    """Who has come by an invitation whose rewards are earned and not given, the longest due first."""
    is_due = Invited.due_at.is_not(None) & Invited.rewarded_at.is_(None)
    async with database.reading() as session:
        return (await session.scalars(select(Invited.id).where(is_due).order_by(Invited.due_at).limit(limit))).all()


async def note_first_plays(database: Database, found: Sequence[FirstPlay], *, now: datetime) -> None:
    """Keep by which play each of them is won over; where that earns the rewards, they are due from now on."""
    plays = {each.invited: each for each in found}
    async with database.transaction() as session:
        rows = await session.scalars(
            select(Invited)
            .where(Invited.id.in_(plays), Invited.first_play_id.is_(None))
            .order_by(Invited.id)
            .with_for_update()
        )
        for row in rows:
            row.first_play_id, row.played_at = plays[row.id].play, plays[row.id].played_at
            row.due_at = row.due_at or now


async def reward(database: Database, *, invited: str, now: datetime) -> list[Given]:
    """Give both members what is due and was not given; nothing where nothing is due."""
    answers = [await _answered(database, invited, side, now) for side in Side]
    return [given for given in answers if given is not None]


async def _answered(database: Database, invited: str, side: Side, now: datetime) -> Given | None:
    for _ in range(TRIES_MAX):
        try:
            async with database.transaction() as session:
                return await _reward(session, invited, side, now)
        except IntegrityError:  # another process was there first, at the same cap
            continue
    raise AssertionError(f"no reward of {side} for {invited} in {TRIES_MAX} tries")


async def _reward(session: AsyncSession, invited: str, side: Side, now: datetime) -> Given | None:
    row = await session.get_one(Invited, invited, with_for_update=True)
    rule_id, member, answered = {
        Side.INVITER: (row.inviter_rule_id, row.inviter_id, row.inviter_event),
        Side.INVITEE: (row.invitee_rule_id, row.member_id, row.invitee_event),
    }[side]
    if row.due_at is None or rule_id is None or answered is not None:
        return None
    rule = await session.get_one(EventRule, rule_id, with_for_update={"read": True})
    event = await take_in(
        session,
        rule,
        Reported(f"invitation/{row.id}/{side}", rule.key, member, rule.event_max),
        source=Source.INVITATION,
        now=now,
        beside=await _in_the_way(session, row, rule, member),
    )
    setattr(row, f"{side}_event", event.event_id)
    if row.inviter_event is not None and (row.invitee_rule_id is None or row.invitee_event is not None):
        row.rewarded_at = now
    await session.flush()
    return Given(row.campaign_id, member, event.grant_number) if event.grant_number is not None else None


async def _in_the_way(session: AsyncSession, row: Invited, rule: EventRule, member: str) -> list[Cap]:
    """Why nothing may be given whatever the rule's caps leave: it was stopped meanwhile, or the member can hold no more."""
    if not rule.is_active or rule.campaign_id != row.campaign_id:
        return [Cap("stopped", 0, 0)]
    if await count_of(session, campaign=row.campaign_id, member=member) >= GRANTS_MAX:
        return [Cap("grants", GRANTS_MAX, 0)]
    return []
