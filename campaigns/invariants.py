"""What must always hold, each as a query over the tables (and a look at the counters), named as the design names it.

Everything here looks at what is written, never at the code that wrote it: a broken rule shows whoever broke it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.fairness import config_hash, draw
from campaigns.goodness import doubtful, p_values_of
from campaigns.models import Campaign, CampaignVersion, Play, State, StockLot, VoidPlay
from campaigns.plays import digest
from campaigns.rebuild import counters_of, member_counters, missing_plays
from campaigns.versions import Running, Version, Versions
from core.clock import to_ms
from core.db import Database
from inventory import counters as lane
from inventory import stream
from inventory.connection import Connection
from prizes import invariants as prizes
from prizes.awards import AWARD_WON
from prizes.models import Award, Outbox

BROKEN_SHOWN_MAX = 20
CHUNK_PLAYS = 2_000
MEMBERS_SAMPLED = 50
ENTRIES_SAMPLED = 500
LAG_MS_MAX = 5_000
SKEW_MS_MAX = 500
LOOKS_MAX = 3

Checked = tuple[int, Sequence[str]]
"""How many things were checked, and a sentence for each that is broken."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One campaign under audit. Only plays after number `after` are looked at, where that suffices.

    `is_at_rest` promises that no play is under way, so that what is not in yet counts as missing.
    """

    session: AsyncSession
    row: Campaign
    running: Running
    versions: Sequence[Version]
    connection: Connection
    now: datetime
    after: int = 0
    is_at_rest: bool = False
    skew_ms: int = SKEW_MS_MAX

    @property
    def plays(self) -> ColumnElement[bool]:
        return and_(Play.campaign_id == self.row.id, Play.seq > self.after)

    async def count(self, where: ColumnElement[bool] | None = None) -> int:
        query = select(func.count()).select_from(Play).where(self.plays if where is None else where)
        return await self.session.scalar(query) or 0

    async def rows(self, query: Select[Any]) -> Sequence[Any]:
        return (await self.session.execute(query)).all()


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


async def no_oversell(at: Looking) -> Checked:
    lots = select(StockLot.line, func.sum(StockLot.last_unit - StockLot.first_unit + 1)).group_by(StockLot.line)
    loaded: dict[str, int] = dict(await _pairs(at, lots.where(StockLot.campaign_id == at.row.id)))
    awarded = (
        select(Play.awarded, func.count())
        .where(Play.campaign_id == at.row.id, Play.unit.is_not(None))
        .group_by(Play.awarded)
    )
    given: dict[str, int] = dict(await _pairs(at, awarded))
    limited = {line.key for line in at.running.version.config.lines if line.stock is not None}
    bare = await at.rows(select(Play.id, Play.seq).where(at.plays, Play.awarded.in_(limited), Play.unit.is_(None)))
    return sum(given.values()), [
        *[f"line {line}: {count} given of {loaded.get(line, 0)}" for line, count in given.items() if count > loaded.get(line, 0)],
        *[f"{_name(play)} was awarded a limited line without a unit" for play in bare],
        *[f"line {line}: {loaded.get(line, 0)} loaded of a stock of {at.running.version.config.line(line).stock}"
          for line in limited if loaded.get(line, 0) != at.running.version.config.line(line).stock],
    ]  # fmt: skip


async def units_once(at: Looking) -> Checked:
    twice = (
        select(Play.awarded, Play.unit, func.count(), func.max(Play.seq))
        .where(Play.campaign_id == at.row.id, Play.unit.is_not(None))
        .group_by(Play.awarded, Play.unit)
        .having(and_(func.count() > 1, func.max(Play.seq) > at.after))
    )
    return await at.count(and_(at.plays, Play.unit.is_not(None))), [
        f"unit {unit} of line {line} belongs to {count} plays, the last of them number {seq}"
        for line, unit, count, seq in await at.rows(twice)
    ]


async def limits_hold(at: Looking) -> Checked:
    broken = [
        f"{_name(play)}: ordinal {play.ordinal}, of the day {play.day_ordinal}, past version {version.number}'s limits"
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
    capped = (
        select(Play.awarded, Play.day, Play.line_day_number, func.max(Play.seq))
        .where(Play.campaign_id == at.row.id, Play.line_day_number.is_not(None))
        .group_by(Play.awarded, Play.day, Play.line_day_number)
        .having(func.count() > 1)
    )
    broken += [
        f"number {n} of line {line} on day {day} twice: play {seq}" for line, day, n, seq in await at.rows(capped)
    ]
    return await at.count(), broken


async def answers_stand(at: Looking) -> Checked:
    written = (await at.session.scalars(select(CampaignVersion).where(CampaignVersion.campaign_id == at.row.id))).all()
    broken = [f"version {each.version} was changed" for each in written if config_hash(each.config) != each.config_hash]
    async for plays in _chunks(at):
        broken += [
            f"{_name(play)}: its fingerprint is not its entry's"
            for play in plays
            if digest(play.entry) != play.fingerprint
        ]
    return await at.count(), broken


async def keys_once(at: Looking) -> Checked:
    twice = (
        select(Play.member_id, Play.request_key, func.count(), func.max(Play.seq))
        .where(Play.campaign_id == at.row.id)
        .group_by(Play.member_id, Play.request_key)
        .having(and_(func.count() > 1, func.max(Play.seq) > at.after))
    )
    return await at.count(), [
        f"key {key} of member {member} became {count} plays, the last of them number {seq}"
        for member, key, count, seq in await at.rows(twice)
    ]


async def numbers_contiguous(at: Looking) -> Checked:
    numbers = union_all(
        select(Play.seq.label("seq")).where(at.plays),
        select(VoidPlay.seq.label("seq")).where(VoidPlay.campaign_id == at.row.id, VoidPlay.seq > at.after),
    ).subquery()
    before = func.lag(numbers.c.seq, 1, at.after).over(order_by=numbers.c.seq)
    steps = select(numbers.c.seq.label("seq"), before.label("before")).subquery()
    odd = select(steps.c.before, steps.c.seq).where(steps.c.seq - steps.c.before != 1)
    if not at.is_at_rest:  # above the watermark plays are under way
        odd = odd.where(or_(steps.c.seq == steps.c.before, steps.c.seq <= at.row.committed))
    highest = await at.session.scalar(select(func.max(numbers.c.seq))) or at.after
    return highest - at.after, [
        f"number {seq} is there twice"
        if seq == before
        else f"numbers {before + 1} to {seq - 1} are neither played nor void"
        for before, seq in await at.rows(odd)
    ]


async def epochs_go_on(at: Looking) -> Checked:
    before = func.lag(Play.epoch, 1, 0).over(order_by=Play.seq)
    steps = _labelled(select(Play.id, Play.seq, Play.epoch, before.label("before")).where(at.plays))
    back = select(steps).where(or_(steps.c.epoch < steps.c.before, steps.c.epoch > at.row.epoch))
    return await at.count(), [
        f"{_name(row)}: epoch {row.epoch} after {row.before}, of {at.row.epoch}" for row in await at.rows(back)
    ]


async def counters_agree(at: Looking) -> Checked:
    """Only when every play that the counters know is in the ledger, and none came while we looked."""
    for _ in range(LOOKS_MAX):
        found = await lane.look(at.connection, at.running.keys)
        checked, broken = await _counters_against_ledger(at, found)
        if found == await lane.look(at.connection, at.running.keys):
            return checked, broken
    return 0, []


async def _counters_against_ledger(at: Looking, found: Mapping[str, str]) -> Checked:
    truth = await counters_of(at.session, at.running)
    if not at.running.is_settled or (not at.is_at_rest and await _is_under_way(at, truth.seq)):
        return 0, []
    wanted = {**truth.fields(), "epoch": str(at.running.epoch)}
    read = {
        **found,
        **{field: _of_today(value, truth.day) for field, value in found.items() if field.startswith("days:")},
    }
    broken = [
        f"{field} is {read.get(field, 'missing')} and should be {value}"
        for field, value in wanted.items()
        if field != "committed" and read.get(field) != value
    ]
    members = await _latest_members(at)
    for member in members:
        broken += await _member_differs(at, member)
    return 1 + len(members), broken


async def _is_under_way(at: Looking, last_seq: int) -> bool:
    """Whether a play is not in yet: past the ledger's last one, or before it, for processes do not commit in order."""
    if await missing_plays(at.session, campaign=at.row.id, after=at.row.committed):
        return True
    after = (at.running.epoch, last_seq)
    return bool(await stream.read(at.connection, at.running.keys, after=after, entries_max=1))


async def stream_drained(at: Looking) -> Checked:
    after = (at.running.epoch, at.row.committed)
    waiting = await stream.read(at.connection, at.running.keys, after=after, entries_max=1)
    lag_ms = to_ms(at.now) - waiting[0].played_at_ms if waiting else 0
    if lag_ms <= (0 if at.is_at_rest else LAG_MS_MAX) and not (at.is_at_rest and waiting):
        return 1, []
    return 1, [f"play number {waiting[0].seq} has waited {lag_ms / 1000:.1f} s for the ledger"]


async def draws_recompute(at: Looking) -> Checked:
    versions = {version.number: version for version in at.versions}
    broken = []
    async for plays in _chunks(at):
        broken += [f"{_name(play)}: {fault}" for play in plays if (fault := _draw_fault(play, versions[play.version]))]
    return await at.count(), broken


async def draws_fit(at: Looking) -> Checked:
    drawn: Counter[str] = Counter(
        dict(await _pairs(at, select(Play.drawn, func.count()).where(at.plays).group_by(Play.drawn)))
    )
    tests: dict[str, float] = {}
    for pool in at.running.version.pools.values():
        counts = [drawn[line.key] for line in pool.lines]
        for place, p_value in p_values_of(counts, pool.odds.weights).items():
            name = f"the common lines of pool {pool.key}" if place == "common" else f"line {pool.lines[int(place)].key}"
            tests[name] = p_value
    names = list(tests)
    return drawn.total(), [
        f"{names[place]}: p = {tests[names[place]]:.2g} over {drawn.total()} draws"
        for place in doubtful(list(tests.values()))
    ]


async def winners_awarded(at: Looking) -> Checked:
    winning = or_(False, *[_wins(version) for version in at.versions])
    outbox = and_(Outbox.topic == AWARD_WON, Outbox.subject_id == Award.id)
    same = and_(Award.line == Play.awarded, Award.member_id == Play.member_id, Award.campaign_id == Play.campaign_id)
    won = select(Play.id, Play.seq).outerjoin(Award, Award.play_id == Play.id).where(at.plays, winning)
    bare = await at.rows(won.where(Award.id.is_(None)))
    other = await at.rows(
        won.where(Award.id.is_not(None), or_(~same, func.coalesce(Award.unit, 0) != func.coalesce(Play.unit, 0)))
    )
    silent = await at.rows(won.outerjoin(Outbox, outbox).where(Award.id.is_not(None), Outbox.id.is_(None)))
    unearned = (
        select(Award.id)
        .outerjoin(Play, and_(Play.id == Award.play_id, winning))
        .where(Award.campaign_id == at.row.id, Play.id.is_(None))
    )
    return await at.count(and_(at.plays, winning)), [
        *[f"{_name(play)} won and has no award" for play in bare],
        *[f"{_name(play)}: its award says otherwise" for play in other],
        *[f"{_name(play)}: nobody was told of its award" for play in silent],
        *[f"award {award} has no winning play" for (award,) in await at.rows(unearned)],
    ]


async def inside_window(at: Looking) -> Checked:
    written = (
        await at.session.scalars(
            select(CampaignVersion).where(CampaignVersion.campaign_id == at.row.id).order_by(CampaignVersion.version)
        )
    ).all()
    outside = []
    for version, row in zip(at.versions, written, strict=True):
        config = version.config
        hours = Play.played_at_ms.between(to_ms(config.starts_at), to_ms(config.ends_at) - 1)
        permitted = hours if row.state == State.PUBLISHED else hours & False
        outside += await at.rows(select(Play.id, Play.seq).where(at.plays, Play.version == version.number, ~permitted))
    for place, row in enumerate(written):
        if row.state != State.PAUSED:
            continue
        until = to_ms(written[place + 1].created_at) if place + 1 < len(written) else to_ms(at.now)
        paused = Play.played_at_ms.between(to_ms(row.created_at) + at.skew_ms + 1, until - at.skew_ms - 1)
        outside += await at.rows(select(Play.id, Play.seq).where(at.plays, paused))
    return await at.count(), [f"{_name(play)} was played outside the window or while paused" for play in outside]


async def nothing_personal(at: Looking) -> Checked:
    entries = await stream.read(at.connection, at.running.keys, entries_max=ENTRIES_SAMPLED)
    broken = [f"entry {entry.epoch}-{entry.seq} looks personal" for entry in entries if _PERSONAL.search(entry.entry)]
    hashes = {"counters": await lane.look(at.connection, at.running.keys)}
    for member in await _latest_members(at):
        hashes[f"member {member}"] = await lane.look_at_member(at.connection, at.running.keys, member)
    broken += [
        f"{name} holds {field[:40]}" for name, found in hashes.items() for field in found if not _FIELD.fullmatch(field)
    ]
    return len(entries) + len(hashes), broken


INVARIANTS = (
    Invariant("I1", "No line gives more than its stock", no_oversell),
    Invariant("I2", "A unit belongs to one play for ever", units_once),
    Invariant("I4", "Limits hold, and a member's plays are numbered 1 to n", limits_hold),
    Invariant("I5", "What was answered stands", answers_stand),
    Invariant("I6", "One key is one play", keys_once),
    Invariant("I7", "Play numbers are contiguous, holes only with a void record", numbers_contiguous),
    Invariant("I8", "Epochs never go back", epochs_go_on),
    Invariant("I9", "The counters agree with the ledger at rest", counters_agree),
    Invariant("I10", "The ledger keeps up with the stream", stream_drained, is_quick=False),
    Invariant("I11", "Every draw recomputes", draws_recompute, is_quick=False),
    Invariant("I12", "Draws fit the published odds", draws_fit, is_quick=False),
    Invariant("I15", "Winning plays, awards and outbox rows are the same", winners_awarded),
    Invariant("I16", "Nothing was played outside the window or while paused", inside_window),
    Invariant("I17", "Nothing personal in counters or streams", nothing_personal, is_quick=False),
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
        _finding(
            "I14", "An award is delivered once, and every award ends", await prizes.one_delivery(session, now=now)
        ),
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


_FIELD = re.compile(
    r"epoch|version|state|seq|committed|plays|day|day_plays|(units|days):[a-z][a-z0-9-]{0,31}|key:[\w-]{22}|kept:\d+"
)
_PERSONAL = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|[\w.+-]+@[\w-]+\.\w+")


def _name(play: Any) -> str:
    return f"play {play.id} (number {play.seq})"


def _labelled(query: Select[Any]) -> Subquery:
    return query.subquery()


def _past_limits(at: Looking, version: Version) -> Select[Any]:
    limits = version.config.limits
    past = [
        number > most
        for number, most in ((Play.ordinal, limits.member_plays_max), (Play.day_ordinal, limits.member_day_plays_max))
        if most is not None
    ]
    past += [
        and_(Play.awarded == line.key, func.coalesce(Play.line_day_number, line.day_cap + 1) > line.day_cap)
        for line in version.config.lines
        if line.day_cap is not None
    ]
    return select(Play.id, Play.seq, Play.ordinal, Play.day_ordinal).where(
        at.plays, Play.version == version.number, or_(False, *past)
    )


def _wins(version: Version) -> ColumnElement[bool]:
    prizes_won = [line.key for line in version.config.lines if line.product is not None]
    return and_(Play.version == version.number, Play.awarded.in_(prizes_won))


def _draw_fault(play: Play, version: Version) -> str | None:
    pool = version.pools[version.game.tier(version.game_config, version.game.entry.model_validate_json(play.entry))]
    drawn = draw(
        seed=version.seed, campaign=version.campaign, member=play.member_id, ordinal=play.ordinal, odds=pool.odds
    )
    line = pool.lines[drawn.line]
    if (play.word, play.drawn) != (drawn.word, line.key):
        return f"drew {play.drawn} by {play.word}, and the seed says {line.key} by {drawn.word}"
    if play.awarded not in (line.key, pool.fallback):
        return f"was awarded {play.awarded}, which is neither drawn nor the fallback"
    if play.awarded != play.drawn and not line.is_scarce:
        return f"fell to {play.awarded}, and {play.drawn} cannot run out"
    return None


def _of_today(value: str, day: int) -> str:
    """A line's numbers of an earlier day are as good as none given today."""
    of_day, _, numbers = value.partition(" ")
    return value if int(of_day) >= day else f"{day} 1 "


async def _member_differs(at: Looking, member: str) -> list[str]:
    """A member who was not loaded in this epoch yet is not there at all."""
    found = await lane.look_at_member(at.connection, at.running.keys, member)
    if found.get("epoch") != str(at.running.epoch) and at.running.epoch > 1:
        return []
    truth = (await member_counters(at.session, campaign=at.row.id, member=member)).fields()
    wrong = sorted(field for field in truth.keys() | found.keys() - {"epoch"} if truth.get(field) != found.get(field))
    return [f"member {member} differs in {', '.join(wrong[:5])}"] if wrong else []


async def _latest_members(at: Looking) -> Sequence[str]:
    latest = (
        select(Play.member_id)
        .where(Play.campaign_id == at.row.id)
        .group_by(Play.member_id)
        .order_by(func.max(Play.seq).desc())
        .limit(MEMBERS_SAMPLED)
    )
    return (await at.session.scalars(latest)).all()


async def _pairs(at: Looking, query: Select[Any]) -> list[tuple[str, int]]:
    return [(str(name), int(number)) for name, number in await at.rows(query)]


async def _chunks(at: Looking) -> AsyncIterator[Sequence[Play]]:
    """The plays in order, a bounded number at a time."""
    after: tuple[int, str] | None = None
    while True:
        query = select(Play).where(at.plays).order_by(Play.seq, Play.id).limit(CHUNK_PLAYS)
        if after is not None:
            query = query.where(or_(Play.seq > after[0], and_(Play.seq == after[0], Play.id > after[1])))
        plays = (await at.session.scalars(query.execution_options(populate_existing=True))).all()
        if not plays:
            return
        yield plays
        after = (plays[-1].seq, plays[-1].id)
        at.session.expunge_all()
