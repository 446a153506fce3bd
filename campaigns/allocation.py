"""Which line a play is given: the one it draws, or the next that is to be had when that one is gone.

What happens to a line that is sold out or capped is said in the campaign and shown: the play falls to the pool's fallback,
or is drawn again among the others, in proportion to their odds. Either way what was drawn stays on record, and the
published odds are those of the first draw. One definition serves the play, the audit and whoever verifies.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from campaigns.config import Config, Line, Pool
from campaigns.fairness import Drawn, draw, draw_again
from campaigns.tallies import takes_of_line

CANDIDATES_MAX = 8
"""How many lines a play brings to its first try; it comes back with all when none of these is to be had."""


class Source(NamedTuple):
    """What a play's numbers come from, and nothing else."""

    seed: bytes
    campaign: str
    member: str
    ordinal: int


def allocate(pool: Pool, config: Config, source: Source) -> tuple[Drawn, Iterator[Line]]:
    """What the numbers pick, and the lines in the order in which the play would be given them."""
    seed, campaign, member, ordinal = source
    drawn = draw(seed=seed, campaign=campaign, member=member, ordinal=ordinal, odds=pool.odds)
    return drawn, _in_order(pool, config, source, drawn.line)


def _in_order(pool: Pool, config: Config, source: Source, first: int) -> Iterator[Line]:
    """What was drawn, and what it falls to, up to a line that is never gone."""
    yield pool.lines[first]
    if not may_be_gone(pool.lines[first], config):
        return
    if pool.sold_out == "renormalise":
        seed, campaign, member, ordinal = source
        odds = pool.odds
        for place in draw_again(seed=seed, campaign=campaign, member=member, ordinal=ordinal, odds=odds, first=first):
            line = pool.lines[place]
            yield line
            if not may_be_gone(line, config):
                return
    yield pool.line(pool.fallback)


def at_first(lines: Iterator[Line]) -> list[Line]:
    """As many as are tried at once; a list that is cut ends with a line that may be gone."""
    return list(islice(lines, CANDIDATES_MAX))


def may_be_gone(line: Line, config: Config) -> bool:
    """Whether a play that draws the line may find none to be had."""
    return line.stock is not None or bool(takes_of_line(config, line))
