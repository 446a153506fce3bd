"""The scripts against a small pure model, reply by reply, on Valkey and on Redis."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from inventory.embedded import EmbeddedServer, find_server, socket_for
from inventory.scripts import all_scripts
from tests.inventory.decks import LINES, OF_PLAYS
from tests.inventory.lane_machine import HOUR_MS, MEMBERS, LaneMachine
from tests.inventory.lane_model import Deck, Take

SAID_BY_PLAY = {
    *(
        "played",
        "again",
        "other_request",
        "not_loaded",
        "other_epoch",
        "recovering",
        "loaded",
        "paused",
        "other_version",
    ),
    *(
        "not_open_yet",
        "over",
        "load_member",
        "unknown_key",
        "no_chance_left",
        "no_chance_today",
        "limit",
        "cooling",
        "card",
    ),
    *("grants", "spent", "ordinal", "backlog", "all_gone", "stream_ahead"),
}
_LIMITED = [line for line, takes in LINES.items() if takes and line not in ("lost", "saved", "lucky")]
_TAKEN = {take.split()[1] for takes in (*LINES.values(), *OF_PLAYS) for take in takes}
WAYS = {
    *(("took of", name) for name in (*_TAKEN, "cards", "moments", "grant:1", "grant:2", "free")),
    *(("held back by", take.split()[1]) for takes in OF_PLAYS for take in takes),
    *(("fell from", line) for line in _LIMITED),
    *(("several", word) for word in ("played", "limit", "spent", "no_chance_left", "no_chance_today")),
    *(("follows", word) for word in ("played", "ordinal")),
}
"""Every limit, kind of card and source of a chance that a play can come upon, each with what it does."""

USUAL: dict[str, Any] = {"line": "free", "takes": [], "units": 1, "plays": 4, "limits": (99, 99, 99)}
USUAL |= {"cards": None, "sources": None, "falls": True, "slip": {}}
_CHANCES = [Take("m", "a", 2, "grant:1"), Take("m", "a", 1, "grant:2"), Take("m", "d", 2, "free")]
TOUR: list[dict[str, Any]] = [
    *({"line": line} for line in LINES),
    {"line": "paid", "units": 4},
    *({"takes": takes} for takes in OF_PLAYS),
    *({"sources": [(True, take)]} for take in _CHANCES),
    {"cards": Deck(Take("c", "a", 99, "cards"), 1, [0, 1, 0])},
    {"cards": Deck(Take("c", "s", 9, "moments"), 1, [2, 2, 2], due=[True, True, False])},
    *({"plays": 1, "slip": {"of": 2}, **more} for more in ({}, {"limits": (2, 99, 99)}, {"limits": (99, 2, 99)})),
    *({"plays": 1, "slip": {"of": 2}, "takes": takes} for takes in OF_PLAYS[2:]),
    {"plays": 1, "slip": {"of": 2}, "sources": [(True, _CHANCES[0])]},
    *({"plays": 1, "slip": {"follows": follows}} for follows in ("its latest", "another")),
]
"""Plays that come upon each of them, for one member and then the other."""


@pytest.fixture(scope="module", params=["valkey", "redis"])
def client(request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    binary = find_server() if request.param == "valkey" else Path(shutil.which("redis-server") or "")
    if not binary.is_file():
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="windfall-test-") as folder:
        server = EmbeddedServer(binary, Path(folder), socket_for(Path(folder)))
        server.start()
        client = redis.Redis(unix_socket_path=str(server.socket), decode_responses=True)
        for known in all_scripts():
            client.script_load(known.source)
        yield client
        client.close()
        server.stop()


@pytest.fixture
def machine(client: redis.Redis) -> Iterator[LaneMachine]:
    """A machine that has just begun; what machines of the same test say is counted together."""
    LaneMachine.client, LaneMachine.words, LaneMachine.ways = client, Counter(), Counter()
    LaneMachine.plain = redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"])
    machine = LaneMachine()
    machine.begin()
    yield machine
    LaneMachine.plain.close()


@pytest.mark.usefixtures("machine")
def test_the_scripts_do_what_the_model_says() -> None:
    checks = settings(
        max_examples=100,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(LaneMachine, settings=checks)  # type: ignore[no-untyped-call]


def test_every_word_limit_card_and_source_is_come_upon(machine: LaneMachine) -> None:
    for turn in TOUR:
        machine.go_on()
        for member in MEMBERS:
            machine.play_well(member=member, **USUAL | turn)
            machine.everything_is_as_modelled()
    untried = WAYS - machine.ways.keys()
    assert not untried, f"no turn of the tour came upon {untried}"
    for member in MEMBERS:
        come_upon_rarities(machine, member)
        machine.everything_is_as_modelled()
    unsaid = SAID_BY_PLAY - {word for name, word in machine.words if name == "play"}
    assert not unsaid, f"no turn of the tour made the script say {unsaid}"


def come_upon_rarities(machine: LaneMachine, member: str) -> None:
    """What a play is told while the lane is not open, or when it is asked for amiss."""
    ask: dict[str, Any] = {
        "member": member,
        "fingerprint": "same",
        "line": "free",
        "takes": [],
        "most": (4, 3, 99, 99, 99),
    }
    ask |= {"window": "open", "slip": (0, 0, 0), "cooldown_ms": 0, "cards": None, "sources": None, "unheard": 0}
    ask |= {"of": 1, "follows": "", "falls": True, "key_is_new": True}
    machine.go_on()
    machine.load_member(member, 0, of_today=True)
    machine.play(**ask, number=1)
    rarities: list[dict[str, Any]] = [
        {"number": 1},
        {"number": 1, "fingerprint": "other"},
        {"number": 2, "slip": (1, 0, 0)},
        {"number": 2, "slip": (0, 1, 0)},
        {"number": 2, "slip": (0, 0, 1)},
        {"number": 2, "window": "over"},
        {"number": 2, "window": "not_open_yet"},
        {"number": 2, "cooldown_ms": HOUR_MS},
        {"number": 2, "most": (4, 3, 99, 99, 1)},
        {"number": 2, "cards": Deck(Take("c", "a", 99, "cards"), 7, [0])},
        {"number": 2, "sources": [(True, _CHANCES[0])], "unheard": 1},
        {"number": 2, "sources": [(False, _CHANCES[0])]},
        {"number": 2, "line": "unit", "falls": False, "most": (0, 3, 99, 99, 99)},
        {"number": 2, "most": (4, 3, 1, 99, 99)},
        {"number": 2, "most": (4, 3, 99, 1, 99)},
    ]
    for rarity in rarities:
        machine.play(**ask | rarity)
    machine.pause()
    machine.play(**ask, number=2)
    machine.fence(1)
    machine.play(**ask, number=2)
    machine.load(0, 1, [], [])
    machine.play(**ask, number=2)
    machine.set_state(0, 1, "open")
    machine.play(**ask, number=2)
    machine.lose("counters")
    machine.play(**ask, number=2)
    machine.go_on()
    machine.go_back_and_play(member)
