"""Which line a play is given: the one it draws, or the next that is to be had when that one is gone.

What happens to a line that is sold out or capped is said in the campaign and shown: the play falls to the pool's fallback,
or is drawn again among the others, in proportion to their odds. Either way what was drawn stays on record, and the
published odds are those of the first draw. A pool may be an urn: its plays draw numbered cards, so that every so many plays the
odds come out exactly, or have moments: a play that comes after one wins its line, and draws when none is due. One definition
serves the play, the audit and whoever verifies.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, count, islice
from operator import attrgetter
from typing import NamedTuple

from campaigns.config import Config, Frozen
from campaigns.fairness import Drawn, draw, draw_again, urn_order
from campaigns.moments import Schedule, schedule_of
from campaigns.pools import Line, Pool
from campaigns.tallies import takes_of_line
from core.clock import to_ms
from inventory.claims import GROUPS_MAX, UNLIMITED

MOMENTS_AHEAD = 32
"""How many of a pool's next moments a claim brings."""
CARDS_MAX = 128
"""How many of an urn's next cards a claim brings; others may take as many before it."""
CANDIDATES_MAX = 8
"""How many lines a play brings to its first try; it comes back with all when none of these is to be had."""


class Source(NamedTuple):
    """What a play's numbers come from, and nothing else."""

    seed: bytes
    campaign: str
    member: str
    ordinal: int


class Candidate(NamedTuple):
    """A line that the play would be given next; a guaranteed one only to a member who has waited for it."""

    line: Line
    is_guaranteed: bool = False


def drawn_by(pool: Pool, source: Source) -> Drawn:
    """What a play's own number picks, in a pool without an urn."""
    seed, campaign, member, ordinal = source
    return draw(seed=seed, campaign=campaign, member=member, ordinal=ordinal, odds=pool.odds)


def falls_alike(pool: Pool, config: Config, drawn: int) -> list[Candidate] | None:
    """What any play may be given that draws this line, in order; None where it may be drawn again for."""
    if pool.sold_out == "renormalise" and may_be_gone(pool.lines[drawn], config):
        return None
    return list(_fall(pool, config, drawn, ()))


def fall_from(pool: Pool, config: Config, source: Source, drawn: int) -> Iterator[Candidate]:
    """The lines in the order in which a play would be given them that drew this one."""
    others: Iterable[int] = ()
    if pool.sold_out == "renormalise":
        seed, campaign, member, ordinal = source
        odds = pool.odds
        others = draw_again(seed=seed, campaign=campaign, member=member, ordinal=ordinal, odds=odds, first=drawn)
    return _fall(pool, config, drawn, others)


def card_in(pool: Pool, source: Source, card: int) -> int:
    """The index of the line on a card of the pool's urns, which are numbered on from 1 through all of them."""
    return next(_cards_from(pool, source, card))


def stretch(pool: Pool, source: Source, first: int) -> list[int]:
    """The lines on the cards from `first` on, as many as a claim tells apart."""
    lines: list[int] = []
    known: set[int] = set()
    for line in islice(_cards_from(pool, source, first), CARDS_MAX):
        known.add(line)
        if len(known) > GROUPS_MAX:
            break
        lines.append(line)
    return lines


def schedules_of(config: Frozen, *, seed: bytes, campaign: str) -> dict[str, Schedule]:
    """The moments of every pool that has some."""
    return {
        pool.key: schedule_of(
            seed=seed,
            campaign=campaign,
            pool=pool.key,
            spans=config.spans[pool.key],
            counts=pool.moment_counts,
            rolls_over=_rolls_over(pool),
        )
        for pool in config.pools
        if pool.moments is not None
    }


def span_at(pool: Pool, config: Frozen, now_ms: int) -> tuple[int, int]:
    """The number of the span an hour falls in or after, and when moments of it can be taken no more."""
    if _rolls_over(pool):
        return 0, to_ms(config.ends_at)
    spans = config.spans[pool.key]
    number = max(bisect_right(spans, now_ms, key=attrgetter("begins_ms")) - 1, 0)
    return number, spans[number].ends_ms


def _rolls_over(pool: Pool) -> bool:
    return pool.moments is not None and pool.moments.unclaimed == "rolls_over"


def _cards_from(pool: Pool, source: Source, card: int) -> Iterator[int]:
    """The lines on the cards, urn after urn."""
    if pool.urn_plays is None:
        raise AssertionError(f"pool {pool.key} has no urn")
    first, place = divmod(card - 1, pool.urn_plays)
    seed, campaign, counts = source.seed, source.campaign, pool.urn_counts
    for urn in count(first):
        yield from urn_order(seed=seed, campaign=campaign, pool=pool.key, urn=urn, counts=counts)[place:]
        place = 0


def _fall(pool: Pool, config: Config, drawn: int, others: Iterable[int]) -> Iterator[Candidate]:
    """What was drawn and what it falls to, up to a line that is never gone; the guaranteed line before one that wins nothing."""
    lines = chain((pool.lines[place] for place in chain((drawn,), others)), (pool.line(pool.fallback),))
    for line in lines:
        if pool.guarantee is not None and line.product is None:
            yield Candidate(pool.line(pool.guarantee.line), is_guaranteed=True)
        yield Candidate(line)
        if not may_be_gone(line, config):
            return


def at_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """As many as are tried at once; a list that is cut ends with a line that may be gone."""
    return list(islice(candidates, CANDIDATES_MAX))


def may_be_gone(line: Line, config: Config) -> bool:
    """Whether a play that draws the line may find none to be had."""
    return line.is_scarce or any(take.last < UNLIMITED for take in takes_of_line(config, line))


def effective_odds(pool: Pool) -> list[Fraction]:
    """How often each line comes in the long run, with the guarantee and while nothing is gone.

    Plays fall into runs that a win ends, the last of them a win of its own with p, or guaranteed after n that were not: a
    run is (1 - (1 - p)^(n + 1)) / p plays long on average, and ends with the guarantee in (1 - p)^(n + 1) of all cases.
    """
    shares = [Fraction(weight, pool.odds.total) for weight in pool.odds.weights]
    if pool.guarantee is None:
        return shares
    wins = sum(share for share, line in zip(shares, pool.lines, strict=True) if line.product is not None)
    dry = (1 - wins) ** (pool.guarantee.after + 1)
    plays = (1 - dry) / wins if wins else Fraction(pool.guarantee.after + 1)
    added = dry / plays
    return [
        share + added
        if line.key == pool.guarantee.line
        else share * (1 - added / (1 - wins))
        if line.product is None and wins < 1
        else share
        for share, line in zip(shares, pool.lines, strict=True)
    ]
