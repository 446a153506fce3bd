"""What must hold of the draws: each recomputes from the seed, and together they fit the published odds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func, select

from campaigns.allocation import Candidate, Source, card_in, drawn_by, fall_from
from campaigns.config import Frozen
from campaigns.goodness import LEVEL, doubtful, p_values_of
from campaigns.looking import (
    Checked,
    Looking,
    chunks,
    name_of_play,
    pairs,
)
from campaigns.models import Play
from campaigns.pools import Line, Pool
from campaigns.release import CLOCKS_APART_MS, released
from campaigns.tallies import CARDS, MOMENTS
from campaigns.versions import Version
from inventory.claims import read, taken_of


async def draws_recompute(at: Looking) -> Checked:
    versions = {version.number: version for version in at.versions}
    broken = []
    async for plays in chunks(at):
        broken += [
            f"{name_of_play(play)}: {fault}" for play in plays if (fault := _draw_fault(play, versions[play.version]))
        ]
    return await at.count(), broken


async def draws_fit(at: Looking) -> Checked:
    drawn: Counter[str] = Counter(
        dict(await pairs(at, select(Play.drawn, func.count()).where(at.plays).group_by(Play.drawn)))
    )
    tests: dict[str, float] = {}
    for pool in at.running.version.config.pools:
        if pool.urn_plays is not None:
            continue  # its cards are no chance: each is recomputed, and none is drawn twice
        by_lot = [pair for pair in zip(pool.lines, pool.odds.weights, strict=True) if not pair[0].is_by_moment]
        counts = [drawn[line.key] for line, _ in by_lot]
        for place, p_value in p_values_of(counts, [weight for _, weight in by_lot]).items():
            name = f"the common lines of pool {pool.key}" if place == "common" else f"line {by_lot[int(place)][0].key}"
            tests[name] = p_value
    names = list(tests)
    return drawn.total(), [
        f"{names[place]}: p = {tests[names[place]]:.2g} over {drawn.total()} draws"
        for place in doubtful(list(tests.values()), level=LEVEL / at.campaigns)
    ]


class _Told(NamedTuple):
    """What the seed says of a play: its word, the line it draws, and what it may be given."""

    word: int
    line: Line
    candidates: Iterable[Candidate]


def _draw_fault(play: Play, version: Version) -> str | None:
    # Whom a pool was for is not on record; which one it was is, for no two pools share a line.
    pool = version.lines[play.drawn].pool if play.drawn in version.lines else None
    if pool is None or pool not in version.pools_of(play.entry):
        return f"drew {play.drawn}, which is in no pool of its tier"
    source = Source(version.seed, version.campaign, play.member_id, play.ordinal)
    told = _told_by_card(play, pool, version.config, source) if pool.urn_plays else _told(play, pool, version, source)
    if isinstance(told, str):
        return told
    if (play.word, play.drawn) != (told.word, told.line.key):
        return f"drew {play.drawn} by {play.word}, and the seed says {told.line.key} by {told.word}"
    given = {each.line.key for each in told.candidates}
    if play.awarded != told.line.key and len(given) == 1:
        return f"fell to {play.awarded}, and {play.drawn} cannot run out"
    if play.awarded not in given:
        return f"was awarded {play.awarded}, which is neither drawn nor what it would fall to"
    return _release_fault(play, version)


def _told_by_card(play: Play, pool: Pool, config: Frozen, source: Source) -> _Told | str:
    card = taken_of(f"{CARDS}{pool.key}", read(play.numbers))
    if card is None:
        return "drew no card of its urn"
    line = card_in(pool, source, card.number)
    return _Told(0, pool.lines[line], fall_from(pool, config, source, line))


def _told(play: Play, pool: Pool, version: Version, source: Source) -> _Told | str:
    drawn = drawn_by(pool, source)
    taken = taken_of(f"{MOMENTS}{pool.key}", read(play.numbers))
    if taken is None:
        return _Told(drawn.word, pool.lines[drawn.line], fall_from(pool, version.config, source, drawn.line))
    moment = version.schedules[pool.key][taken.period][taken.number - 1]
    if play.played_at_ms < moment.due_ms:
        return f"took a moment that was due {moment.due_ms - play.played_at_ms} ms later"
    line = pool.lines[moment.line]
    return _Told(drawn.word, line, [Candidate(line)])


def _release_fault(play: Play, version: Version) -> str | None:
    line, config = version.lines[play.awarded].line, version.config
    if line.release == "at_once" or line.stock is None or play.unit is None:
        return None
    now_ms = play.played_at_ms + CLOCKS_APART_MS
    out = released(line.stock, line.release, starts_at=config.starts_at, ends_at=config.ends_at, now_ms=now_ms)
    return f"was given unit {play.unit} of {line.key} when {out} were out" if play.unit > out else None
