"""Whether counts fit the weights they were drawn with: exact binomial for rare lines, chi-square for the others.

Statistics may use floats; nothing here counts or chooses anything that a member gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, lgamma, log

EXPECTED_MIN = 5
"""Below this many expected hits a cell is too rare for chi-square (Cochran's rule)."""
LEVEL = 0.01
"""How often a sound whole is doubted, at most: whoever tests several wholes divides it among them (Bonferroni)."""
TERMS_MAX = 10_000
PRECISION = 1e-15


def doubtful(p_values: Sequence[float], *, level: float = LEVEL) -> list[int]:
    """Which of several tests reject at this level together, as indices (Holm's step-down)."""
    ascending = sorted(range(len(p_values)), key=p_values.__getitem__)
    rejected = []
    for step, index in enumerate(ascending):
        if p_values[index] > level / (len(p_values) - step):
            break
        rejected.append(index)
    return rejected


def p_values_of(counts: Sequence[int], weights: Sequence[int]) -> dict[str, float]:
    """One p-value for the common cells together ("common"), one for every rare cell (its index as text).

    Given that a draw hit one of the common cells, it hit each in proportion to the weights: so they are tested among
    themselves, and the rare ones each against all draws.
    """
    draws, total = sum(counts), sum(weights)
    if draws == 0:
        return {}
    rare = [place for place, weight in enumerate(weights) if draws * weight < EXPECTED_MIN * total]
    common = [place for place in range(len(weights)) if place not in rare]
    found = {str(place): binomial_p(counts[place], draws, weights[place] / total) for place in rare}
    if len(common) > 1:
        found["common"] = chi_square_p([counts[place] for place in common], [weights[place] for place in common])
    return found


def chi_square_p(counts: Sequence[int], weights: Sequence[int]) -> float:
    """Pearson's test of counts against weights."""
    draws, total = sum(counts), sum(weights)
    if draws == 0:
        return 1.0
    expected = [draws * weight / total for weight in weights]
    statistic = sum((count - wanted) ** 2 / wanted for count, wanted in zip(counts, expected, strict=True))
    return upper_gamma((len(counts) - 1) / 2, statistic / 2)


def binomial_p(hits: int, draws: int, share: float) -> float:
    """Two-sided: twice the smaller tail of the exact binomial."""
    if not 0 < share < 1:
        return 1.0
    below = sum(_binomial(count, draws, share) for count in range(hits))
    at = _binomial(hits, draws, share)
    return min(1.0, 2 * min(below + at, max(1 - below, at)))


def upper_gamma(shape: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(shape, x).

    By its power series below shape + 1 and by Lentz's continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31).
    """
    if x <= 0:
        return 1.0
    scale = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for step in range(1, TERMS_MAX):
            term *= x / (shape + step)
            total += term
            if term < total * PRECISION:
                break
        return max(0.0, 1 - scale * total)
    return min(1.0, scale * _fraction(shape, x))


def _fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = inf, 1 / b
    value = d
    for step in range(1, TERMS_MAX):
        a = step * (shape - step)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        value *= c * d
        if abs(c * d - 1) < PRECISION:
            break
    return value


def _binomial(hits: int, draws: int, share: float) -> float:
    choices = lgamma(draws + 1) - lgamma(hits + 1) - lgamma(draws - hits + 1)
    return exp(choices + hits * log(share) + (draws - hits) * log(1 - share))
