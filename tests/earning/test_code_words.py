"""Codes as people type them: what makes no difference, what is a slip of the finger, and what cannot be a code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earning.code_words import (
    ALPHABET,
    CHARS_MAX,
    RANDOM_CHARS,
    CodeHashes,
    fault_of,
    generate,
    grouped,
    is_mistyped,
    normalised,
)
from tests.support.arguments import CountingEntropy

(CODE,) = generate(1, CountingEntropy())


def test_codes_are_of_unmistakable_letters_and_all_differ() -> None:
    codes = generate(5_000, CountingEntropy())
    assert len(set(codes)) == 5_000
    assert set("".join(codes)) == set(ALPHABET)
    assert len(ALPHABET) == 32
    assert not set(ALPHABET) & set("01OI")
    assert RANDOM_CHARS * 5 >= 60
    assert [code for code in codes if is_mistyped(code) or fault_of(code)] == []


def test_every_random_character_is_drawn_evenly() -> None:
    codes = generate(6_400, CountingEntropy("even"))
    for place in range(RANDOM_CHARS + 1):
        counts = [sum(code[place] == letter for code in codes) for letter in ALPHABET]
        chi_square = sum((count - 200) ** 2 / 200 for count in counts)
        assert chi_square < 75, place  # 31 degrees of freedom: passed by chance less than once in 50,000


@given(code=st.sampled_from(generate(50, CountingEntropy())), place=st.integers(0, RANDOM_CHARS), data=st.data())
def test_one_wrong_character_is_noticed(code: str, place: int, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from([letter for letter in ALPHABET if letter != code[place]]))
    assert is_mistyped(code[:place] + other + code[place + 1 :])


@given(
    code=st.sampled_from(generate(50, CountingEntropy())),
    places=st.tuples(st.integers(0, RANDOM_CHARS), st.integers(0, RANDOM_CHARS)),
)
def test_two_characters_that_changed_places_are_noticed(code: str, places: tuple[int, int]) -> None:
    letters = list(code)
    one, other = places
    letters[one], letters[other] = letters[other], letters[one]
    assert is_mistyped("".join(letters)) == (code[one] != code[other])


@pytest.mark.parametrize(
    "typed",
    [
        grouped(CODE),
        grouped(CODE).lower(),
        f"  {CODE} ",
        " ".join(CODE),
        grouped(CODE).replace("-", "—"),
        grouped(CODE).replace("-", "－"),
        grouped(CODE).replace("-", "−"),
        "".join(chr(ord(letter) + 0xFEE0) for letter in CODE),
        "".join(chr(ord(letter) + 0xFEE0) for letter in CODE.lower()).replace("", "\u3000"),
        f"\u200b{CODE}\ufeff",
        f"{CODE}\r\n",
    ],
)
def test_case_width_spaces_and_hyphens_make_no_difference(typed: str) -> None:
    assert normalised(typed) == CODE


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        ("SPRING2026", True),
        ("恭喜发财2026", True),
        ("SPRNG", False),
        ("SPRING_2026", False),
        ("SPRING\0", False),
        ("\ud800" * 8, False),
        ("X" * CHARS_MAX, True),
        ("X" * (CHARS_MAX + 1), False),
        ("A" * RANDOM_CHARS + "B", False),  # has the form of a generated code, and is none
    ],
)
def test_what_may_be_a_code(words: str, is_one: bool) -> None:
    assert (fault_of(words) is None) == is_one


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks_anything(typed: str) -> None:
    words = normalised(typed)
    fault_of(words)
    assert len(CodeHashes(bytes(32)).of(words, campaign="c")) == 32


def test_a_hash_needs_the_key_and_the_campaign() -> None:
    one = CodeHashes(bytes(32))
    assert one.of(CODE, campaign="a") == CodeHashes(bytes(32)).of(CODE, campaign="a")
    assert one.of(CODE, campaign="a") != one.of(CODE, campaign="b")
    assert one.of(CODE, campaign="a") != CodeHashes(bytes(31) + b"1").of(CODE, campaign="a")
    assert one.of("\ud800", campaign="a") != one.of("?", campaign="a")
