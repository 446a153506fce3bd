"""Where a member stands in a campaign: what they may do now, and when they may do it next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.audience import NotEligible
from campaigns.blocks import Blocked, block_of
from campaigns.chances import Used, chances_after, used_by, wins_within
from campaigns.covers import count_covered
from campaigns.ledger import Ledger
from campaigns.lists import lists_with
from campaigns.models import PlayTally
from campaigns.pools import Pool, pool_for
from campaigns.queries import are_all_taken, last_play
from campaigns.refusals import AllPlaysTaken, CoolingDown, NoChanceLeft, NotOpenYet, Over, Paused
from campaigns.tallies import FREE, period_at, take_of_free
from campaigns.versions import Running, Version
from core.clock import to_ms
from core.errors import Refusal
from earning.grants import Open, held_by, left_of
from inventory.stream import Entry

StandingState = Literal[
    "ready",
    "not-open-yet",
    "over",
    "paused",
    "no-chance-left",
    "cooling-down",
    "all-plays-taken",
    "not-eligible",
    "blocked",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`chances_left` is None where nothing limits them; `next_chance_at` is None where none is to come.

    `asks` is what the member does not meet of what the campaign asks of its audience. `blocked_until` is None for one who
    is not blocked, and for one who is until somebody lifts it. `pools` are those that they draw from, one of each tier.
    """

    state: StandingState
    chances_left: int | None
    next_chance_at: datetime | None
    plays: int
    grants: Sequence[Open]
    """What was given and is left, soonest to expire first."""
    asks: Sequence[Mapping[str, Any]]
    pools: Sequence[str]
    wins_within: int | None
    """In how many plays at the latest the member wins a guaranteed line, while it is to be had. None while a play is
    covered: it would tell what came of it."""
    blocked_until: datetime | None
    covered: int
    """How many of their plays wait to be uncovered."""


async def standing_of(
    session: AsyncSession,
    running: Running,
    *,
    member: str,
    attributes: Mapping[str, Any],
    now: datetime,
    sub: str | None = None,
) -> Standing:
    version = running.version
    block = await block_of(session, mall=version.mall, sub=sub, now=now) if sub is not None else None
    named = version.config.lists
    lists = await lists_with(session, named, sub) if named and sub is not None else frozenset[str]()
    last = await last_play(session, campaign=running.campaign, member=member)
    entry = Ledger.entry_of(last) if last is not None else None
    used = used_by(entry) if entry is not None else Used()
    grants: Sequence[Open] = ()
    if version.config.chances is not None:
        grants = (await held_by(session, campaign=running.campaign, member=member, now=now)).open
        granted = await left_of(session, campaign=running.campaign, member=member, now=now)
        used = replace(used, sources_left=granted + await _free_left(session, version, member, now))
    left = chances_after(version, used, now_ms=to_ms(now))
    asks = version.config.unmet(attributes, now, on_lists=lists)
    pools = [pool_for(pools, attributes, now, on_lists=lists) for pools in version.tiers.values()]
    state = _STATES.get(running.phase(now), "ready")
    plays_max = version.config.limits.plays_max
    covered = await count_covered(session, campaign=running.campaign, member=member, now=now)
    if state == "ready" and block is not None:
        state = "blocked"
    elif state == "ready" and asks:
        state = "not-eligible"
    elif state == "ready" and plays_max and await are_all_taken(session, running.campaign, plays_max=plays_max):
        state = "all-plays-taken"
    elif state == "ready" and left.chances == 0:
        state = "no-chance-left"
    elif state == "ready" and left.next_at is not None:
        state = "cooling-down"
    return Standing(
        state=state,
        chances_left=left.chances,
        next_chance_at=left.next_at,
        plays=used.plays,
        grants=grants,
        asks=asks,
        pools=[pool.key for pool in pools],
        wins_within=_wins_within(version, pools, entry) if not covered else None,
        blocked_until=block.until if block is not None else None,
        covered=covered,
    )


def _wins_within(version: Version, pools: Sequence[Pool], last: Entry | None) -> int | None:
    return next((sure for pool in pools if (sure := wins_within(version, pool, last)) is not None), None)


def refusal_of_standing(standing: Standing, version: Version) -> Refusal | None:
    """What a play would meet that were played now."""
    refuse = _REFUSALS.get(standing.state)
    return refuse(standing, version) if refuse is not None else None


async def _free_left(session: AsyncSession, version: Version, member: str, now: datetime) -> int:
    """How many free chances of the present period the member has not used."""
    free = take_of_free(version.config)
    if free is None:
        return 0
    period = period_at(free.period, version.zone, to_ms(now))
    of_member = (
        (PlayTally.campaign_id == version.campaign) & (PlayTally.tally == FREE) & (PlayTally.subject_id == member)
    )
    return free.last - (await session.scalar(select(func.count()).where(of_member, PlayTally.period == period)) or 0)


_STATES: dict[str, StandingState] = {
    "scheduled": "not-open-yet",
    "ended": "over",
    "paused": "paused",
    "recovering": "paused",
}
_REFUSALS: dict[str, Callable[[Standing, Version], Refusal]] = {
    "not-open-yet": lambda _, version: NotOpenYet(starts_at=version.config.starts_at),
    "over": lambda _, version: Over(ended_at=version.config.ends_at),
    "paused": lambda _standing, _version: Paused(),
    "no-chance-left": lambda standing, _: NoChanceLeft(next_chance_at=standing.next_chance_at),
    "cooling-down": lambda standing, version: CoolingDown(
        next_chance_at=standing.next_chance_at or version.config.ends_at
    ),
    "all-plays-taken": lambda _standing, _version: AllPlaysTaken(),
    "not-eligible": lambda standing, _: NotEligible(asks=[dict(ask) for ask in standing.asks]),
    "blocked": lambda standing, _: Blocked(until=standing.blocked_until),
}
