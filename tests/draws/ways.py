"""Ways to draw: the project's own, and wrong ones that others have been caught with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from campaigns.fairness import draw, draw_again
from campaigns.odds import Odds, odds_of_weights, parse_odds

CAMPAIGN = "00000000-0000-7000-8000-0000000000c1"
PLAYS_OF_A_MEMBER = 100
Way = Callable[[bytes, int, Odds], int]
"""The line that the n-th draw under a seed comes to."""

CASES: Mapping[str, Sequence[str]] = {
    "50/30/20": ("50%", "30%", "20%"),
    "30/30/40": ("30%", "30%", "40%"),
    "40/35/25": ("40%", "35%", "25%"),
    "50/40/10": ("50%", "40%", "10%"),
    "20/10/30 and rest": ("20%", "10%", "30%", "rest"),
    "half a percent": ("0.5%", "rest"),
    "one in 100,000": ("1/100000", "90%", "rest"),
    "thirds": ("1/3", "1/3", "1/3"),
    "200 lines": ("1/200",) * 200,
}


@dataclass(frozen=True)
class Trial:
    """Draws of one way, and the odds they must fit."""

    name: str
    odds: Odds
    promised: Odds
    way: Way
    is_sound: bool = True

    def counts(self, seed: bytes, draws: int) -> Counter[int]:
        return Counter(self.way(seed, number, self.odds) for number in range(draws))


def ours(seed: bytes, number: int, odds: Odds) -> int:
    return draw(seed=seed, odds=odds, **_play(number)).line


def redrawn(seed: bytes, number: int, odds: Odds) -> int:
    """The first line is gone: whoever draws it draws again among the others."""
    play = _play(number)
    line = draw(seed=seed, odds=odds, **play).line
    return line if line != 0 else next(draw_again(seed=seed, odds=odds, first=0, **play))


def of_24_bits(seed: bytes, number: int, odds: Odds) -> int:
    """A modulo over too few bits favours the low numbers."""
    word = draw(seed=seed, odds=odds, **_play(number)).word
    return odds.pick((word >> 24) * 2 % odds.total)


def of_one_too_many(seed: bytes, number: int, odds: Odds) -> int:
    """A bound that belongs to the line below it."""
    at = draw(seed=seed, odds=odds, **_play(number)).word % odds.total
    return next(line for line, bound in enumerate(odds.bounds) if at <= bound)


def of_rounded_shares(seed: bytes, number: int, odds: Odds) -> int:
    """Shares kept as hundredths."""
    at = draw(seed=seed, odds=odds, **_play(number)).word % odds.total / odds.total
    bounds = [round(bound / odds.total, 2) for bound in odds.bounds]
    return next((line for line, bound in enumerate(bounds) if at < bound), len(bounds) - 1)


def trials() -> list[Trial]:
    found = [Trial(name, parse_odds(texts), parse_odds(texts), ours) for name, texts in CASES.items()]
    five = parse_odds(("50%", "1%", "9%", "25%", "15%"))
    found.append(Trial("redrawn", five, odds_of_weights([0, *five.weights[1:]]), redrawn))
    thirds, rare = parse_odds(("1/3", "1/3", "1/3")), parse_odds(("0.1%", "rest"))
    few = odds_of_weights([10_000_000] * 3)
    return [
        *found,
        Trial("modulo of 24 bits", few, few, of_24_bits, is_sound=False),
        Trial("off by one", rare, rare, of_one_too_many, is_sound=False),
        Trial("rounded shares", thirds, thirds, of_rounded_shares, is_sound=False),
    ]


def drawn(task: tuple[int, bytes, int]) -> tuple[int, Counter[int]]:
    """The trial at a place, and what so many draws of it under a seed come to."""
    place, seed, draws = task
    return place, trials()[place].counts(seed, draws)


def _play(number: int) -> dict[str, object]:
    member, ordinal = divmod(number, PLAYS_OF_A_MEMBER)
    return {"campaign": CAMPAIGN, "member": f"{member:032x}", "ordinal": ordinal + 1}
