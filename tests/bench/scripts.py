"""What the play's script costs the server, over a script that does nothing: by the server's own account."""

from __future__ import annotations

import secrets

from redis.asyncio import Redis

from core.clock import SystemClock, to_ms
from inventory.claims import UNLIMITED, Claim, Rules, Take, _arguments, candidate, unit_tally
from inventory.counters import Counters, Numbers
from inventory.keys import LaneKeys
from inventory.scripts import script

CALLS = 20_000
BATCH = 100
TOPUP = candidate("topup", [Take(unit_tally("topup"), "campaign", "all", UNLIMITED)])
THANKS = candidate("thanks", [])
NOOP = "#!lua\nreturn {'played'}"


async def script_over_noop(url: str, *, rounds: int) -> list[float]:
    """Microseconds a call of play.lua over those of a no-op with the same keys and arguments, one figure a round."""
    redis = Redis.from_url(url, decode_responses=True)
    noop = await redis.script_load(NOOP)
    play = await redis.script_load(script("play").source)
    ratios = [await _cost(redis, play) / await _cost(redis, noop) for _ in range(rounds + 1)]
    await redis.aclose(close_connection_pool=True)
    return ratios[1:]


async def _cost(redis: Redis, sha: str) -> float:
    keys = LaneKeys(secrets.token_hex(8))
    await redis.hset(
        keys.counters,
        mapping={
            "epoch": "1",
            "state": "open",
            **Counters(version=1, seq=0, day=0, tallies={"unit:topup": Numbers()}).fields(),
        },
    )
    now = to_ms(SystemClock().now())
    rules = Rules(
        epoch=1,
        version=1,
        opens_ms=now - 60_000,
        closes_ms=now + 600_000,
        zone="0:28800000",
        plays_max=UNLIMITED,
        day_plays_max=UNLIMITED,
        cooldown_ms=0,
        backlog_max=UNLIMITED,
        takes="",
    ).arguments()
    await redis.config_resetstat()
    for first in range(0, CALLS, BATCH):
        pipe = redis.pipeline(transaction=False)
        for number in range(first, first + BATCH):
            asked = _claim(number)
            pipe.evalsha(sha, 3, keys.counters, keys.member(asked.member), keys.plays, *rules, *_arguments(asked))
        replies = await pipe.execute()
        if any(reply[0] != "played" for reply in replies):
            raise AssertionError(f"not played: {replies[0]}")
    stats = await redis.info("commandstats")
    await redis.delete(keys.plays)
    return float(stats["cmdstat_evalsha"]["usec_per_call"])


def _claim(number: int) -> Claim:
    """One play a member, nine in ten of them on the unlimited line."""
    wins = number % 10 == 0
    return Claim(
        play=f"00000000-0000-7000-8000-{number:012x}",
        member=f"00000000-0000-7000-9000-{number:012x}",
        request_key=f"key-{number:018d}",
        fingerprint="RBNvo1WzZ4oRRq0W9-hknp",
        ordinal=1,
        word=number,
        drawn="topup" if wins else "thanks",
        candidates=TOPUP + THANKS if wins else THANKS,
        key_is_new=False,
        entry="{}",
    )
