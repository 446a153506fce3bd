"""What a redeem code is made of: how it is typed, how one is made at random, and how a mistyped one is told from a wrong one.

A generated code has 14 random characters of 32, which is 70 bits, and a check character. The check is a sum in GF(32) in
which every place has its own weight (a Reed-Solomon code of one check symbol), so it notices every single character that
is wrong and any two that changed places. Who guesses learns nothing from it: anybody can compute it.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable

from core.ids import Entropy

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
RANDOM_CHARS = 14
RANDOM_BYTES = 9
GROUP_CHARS = 5
CHARS_MIN = 6
CHARS_MAX = 64
TYPED_CHARS_MAX = 200
"""How long a code may be as it is typed, with its spaces and hyphens."""

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_SEPARATORS = frozenset({"Zs", "Cc", "Cf", "Pd"})
_MINUS = "\u2212"
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, which is primitive


class CodeHashes:
    """Codes as they are kept: nobody without the key can tell one from its hash, nor try any."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, words: str, *, campaign: str) -> bytes:
        """The hash of a normalised code, another one in every campaign."""
        return hmac.digest(self._key, f"{campaign}\0{words}".encode(errors="backslashreplace"), "sha256")


def normalised(typed: str) -> str:
    """The code that somebody meant: full-width forms, case, spaces and hyphens make no difference."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(each for each in plain if unicodedata.category(each) not in _SEPARATORS and each != _MINUS)


def fault_of(words: str) -> str | None:
    """Why this cannot be a code, normalised as it is; None when it can."""
    if not CHARS_MIN <= len(words) <= CHARS_MAX:
        return f"must have {CHARS_MIN} to {CHARS_MAX} letters and digits, has {len(words)}"
    if not words.isalnum():
        return "may hold letters and digits only"
    if is_mistyped(words):
        return "looks like a generated code whose last character does not fit the others"
    return None


def is_mistyped(words: str) -> bool:
    """Whether this has the form of a generated code and no code of that form reads so."""
    return len(words) == RANDOM_CHARS + 1 and _VALUES.keys() >= set(words) and _check(words[:-1]) != words[-1]


def generate(count: int, entropy: Entropy) -> list[str]:
    """So many new codes, normalised, no two alike."""
    codes: dict[str, None] = {}
    while len(codes) < count:
        number = int.from_bytes(entropy.bytes(RANDOM_BYTES))
        chosen = "".join(ALPHABET[number >> (5 * place) & 31] for place in range(RANDOM_CHARS))
        codes[chosen + _check(chosen)] = None
    return list(codes)


def grouped(words: str) -> str:
    """A code as it is shown: KQ7RM-2XWPA-9TBHE."""
    return "-".join(words[start : start + GROUP_CHARS] for start in range(0, len(words), GROUP_CHARS))


def _check(letters: Iterable[str]) -> str:
    total = 0
    for letter in letters:
        total = _doubled(total ^ _VALUES[letter])
    return ALPHABET[total]


def _doubled(value: int) -> int:
    twice = value << 1
    return twice ^ _FIELD_POLYNOMIAL if twice > 31 else twice  # noqa: PLR2004 (five bits)
