"""What a play's numbers say, ready to claim: its word, what it may be given, and which cards lie ahead."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from campaigns.allocation import (
    MOMENTS_AHEAD,
    Candidate,
    Source,
    at_first,
    drawn_by,
    fall_from,
    span_at,
    stretch,
)
from campaigns.pools import Pool
from campaigns.tallies import takes_of_pool
from campaigns.versions import Running
from core.clock import Clock, to_ms
from inventory.claims import Cards, Hours, OtherCard, Taken, taken_of


class Drawing:
    """Remembers which card each pool is thought to come to next; the script knows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_cards: dict[tuple[str, str], tuple[int, int]] = {}
        """(span, card), by campaign and pool."""

    def of(
        self, running: Running, pool: Pool, source: Source, *, all_lines: bool, ahead: int = 0
    ) -> tuple[int, list[str], Cards | None]:
        """What the numbers say: the word, what the play may be given, and which card of an urn leads to which of it.

        `ahead` is how many plays come before it in the same request.
        """
        now_ms = to_ms(self._clock.now())
        fall = partial(_group, running, pool, source, all_lines=all_lines, now_ms=now_ms)
        if pool.urn_plays is not None:
            first = self._next(running, pool)[1] + ahead
            lines = stretch(pool, source, first)
            known = list(dict.fromkeys(lines))
            (take,) = takes_of_pool(pool)
            return 0, [fall(line) for line in known], Cards(take, 0, first, [known.index(line) for line in lines])
        drawn = drawn_by(pool, source)
        if pool.moments is None:
            return drawn.word, [fall(drawn.line)], None
        of_moments, cards = self._moments(running, pool, now_ms)
        return drawn.word, [fall(drawn.line), *of_moments], cards

    def _moments(self, running: Running, pool: Pool, now_ms: int) -> tuple[list[str], Cards]:
        """The next moments as cards, and what each wins: its line, or nothing while that is not to be had."""
        config = running.version.config
        span, closes_ms = span_at(pool, config, now_ms)
        known_span, first = self._next(running, pool)
        if known_span < span:
            first = 1
        elif known_span > span:  # another clock is ahead of ours
            span, closes_ms = known_span, config.spans[pool.key][known_span].ends_ms
        schedule = running.version.schedules[pool.key][span]
        ahead = schedule[first - 1 : first - 1 + MOMENTS_AHEAD]
        known = list(dict.fromkeys(moment.line for moment in ahead))
        lines = [pool.lines[line] for line in known]
        groups = [running.group(line.key, [Candidate(line)], now_ms=now_ms) for line in lines]
        take = takes_of_pool(pool)[0]._replace(last=len(schedule))
        hours = Hours([moment.due_ms for moment in ahead], closes_ms)
        return groups, Cards(take, span, first, [1 + known.index(moment.line) for moment in ahead], hours)

    def note_taken(self, running: Running, pool: Pool, taken: Taken) -> None:
        for take in takes_of_pool(pool):
            if (card := taken_of(take.name, taken.numbers)) is not None:
                self._next_cards[running.campaign, pool.key] = (card.period, card.number + 1)

    def note_other(self, running: Running, pool: Pool, other: OtherCard) -> None:
        self._next_cards[running.campaign, pool.key] = (other.span, other.card)

    def _next(self, running: Running, pool: Pool) -> tuple[int, int]:
        return self._next_cards.get((running.campaign, pool.key), (0, 1))


def _group(running: Running, pool: Pool, source: Source, drawn: int, *, all_lines: bool, now_ms: int) -> str:
    """What a play may be given that draws this line; the first few of it, unless all are asked for."""
    if (known := running.groups.get(pool.lines[drawn].key)) is not None:
        return known
    candidates: Iterable[Candidate] = fall_from(pool, running.version.config, source, drawn)
    return running.group(pool.lines[drawn].key, candidates if all_lines else at_first(candidates), now_ms=now_ms)
