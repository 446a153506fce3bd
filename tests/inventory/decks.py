"""What a play may bring to the script, lines, cards and chances, and how the script is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.inventory.lane_model import Deck, Take

LINES = {
    "unit": ["ca unit"],
    "day": ["cd day"],
    "both": ["ca unit-both", "cd day-both"],
    "hour": ["ch hour", "ma wins"],
    "won": ["md wins-day", "ma wins"],
    "paid": ["ca money", "cd money-day"],
    "lost": ["mr dry"],
    "saved": ["ml dry"],
    "lucky": ["me dry", "ma wins"],
    "free": [],
}
OF_PLAYS: list[list[str]] = [
    [],
    [],
    ["mh plays-hour", "mw plays-week"],
    ["mw plays-week"],
    ["mm plays-month", "ca plays"],
]
OF_CAMPAIGN = {
    f"{name}": spec[1]
    for spec, name in (
        each.split() for takes in (*LINES.values(), *OF_PLAYS, ["ca cards", "cs moments"]) for each in takes
    )
    if spec[0] == "c"
}
"""Tallies of the campaign, and the period each counts in."""
URNS = st.integers(1, 3).map(lambda first: Deck(Take("c", "a", 99, "cards"), first, [0, 1, 0]))
MOMENTS = st.lists(st.sampled_from([True, True, True, False]), max_size=3).flatmap(
    lambda due: st.builds(
        Deck,
        take=st.sampled_from([2, 9, 9]).map(lambda last: Take("c", "s", last, "moments")),
        first=st.integers(1, 3),
        places=st.just([2] * len(due)),
        span=st.integers(0, 2),
        due=st.just(due),
        is_closed=st.sampled_from([False, False, False, True]),
    )
)
DECKS = URNS | MOMENTS
SOURCES = st.lists(
    st.tuples(
        st.sampled_from([True, True, True, False]),
        st.sampled_from([Take("m", "a", 2, "grant:1"), Take("m", "a", 1, "grant:2"), Take("m", "d", 2, "free")]),
    ),
    unique_by=lambda each: each[1].name,
    max_size=3,
)
"""What a play may be paid with, and whether the hour of each is to come."""


def told_sources(sources: tuple[int, Sequence[tuple[bool, Take]]] | None, now_ms: int) -> str:
    if sources is None:
        return ""
    known, takes = sources
    hours = {True: now_ms + 600_000, False: now_ms - 60_000}
    return f"{known}>{''.join(f'{hours[is_open]} {take}|' for is_open, take in takes)}"


def told_cards(deck: Deck | None, now_ms: int) -> str:
    if deck is None:
        return ""
    letters = "".join("#$%"[place] for place in deck.places)
    hours = ""
    if deck.due is not None:
        dues = ",".join(str(now_ms - 60_000 if is_due else now_ms + 600_000) for is_due in deck.due)
        hours = f"{now_ms - 60_000 if deck.is_closed else now_ms + 600_000}:{dues}"
    return f"{deck.take} {deck.span} {deck.first} {letters} {hours}"


def take_of(spec: str, last: int) -> Take:
    letters, name = spec.split()
    return Take(letters[0], letters[1], last * 2, name, 2 + last % 2) if "money" in name else Take(*letters, last, name)


def told_group(candidates: Sequence[tuple[str, Sequence[Take]]]) -> str:
    told = "".join(f"{name} {''.join(map(str, takes))}|" for name, takes in candidates)
    return f"{candidates[0][0]}>{told}"
