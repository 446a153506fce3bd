"""What must hold of the draws: each recomputes from the seed, and together they fit the published odds."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from campaigns.allocation import Source, card_in, drawn_by, fall_from
from campaigns.goodness import LEVEL, doubtful, p_values_of
from campaigns.looking import (
    Checked,
    Looking,
    chunks,
    name_of_play,
    pairs,
)
from campaigns.models import Play
from campaigns.tallies import CARDS
from campaigns.versions import Version
from inventory.claims import read


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
        counts = [drawn[line.key] for line in pool.lines]
        for place, p_value in p_values_of(counts, pool.odds.weights).items():
            name = f"the common lines of pool {pool.key}" if place == "common" else f"line {pool.lines[int(place)].key}"
            tests[name] = p_value
    names = list(tests)
    return drawn.total(), [
        f"{names[place]}: p = {tests[names[place]]:.2g} over {drawn.total()} draws"
        for place in doubtful(list(tests.values()), level=LEVEL / at.campaigns)
    ]


def _draw_fault(play: Play, version: Version) -> str | None:
    # Whom a pool was for is not on record; which one it was is, for no two pools share a line.
    pool = next(
        (pool for pool in version.pools_of(play.entry) if play.drawn in (line.key for line in pool.lines)), None
    )
    if pool is None:
        return f"drew {play.drawn}, which is in no pool of its tier"
    source = Source(version.seed, version.campaign, play.member_id, play.ordinal)
    if pool.urn_plays is not None:
        card = next((taken.number for taken in read(play.numbers) if taken.tally == f"{CARDS}{pool.key}"), None)
        if card is None:
            return "drew no card of its urn"
        line = pool.lines[card_in(pool, source, card)]
        candidates, word = fall_from(pool, version.config, source, pool.lines.index(line)), 0
    else:
        drawn = drawn_by(pool, source)
        line, word = pool.lines[drawn.line], drawn.word
        candidates = fall_from(pool, version.config, source, drawn.line)
    if (play.word, play.drawn) != (word, line.key):
        return f"drew {play.drawn} by {play.word}, and the seed says {line.key} by {word}"
    given = {each.line.key for each in candidates}
    if play.awarded != line.key and len(given) == 1:
        return f"fell to {play.awarded}, and {play.drawn} cannot run out"
    if play.awarded not in given:
        return f"was awarded {play.awarded}, which is neither drawn nor what it would fall to"
    return None
