"""What must hold of limits: everybody played and won as often as their version let them, and no number was given twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from campaigns.allocation import may_be_gone
from campaigns.looking import Checked, Looking, chunks, name_of_play
from campaigns.models import Play, PlayTally, Spent
from campaigns.pools import Pool
from campaigns.tallies import DRY, FREE, MOMENTS, period_at, period_of_day
from campaigns.versions import Version
from core.clock import to_ms
from earning.grants import GRANT
from earning.models import ChanceGrant, ChanceUse
from inventory.claims import Take, read, unit_tally


async def limits_hold(at: Looking) -> Checked:
    broken = [
        f"{name_of_play(play)}: ordinal {play.ordinal}, of the day {play.day_ordinal}, past version {version.number}'s limits"
        for version in at.versions
        for play in await at.rows(_past_limits(at, version))
    ]
    players = select(Play.member_id).where(at.plays)
    for noun, number, groups in (
        ("ordinals", Play.ordinal, (Play.member_id,)),
        ("ordinals of day", Play.day_ordinal, (Play.member_id, Play.day)),
    ):
        uneven = (
            select(*groups, func.min(number), func.max(number), func.count(), func.count(number.distinct()))
            .where(Play.campaign_id == at.row.id, *([Play.member_id.in_(players)] if at.after else []))
            .group_by(*groups)
            .having(or_(func.min(number) != 1, func.max(number) != func.count(), func.count(number.distinct()) != func.count()))
        )  # fmt: skip
        broken += [f"{noun} of member {row[0]} are not 1..n: {tuple(row[1:])}" for row in await at.rows(uneven)]
    broken += await _chains_broken(at)
    broken += await _numbers_missing(at)
    broken += await _numbers_shared(at)
    broken += await _uses_differ(at)
    broken += await _runs_broken(at)
    broken += await _sums_differ(at)
    broken += await _too_soon(at)
    return await at.count(), broken


def _past_limits(at: Looking, version: Version) -> Executable:
    limits = version.config.limits
    past = [
        number > most
        for number, most in ((Play.ordinal, limits.member_plays_max), (Play.day_ordinal, limits.member_day_plays_max))
        if most is not None
    ]
    return select(Play.id, Play.seq, Play.ordinal, Play.day_ordinal).where(
        at.plays, Play.version == version.number, or_(false(), *past)
    )


async def _chains_broken(at: Looking) -> list[str]:
    """The play that a play names as the one before it is there, is the member's, and is the one before it."""
    before = aliased(Play)
    is_it = and_(
        before.campaign_id == Play.campaign_id, before.member_id == Play.member_id, before.ordinal == Play.ordinal - 1
    )
    named = select(Play.id, Play.seq).outerjoin(before, before.id == Play.previous_id)
    other = named.where(at.plays, Play.previous_id.is_not(None), or_(before.id.is_(None), ~is_it))
    return [f"{name_of_play(play)} follows another play than the member's one before" for play in await at.rows(other)]


async def _numbers_missing(at: Looking) -> list[str]:
    """Each play has taken exactly the numbers that its version asks of it, in the periods it was played in."""
    versions = {version.number: version for version in at.versions}
    if not any(version.takes for version in versions.values()):
        return []
    broken = []
    async for plays in chunks(at):
        of_plays = PlayTally.play_id.in_([play.id for play in plays])
        columns = (PlayTally.play_id, PlayTally.tally, PlayTally.period, PlayTally.number, PlayTally.last)
        held: defaultdict[str, list[Any]] = defaultdict(list)
        for row in await at.rows(select(*columns).where(of_plays)):
            held[row.play_id].append(row)
        broken += [
            f"{name_of_play(play)}: {fault}"
            for play in plays
            if (fault := _number_fault(play, held[play.id], versions[play.version]))
        ]
    return broken


def _number_fault(play: Play, held: Sequence[Any], version: Version) -> str | None:
    takes = version.takes_when[play.awarded]
    unit = unit_tally(play.awarded)
    told = sorted(taken for taken in read(play.numbers) if taken.tally != unit)
    names, wanted = {taken.tally for taken in told}, set(takes)
    granted = {name for name in names if name.startswith(GRANT)}
    optional = {name for name in wanted if name == FREE or name.startswith(MOMENTS)}
    if not wanted - optional <= names - granted <= wanted:
        return f"took numbers of {sorted(names)}, and should have of {sorted(wanted)}"
    if (version.config.chances is not None) != (len(granted | names & {FREE}) == 1):
        return f"was paid by {sorted(granted | names & {FREE})}"
    counted = [taken for taken in told if taken.tally not in granted and not takes[taken.tally].is_sum]
    if counted != sorted((row.tally, row.period, row.number) for row in held):
        return f"says it took {play.numbers}, and its numbers are other ones"
    faults = (_row_fault(play, row, takes[row.tally], version) for row in held)
    return next((fault for fault in faults if fault is not None), None)


def _row_fault(play: Play, row: Any, take: Take, version: Version) -> str | None:
    if (row.last == row.number) != (take.period == "run_end") and take.name.startswith(DRY):
        return f"is number {row.number} of {row.tally}, and says that it ends with {row.last}"
    if row.number > take.last:
        return f"is number {row.number} of {row.tally}, which ends at {take.last}"
    if take.period in {"day", "week", "month"} and row.period != period_of_day(take.period, play.day):
        return f"counts in {take.period} {row.period} of {row.tally}, and was played on day {play.day}"
    if take.period == "hour" and row.period < period_at("hour", version.zone, play.played_at_ms):
        return f"counts in hour {row.period} of {row.tally}, which was over"
    return None


async def _uses_differ(at: Looking) -> list[str]:
    """Every granted chance that a play says it used is written down as used by it, and no other."""
    uses = select(ChanceUse.play_id, ChanceUse.grant_number, ChanceUse.number).join(Play, Play.id == ChanceUse.play_id)
    found = {row.play_id: (row.grant_number, row.number) for row in await at.rows(uses.where(at.plays))}
    told = select(Play.id, Play.seq, Play.numbers).where(at.plays, Play.numbers.contains(GRANT))
    broken = []
    for play in await at.rows(told):
        (used,) = [taken for taken in read(play.numbers) if taken.tally.startswith(GRANT)]
        if found.pop(play.id, None) != (int(used.tally.removeprefix(GRANT)), used.number):
            broken.append(f"{name_of_play(play)} says it used {used.tally}:{used.number}, and did not")
    late = (
        select(Play.id, Play.seq, ChanceGrant.number, ChanceGrant.expires_at, Play.played_at_ms)
        .join(ChanceUse, ChanceUse.play_id == Play.id)
        .join(
            ChanceGrant,
            and_(
                *(getattr(ChanceGrant, name) == getattr(ChanceUse, name) for name in ("campaign_id", "member_id")),
                ChanceGrant.number == ChanceUse.grant_number,
            ),
        )
        .where(at.plays, ChanceGrant.expires_at.is_not(None))
    )
    broken += [
        f"{name_of_play(row)} used grant {row.number}, which had expired"
        for row in await at.rows(late)
        if row.played_at_ms >= to_ms(row.expires_at)
    ]
    return broken + [f"play {play} used grant {use[0]}, and does not say so" for play, use in found.items()]


async def _runs_broken(at: Looking) -> list[str]:
    """A run counts a member's plays one by one until a win ends it; a guaranteed win comes when it has lasted long enough."""
    pools = {pool.key: pool for pool in at.running.version.config.pools if pool.guarantee is not None}
    if not pools:
        return []
    steps = select(
        *(Play.id, Play.seq, Play.drawn, Play.awarded, PlayTally.tally, PlayTally.period, PlayTally.number),
        *(
            func.lag(column)
            .over(partition_by=(PlayTally.tally, PlayTally.subject_id), order_by=Play.ordinal)
            .label(f"old_{column.key}")
            for column in (PlayTally.period, PlayTally.number, PlayTally.last)
        ),
    ).join(Play, Play.id == PlayTally.play_id)
    players = select(Play.member_id).where(at.plays)
    of_players = [PlayTally.subject_id.in_(players)] if at.after else []
    of_runs = steps.where(PlayTally.campaign_id == at.row.id, PlayTally.tally.startswith(DRY), *of_players)
    broken = []
    for row in await at.rows(of_runs):
        wanted = _step_of_run(row)
        if (row.period, row.number) != wanted:
            broken.append(
                f"{name_of_play(row)} is {row.number} of run {row.period}, and should be {wanted[1]} of {wanted[0]}"
            )
        pool = pools[row.tally.removeprefix(DRY)]
        if fault := _guarantee_fault(row, pool, at.running.version):
            broken.append(f"{name_of_play(row)} {fault}")
    return broken


def _step_of_run(row: Any) -> tuple[int, int]:
    """(run, number) after the member's play before."""
    if row.old_period is None:
        return 0, 1
    return (row.old_period + 1, 1) if row.old_number == row.old_last else (row.old_period, row.old_number + 1)


def _guarantee_fault(row: Any, pool: Pool, version: Version) -> str | None:
    guarantee, config = pool.guarantee, version.config
    if guarantee is None:
        return None
    line = pool.line(guarantee.line)
    if row.number > guarantee.after and not may_be_gone(line, config) and pool.line(row.awarded).product is None:
        return f"won nothing after {row.number - 1} plays without a win"
    is_early = row.number <= guarantee.after and pool.sold_out == "fallback"
    if is_early and row.awarded == line.key != row.drawn and pool.line(pool.fallback) is not line:
        return f"was guaranteed {line.key} after {row.number - 1} plays without a win"
    return None


async def _numbers_shared(at: Looking) -> list[str]:
    if at.after:
        return []  # their key forbids it; whoever looks at everything looks at this too
    numbers = (PlayTally.tally, PlayTally.subject_id, PlayTally.period, PlayTally.number)
    shared = select(*numbers).where(PlayTally.campaign_id == at.row.id).group_by(*numbers).having(func.count() > 1)
    return [f"number {row.number} of {row.tally} in {row.period} is shared" for row in await at.rows(shared)]


async def _sums_differ(at: Looking) -> list[str]:
    """What was spent of a budget is what the plays that took of it cost together, and is not above it."""
    if at.after:
        return []  # the ledger adds in the plays' own transaction, under a check; added up again with everything
    versions = {version.number: version for version in at.versions}
    if not any(take.is_sum for version in at.versions for take in version.takes.values()):
        return []
    plays = select(Play.version, Play.awarded, Play.day, func.count()).where(Play.campaign_id == at.row.id)
    wanted: Counter[tuple[str, int]] = Counter()
    for number, awarded, day, count in await at.rows(plays.group_by(Play.version, Play.awarded, Play.day)):
        for take in versions[number].takes_when[awarded].values():
            if take.is_sum:
                wanted[take.name, day if take.period == "day" else 0] += take.amount * count
    held = await at.rows(
        select(Spent.tally, Spent.period, Spent.amount, Spent.most).where(Spent.campaign_id == at.row.id)
    )
    found = {(row.tally, row.period): row.amount for row in held}
    return [
        *[
            f"{row.amount} was spent of {row.tally} in {row.period}, which ends at {row.most}"
            for row in held
            if row.amount > row.most
        ],
        *[
            f"{found.get(budget, 0)} was spent of {budget[0]} in {budget[1]}, and the prizes cost {wanted[budget]}"
            for budget in sorted(wanted.keys() | found.keys())
            if wanted[budget] != found.get(budget, 0)
        ],
    ]


async def _too_soon(at: Looking) -> list[str]:
    """Plays that did not wait for the cooldown of their version after the member's play before."""
    broken = []
    for version in at.versions:
        if (seconds := version.config.limits.cooldown_seconds) is None:
            continue
        before = aliased(Play)
        soon = Play.played_at_ms - before.played_at_ms < seconds * 1000
        query = select(Play.id, Play.seq).join(before, before.id == Play.previous_id)
        too_soon = await at.rows(query.where(at.plays, Play.version == version.number, soon))
        broken += [f"{name_of_play(play)} came within {seconds} s of the one before" for play in too_soon]
    return broken
