"""The invariants by name, and the audit that runs them over every campaign."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.counter_checks import counters_agree, nothing_personal, shown_in_ledger, stream_drained
from campaigns.cover_checks import covers_agree
from campaigns.draw_checks import draws_fit, draws_recompute
from campaigns.ledger_checks import (
    answers_stand,
    epochs_go_on,
    inside_window,
    keys_once,
    no_oversell,
    numbers_contiguous,
    units_once,
    winners_awarded,
)
from campaigns.limit_checks import limits_hold
from campaigns.looking import (
    SKEW_MS_MAX,
    Checked,
    Looking,
)
from campaigns.models import Campaign, State
from campaigns.raffle_checks import raffle_awarded, raffle_recomputes, raffle_units
from campaigns.round_checks import rounds_hold
from campaigns.versions import Versions
from core.db import Database
from earning import invitation_checks as invitations
from earning import purchase_checks as purchases
from earning.code_checks import codes_hold
from earning.event_checks import events_hold
from inventory.connection import Connection
from prizes import invariants as prizes

BROKEN_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an audit found about one invariant. `broken` names the first of `broken_total`."""

    id: str
    title: str
    checked: int
    broken: tuple[str, ...] = ()
    broken_total: int = 0

    @property
    def holds(self) -> bool:
        return self.broken_total == 0


@dataclass(frozen=True, slots=True)
class Invariant:
    """`is_quick` marks what the worker can afford every minute."""

    id: str
    title: str
    check: Callable[[Looking], Awaitable[Checked]]
    is_quick: bool = True


@dataclass(frozen=True, slots=True)
class Extra:
    """A check of another room, over everything there is."""

    id: str
    title: str
    check: Callable[[], Awaitable[Checked]]


INVARIANTS = (
    Invariant("I1", "No line gives more than its stock", no_oversell),
    Invariant("I2", "A unit belongs to one play for ever", units_once),
    Invariant("I3", "What was given is in the ledger", shown_in_ledger, is_quick=False),
    Invariant("I4", "Limits hold, and a member's plays are numbered 1 to n", limits_hold),
    Invariant("I5", "What was answered stands", answers_stand),
    Invariant("I6", "One key is one play", keys_once),
    Invariant("I7", "Play numbers are contiguous, holes only with a void record", numbers_contiguous),
    Invariant("I8", "Epochs never go back", epochs_go_on),
    Invariant("I9", "The counters agree with the ledger at rest", counters_agree),
    Invariant("I10", "The ledger keeps up with the stream", stream_drained, is_quick=False),
    Invariant("I11", "Every draw recomputes", draws_recompute, is_quick=False),
    Invariant("I12", "Draws fit the published odds", draws_fit, is_quick=False),
    Invariant(
        "I13", "Points are moved, never made or lost", lambda at: purchases.conserved(at.session, campaign=at.row.id)
    ),
    Invariant("I15", "Winning plays, awards and outbox rows are the same", winners_awarded),
    Invariant("I1", "No line gives more than its stock", raffle_units, is_quick=False),
    Invariant(
        "I4",
        "Limits hold, and a member's plays are numbered 1 to n",
        lambda at: codes_hold(at.session, campaign=at.row.id),
        is_quick=False,
    ),
    Invariant(
        "I4",
        "Limits hold, and a member's plays are numbered 1 to n",
        lambda at: events_hold(at.session, campaign=at.row.id),
        is_quick=False,
    ),
    Invariant("I11", "Every draw recomputes", raffle_recomputes, is_quick=False),
    Invariant("I15", "Winning plays, awards and outbox rows are the same", raffle_awarded, is_quick=False),
    Invariant("I15", "Winning plays, awards and outbox rows are the same", covers_agree),
    Invariant("I20", "A play of rounds is the end of one, which began as the seed says", rounds_hold, is_quick=False),
    Invariant("I16", "Nothing was played outside the window or while paused", inside_window),
    Invariant("I17", "Nothing personal in counters or streams", nothing_personal, is_quick=False),
    Invariant(
        "I19",
        "An invitation is rewarded once, within its rules, and nobody invites themselves",
        lambda at: invitations.rewarded_once(at.session, campaign=at.row.id),
    ),
)


async def audit(
    *,
    database: Database,
    connection: Connection,
    versions: Versions,
    now: datetime,
    extra: Sequence[Extra] = (),
    campaign: str | None = None,
    is_at_rest: bool = False,
    skew_ms: int = SKEW_MS_MAX,
) -> list[Finding]:
    """Every invariant over every published campaign (or one), the prizes' own, and the extra ones, in order of id."""
    async with database.reading() as session:
        found = await look_at_prizes(session, now=now)
        published = select(Campaign.id).where(Campaign.state != State.DRAFT).order_by(Campaign.id)
        ids = [campaign] if campaign else list(await session.scalars(published))
    for one in ids:
        found += await look_at(
            one,
            database=database,
            connection=connection,
            versions=versions,
            now=now,
            is_at_rest=is_at_rest,
            campaigns=len(ids),
            skew_ms=skew_ms,
        )
    found += [_finding(each.id, each.title, await each.check()) for each in extra]
    return _merged(found)


async def look_at(
    campaign: str,
    *,
    database: Database,
    connection: Connection,
    versions: Versions,
    now: datetime,
    only_quick: bool = False,
    after: int = 0,
    is_at_rest: bool = False,
    campaigns: int = 1,
    skew_ms: int = SKEW_MS_MAX,
) -> list[Finding]:
    """One campaign's invariants, of the plays after number `after`."""
    running = await versions.look_again(campaign)
    every = [await versions.at(campaign, number) for number in range(1, running.version.number + 1)]
    async with database.reading() as session:
        row = await session.get_one(Campaign, campaign)
        at = Looking(
            session=session,
            row=row,
            running=running,
            versions=every,
            connection=connection,
            now=now,
            after=after,
            is_at_rest=is_at_rest,
            campaigns=campaigns,
            skew_ms=skew_ms,
        )
        return [
            _finding(each.id, each.title, await each.check(at))
            for each in INVARIANTS
            if each.is_quick or not only_quick
        ]


async def look_at_prizes(session: AsyncSession, *, now: datetime) -> list[Finding]:
    return [
        _finding("I2", "A unit belongs to one play for ever", await prizes.codes_given_once(session)),
        _finding("I13", "Points are moved, never made or lost", await prizes.wallet_balances(session)),
        _finding("I13", "Points are moved, never made or lost", await purchases.overdue(session, now=now)),
        _finding(
            "I14", "An award is delivered once, and every award ends", await prizes.one_delivery(session, now=now)
        ),
        _finding("I14", "An award is delivered once, and every award ends", await prizes.reviews_decided(session)),
        _finding("I14", "An award is delivered once, and every award ends", await prizes.covers_kept(session)),
    ]


def _finding(name: str, title: str, checked: Checked) -> Finding:
    count, broken = checked
    return Finding(
        id=name, title=title, checked=count, broken=tuple(broken[:BROKEN_SHOWN_MAX]), broken_total=len(broken)
    )


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """One finding for each id, in the ids' own order."""
    merged: dict[str, Finding] = {}
    for each in found:
        known = merged.get(each.id, Finding(id=each.id, title=each.title, checked=0))
        merged[each.id] = Finding(
            id=each.id,
            title=each.title,
            checked=known.checked + each.checked,
            broken=(*known.broken, *each.broken)[:BROKEN_SHOWN_MAX],
            broken_total=known.broken_total + each.broken_total,
        )
    return sorted(merged.values(), key=lambda each: int(each.id.removeprefix("I")))
