"""The draw of a raffle: every ticket equally likely, anyone can recompute it, and what a config may say of one."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.config import Config
from campaigns.favour import refused_changes
from campaigns.goodness import chi_square_p
from campaigns.lifecycle import check
from campaigns.raffle import Drum, Raffle, Seal, Ticket, tag_of
from core.errors import InvalidField
from tests.support.campaigns import Shape

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
CAMPAIGN = "0190a000-0000-7000-8000-000000000001"
SEEDS = 12_000
SURE = 0.001
RAFFLE: dict[str, Any] = {
    "prizes": [
        {"key": "grand", "product": "PHONE-256", "units": 1},
        {"key": "small", "product": "POINTS-5", "units": 2},
    ],
    "runners_up": 2,
}


def tickets(owners: str) -> list[Ticket]:
    """One ticket for each letter, which is its member."""
    return [Ticket(number, f"play-{number}", owner) for number, owner in enumerate(owners, start=1)]


def placed(owners: str, *, seed: bytes, wins_max: int = 1, count: int = 99, beacon: str = "") -> tuple[int, ...]:
    """The numbers of the tickets that came to a place, in order."""
    drum = Drum(seed=seed, campaign=CAMPAIGN, digest="d" * 64, beacon=beacon, member_wins_max=wins_max)
    for ticket in tickets(owners):
        drum.add(ticket)
    return tuple(each.ticket.number for each in drum.places(count))


def seeds(count: int = SEEDS) -> Iterator[bytes]:
    return (hashlib.sha256(f"seed {number}".encode()).digest() for number in range(count))


def by_hand(order: Sequence[Ticket], *, wins_max: int, count: int) -> tuple[int, ...]:
    """Places of tickets in a given order, as the rules say them."""
    wins: Counter[str] = Counter()
    found = []
    for ticket in order:
        if wins[ticket.tag] < wins_max:
            wins[ticket.tag] += 1
            found.append(ticket.number)
    return tuple(found[:count])


@pytest.mark.parametrize(
    ("owners", "wins_max", "count"), [("abcd", 1, 4), ("aab", 1, 2), ("aabbc", 1, 2), ("aaab", 2, 3)]
)
def test_every_order_of_tickets_is_equally_likely(owners: str, wins_max: int, count: int) -> None:
    every = permutations(tickets(owners))
    expected = Counter(by_hand(order, wins_max=wins_max, count=count) for order in every)
    drawn = Counter(placed(owners, seed=seed, wins_max=wins_max, count=count) for seed in seeds())
    assert drawn.keys() == expected.keys()
    outcomes = sorted(expected)
    assert chi_square_p([drawn[each] for each in outcomes], [expected[each] for each in outcomes]) > SURE


def test_a_drum_that_prefers_early_tickets_would_be_noticed() -> None:
    first: Counter[int] = Counter()
    for number, seed in enumerate(seeds()):
        first[1 if number % 25 == 0 else placed("abcdef", seed=seed, count=1)[0]] += 1
    assert chi_square_p([first[ticket] for ticket in range(1, 7)], [1] * 6) < SURE


def test_each_ticket_wins_as_often_whatever_the_beacon() -> None:
    seed = next(seeds())
    first = Counter(placed("abcdef", seed=seed, count=1, beacon=f"close {number}")[0] for number in range(SEEDS))
    assert chi_square_p([first[ticket] for ticket in range(1, 7)], [1] * 6) > SURE


@given(st.text("abcde", min_size=1, max_size=30), st.integers(1, 4), st.binary(min_size=32, max_size=32), st.randoms())
def test_the_draw_is_what_the_page_says(owners: str, wins_max: int, seed: bytes, dice: Any) -> None:
    def rank(ticket: Ticket) -> tuple[bytes, int]:
        told = f"windfall-1|raffle|{CAMPAIGN}|{'d' * 64}|b|{ticket.number}"
        return hmac.new(seed, told.encode(), hashlib.sha256).digest(), ticket.number

    mixed = tickets(owners)
    dice.shuffle(mixed)
    drum = Drum(seed=seed, campaign=CAMPAIGN, digest="d" * 64, beacon="b", member_wins_max=wins_max)
    for ticket in mixed:
        drum.add(ticket)
    told = tuple(each.ticket.number for each in drum.places(7))
    assert told == by_hand(sorted(tickets(owners), key=rank), wins_max=wins_max, count=7)
    assert all(each.of_member <= wins_max for each in drum.places(99))


def test_the_seal_is_over_the_lines_in_order() -> None:
    seal, empty = Seal(), Seal()
    for ticket in tickets("ab"):
        seal.add(ticket)
    assert seal.digest() == hashlib.sha256(b"1 play-1 a\n2 play-2 b\n").hexdigest()
    assert (seal.tickets, empty.tickets, empty.digest()) == (2, 0, hashlib.sha256(b"").hexdigest())


def test_a_tag_says_nothing_and_is_another_in_another_campaign() -> None:
    member = "0190a000-0000-7000-8000-00000000beef"
    tag = tag_of(CAMPAIGN, member)
    assert len(tag) == 16
    assert tag not in member
    assert tag != tag_of(CAMPAIGN.replace("1", "2"), member)


def test_places_take_the_prizes_in_order() -> None:
    raffle = Raffle.model_validate(RAFFLE)
    told = [(prize[0].key, prize[1]) if (prize := raffle.prize_of(rank)) else None for rank in range(1, 6)]
    assert told == [("grand", 1), ("small", 1), ("small", 2), None, None]
    assert (raffle.units, raffle.places) == (3, 5)


def config(**raffle: Any) -> Config:
    return check("wheel", Shape(more={"raffle": {**RAFFLE, **raffle}}).config(NOW))


@pytest.mark.parametrize(
    "raffle",
    [
        {"prizes": []},
        {"prizes": [{"key": "grand", "product": "PHONE-256", "units": 0}]},
        {"prizes": [{"key": "grand", "product": "PHONE-256", "units": 10_001}]},
        {"prizes": [{"key": "grand", "product": "PHONE-256", "units": 1}] * 2},
        {"prizes": [{"key": "thanks", "product": "PHONE-256", "units": 1}]},
        {"prizes": [{"key": f"p-{number}", "product": "POINTS-5", "units": 1} for number in range(21)]},
        {"runners_up": -1},
        {"runners_up": 10_001},
        {"member_wins_max": 0},
        {"claim_days": 0},
        {"beacon": {"zh": "", "en": ""}},
        {"beacon": "the closing price"},
        {"winner": "ann"},
    ],
)
def test_what_no_raffle_may_say_is_refused(raffle: dict[str, Any]) -> None:
    with pytest.raises(InvalidField):
        config(**raffle)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, []),
        ({"runners_up": 9, "prizes": [RAFFLE["prizes"][0] | {"units": 5}, RAFFLE["prizes"][1]]}, []),
        ({"runners_up": 1}, ["raffle.runners_up"]),
        ({"prizes": RAFFLE["prizes"][::-1]}, ["raffle.prizes"]),
        ({"prizes": [RAFFLE["prizes"][0], RAFFLE["prizes"][1] | {"units": 1}]}, ["raffle.prizes.small.units"]),
        ({"member_wins_max": 2}, ["raffle.member_wins_max"]),
        ({"beacon": {"zh": "收盘指数", "en": "the closing index"}}, ["raffle.beacon"]),
        ({"claim_days": 3}, ["raffle.claim_days"]),
    ],
)
def test_a_running_raffle_changes_in_its_members_favour_alone(change: dict[str, Any], refused: list[str]) -> None:
    assert [each["field"] for each in refused_changes(config(), config(**change))] == refused


def test_no_raffle_is_added_and_none_is_taken_away() -> None:
    bare = check("wheel", Shape().config(NOW))
    assert [each["field"] for each in refused_changes(bare, config())] == ["raffle"]
    assert [each["field"] for each in refused_changes(config(), bare)] == ["raffle"]
