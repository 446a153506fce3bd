"""Where draws come from: a committed seed, and words derived from it that anyone can recompute after the close.

word k of a play = the first 48 bits of HMAC-SHA256(seed, "windfall-1|campaign|member|ordinal|k"). A word is accepted
when it lies below the greatest multiple of the pool's total that 48 bits hold, so `word % total` has no bias.

A line that is drawn and gone may be drawn again for: redraw n of a play takes its words from k = "redraw-n-0",
"redraw-n-1", … in the same way, over the total of the lines not drawn yet, in their order in the pool.

The cards of an urn lie in an order fixed by the seed: each line as many times as it comes, in the pool's order, shuffled by
Fisher and Yates (Durstenfeld) from the last card down. The words are the 48-bit pieces of HMAC-SHA256(seed,
"windfall-1|campaign|pool|urn-u|block") for block 0, 1, …, five of each, and one that has a bias is passed over. Those of a
line's winning moments are the same with "moments-n" for the line at place n; campaigns/moments.py says what becomes of them. Those of a
member's round n are the same with the member in the pool's place and "round-n"; campaigns/banks.py picks by the first of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from campaigns.odds import Odds, odds_of_weights

ALGORITHM = "windfall-1"
SEED_BYTES = 32
WORD_BITS = 48
WORDS_MAX = 4  # a total of 1e9 rejects 3.6e-6 of words: four in a row is below 2e-22
SPREAD = "spread"
URNS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the numbers picked: the accepted word and the index of the line that owns it."""

    word: int
    line: int


def draw(*, seed: bytes, campaign: str, member: str, ordinal: int, odds: Odds) -> Drawn:
    """Draw one play. It depends on nothing but its arguments: drawing again gives the same."""
    word = _accepted((word_of(seed, campaign, member, ordinal, counter) for counter in range(WORDS_MAX)), odds.total)
    return Drawn(word, odds.pick(word % odds.total))


def draw_again(*, seed: bytes, campaign: str, member: str, ordinal: int, odds: Odds, first: int) -> Iterator[int]:
    """The lines after `first`, each drawn in proportion to the odds among those that were not drawn yet.

    So the first of them that is to be had was picked with its odds over the sum of all that are to be had: a line without
    odds of its own is never among them.
    """
    left = [place for place, weight in enumerate(odds.weights) if weight and place != first]
    for step in count(1):
        if not left:
            return
        among = odds_of_weights([odds.weights[place] for place in left])
        words = (word_of(seed, campaign, member, ordinal, f"redraw-{step}-{counter}") for counter in range(WORDS_MAX))
        yield left.pop(among.pick(_accepted(words, among.total) % among.total))


@lru_cache(maxsize=URNS_KEPT)
def urn_order(*, seed: bytes, campaign: str, pool: str, urn: int, counts: tuple[int, ...]) -> bytes:
    """The index of the line on each card of an urn, in the order in which they are drawn."""
    cards = bytearray(place for place, count in enumerate(counts) for _ in range(count))
    words = words_of(seed, campaign, pool, f"urn-{urn}")
    for last in range(len(cards) - 1, 0, -1):
        chosen = below(last + 1, words)
        cards[last], cards[chosen] = cards[chosen], cards[last]
    return bytes(cards)


def words_of(seed: bytes, campaign: str, pool: str, what: str) -> Iterator[int]:
    """Words of a pool that belong to no play, without end."""
    size = WORD_BITS // 8
    for block in count():
        found = hmac.digest(seed, f"{ALGORITHM}|{campaign}|{pool}|{what}|{block}".encode(), "sha256")
        yield from (int.from_bytes(found[start : start + size], "big") for start in range(0, 5 * size, size))


def below(total: int, words: Iterator[int]) -> int:
    """A number in [0, total), from the first word that has no bias over it."""
    limit = accepted_below(total)
    return next(word for word in words if word < limit) % total


def _accepted(words: Iterator[int], total: int) -> int:
    """The first word that has no bias over `total`."""
    limit = accepted_below(total)
    for word in words:
        if word < limit:
            return word
    raise AssertionError("four words rejected in a row: the seed is not a seed")


def accepted_below(total: int) -> int:
    return (1 << WORD_BITS) - (1 << WORD_BITS) % total


def word_of(seed: bytes, campaign: str, member: str, ordinal: int, counter: int | str) -> int:
    message = f"{ALGORITHM}|{campaign}|{member}|{ordinal}|{counter}".encode()
    return int.from_bytes(hmac.digest(seed, message, "sha256")[: WORD_BITS // 8], "big")


def spread_of(seed: bytes, campaign: str, member: str, ordinal: int) -> int:
    """A word of its own for showing: how an outcome looks never touches what it is."""
    return word_of(seed, campaign, member, ordinal, SPREAD)


def commitment(seed: bytes) -> str:
    """What is published before the first play: SHA-256 of the seed, as hex."""
    return hashlib.sha256(seed).hexdigest()


def config_hash(config: dict[str, Any]) -> str:
    """SHA-256 of a version's canonical JSON, as hex: the odds that were promised, pinned."""
    canonical = json.dumps(config, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
