"""What the play's script costs the server, by the server's own account: over nothing, with every limit, with many lines."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from core.clock import SystemClock, to_ms
from inventory.claims import UNLIMITED, Claim, Rules, Take, _arguments, candidate, group, sent, unit_tally
from inventory.counters import Counters, Numbers
from inventory.keys import LaneKeys
from inventory.scripts import script

CALLS = 20_000
BATCH = 100
NOOP = "#!lua\nreturn {'played'}"
THANKS = candidate("thanks", [])
OF_PLAY = (
    Take("plays-hour", "member", "hour", UNLIMITED),
    Take("plays-week", "member", "week", UNLIMITED),
    Take("plays-month", "member", "month", UNLIMITED),
    Take("plays", "campaign", "all", UNLIMITED),
)
OF_LINE = (
    Take("hour:line-0", "campaign", "hour", UNLIMITED),
    Take("day:line-0", "campaign", "day", UNLIMITED),
    Take("wins:line-0", "member", "all", UNLIMITED),
    Take("group:all", "member", "all", UNLIMITED),
    Take("wins-day", "member", "day", UNLIMITED),
    Take("wins", "member", "all", UNLIMITED),
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A campaign of so many scarce lines, with every limit there is or none."""

    lines: int = 1
    has_limits: bool = False

    @property
    def of_play(self) -> Sequence[Take]:
        return OF_PLAY if self.has_limits else ()

    @property
    def of_line(self) -> Sequence[Take]:
        return OF_LINE if self.has_limits else ()

    @property
    def tallies(self) -> dict[str, Numbers]:
        units = [unit_tally(f"line-{number}") for number in range(self.lines)]
        shared = [take.name for take in (*self.of_play, *self.of_line) if take.of == "campaign"]
        return {name: Numbers() for name in (*units, *shared)}


async def script_ratios(url: str, *, rounds: int) -> dict[str, list[float]]:
    """Microseconds a call of play.lua over those of another, one figure a round."""
    redis = Redis.from_url(url, decode_responses=True)
    noop = await redis.script_load(NOOP)
    play = await redis.script_load(script("play").source)
    pairs = {
        "script_over_noop": ((play, Case()), (noop, Case())),
        "script_all_limits_over_none": ((play, Case(has_limits=True)), (play, Case())),
        "script_200_lines_over_2": ((play, Case(lines=200)), (play, Case(lines=2))),
    }
    found: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(rounds + 1):
        for name, (one, other) in pairs.items():
            found[name].append(await _cost(redis, *one) / await _cost(redis, *other))
    await redis.aclose(close_connection_pool=True)
    return {name: figures[1:] for name, figures in found.items()}


async def _cost(redis: Redis, sha: str, case: Case) -> float:
    keys = LaneKeys(secrets.token_hex(8))
    fields = Counters(version=1, seq=0, day=0, tallies=case.tallies).fields()
    await redis.hset(keys.counters, mapping={"epoch": "1", "state": "open", **fields})
    rules = _rules(case)
    await redis.config_resetstat()
    for first in range(0, CALLS, BATCH):
        pipe = redis.pipeline(transaction=False)
        for number in range(first, first + BATCH):
            asked = _claim(number, case)
            pipe.evalsha(sha, 3, keys.counters, keys.member(asked.member), keys.plays, *rules, *_arguments(asked))
        replies = await pipe.execute()
        if any(reply[0] != "played" for reply in replies):
            raise AssertionError(f"not played: {replies[0]}")
    stats = await redis.info("commandstats")
    await redis.delete(keys.plays)
    return float(stats["cmdstat_evalsha"]["usec_per_call"])


def _rules(case: Case) -> tuple[str, ...]:
    now = to_ms(SystemClock().now())
    return Rules(
        epoch=1,
        version=1,
        opens_ms=now - 60_000,
        closes_ms=now + 600_000,
        zone="0:28800000",
        plays_max=UNLIMITED,
        day_plays_max=UNLIMITED,
        cooldown_ms=1000 if case.has_limits else 0,
        backlog_max=UNLIMITED,
        takes=sent(case.of_play),
    ).arguments()


def _claim(number: int, case: Case) -> Claim:
    """One play a member, nine in ten of them on the unlimited line."""
    line = f"line-{number % case.lines}"
    wins = number % 10 == 0
    unit = Take(unit_tally(line), "campaign", "all", UNLIMITED)
    return Claim(
        play=f"00000000-0000-7000-8000-{number:012x}",
        member=f"00000000-0000-7000-9000-{number:012x}",
        request_key=f"key-{number:018d}",
        fingerprint="RBNvo1WzZ4oRRq0W9-hknp",
        ordinal=1,
        word=number,
        groups=[group(line, [candidate(line, (unit, *case.of_line)), THANKS]) if wins else group("thanks", [THANKS])],
        cards=None,
        key_is_new=False,
        entry="{}",
    )
