"""Runs one seed from a fresh ledger to rest, and says what was violated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import campaigns.plays as plays_module
from campaigns.invariants import audit
from campaigns.plays import Asked
from core.errors import Refusal
from inventory import counters as lane
from tests.sim.ground import Ground
from tests.sim.world import DEFINITE, World
from tests.support.campaigns import WallClock

EVENTS_MIN, EVENTS_MAX = 60, 120
ROUNDS_MAX = 8
TRIES_MAX = 6


@dataclass(frozen=True)
class Outcome:
    seed: int
    violations: Sequence[str]
    trace: Sequence[str]
    plays_shown: int

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}", *self.trace, "", f"violated by seed {self.seed}:", *self.violations])


async def run_seed(
    seed: int, ground: Ground, *, shape: int | None = None, reveals_early: bool = False, favours: Sequence[str] = ()
) -> Outcome:
    """`shape` names the campaign by its place; each seed has one of its own."""
    plays_module.PAUSE_SECONDS = 0
    async with ground.ledger() as (database, campaigns):
        place = seed % len(campaigns) if shape is None else shape
        world = World(
            seed=seed,
            campaign=campaigns[place],
            shared=database,
            masters=ground.masters,
            connections=ground.connections,
            campaign_number=place,
            reveals_early=reveals_early,
            favours=favours,
        )
        try:
            await world.open_accounts()
            await _live(world)
            await _come_to_rest(world)
            await _everybody_asks_again(world)
            await world.settle_earning()
            await world.play_out()
            await _come_to_rest(world)
            await world.finish_raffle()
            await _check(world)
        except Exception as error:  # a fault of ours, or of the code under test: the seed says which
            world.journal.blame(f"{type(error).__name__}: {error}")
            world.trace.append(_where(error))
        return Outcome(seed, world.journal.violations, world.trace, len(world.journal.shown))


async def _live(world: World) -> None:
    await world.tend()
    for _ in range(world.rng.randint(EVENTS_MIN, EVENTS_MAX)):
        await world.step()


async def _come_to_rest(world: World) -> None:
    """No more faults: one master, flights land, the worker tends until nothing is left to do."""
    world.is_calm = True
    await world.heal()
    while world.flights:
        await world.settle()
        await world.show()
    for _ in range(ROUNDS_MAX):
        await world.tend()
        if await _is_at_rest(world):
            return
    world.journal.blame(f"L1: not at rest after {ROUNDS_MAX} rounds of the worker")


async def _is_at_rest(world: World) -> bool:
    worker = world.worker
    running = await worker.room.versions.look_again(world.campaign)
    found = await lane.look(worker.connection, running.keys)
    highest = (await worker.room.versions.glance(world.campaign)).highest
    return running.is_settled and found.get("epoch") == str(running.epoch) and int(found.get("seq", 0)) >= highest


async def _everybody_asks_again(world: World) -> None:
    """Every request that was ever made gets an answer now, or a reason; those answered get the same bytes."""
    if world.rng.random() < 0.7:
        await world.resume()
    for asked in world.requests:
        await _ask_until_told(world, asked)


async def _ask_until_told(world: World, asked: Asked) -> None:
    refusal: Refusal | None = None
    process = world.rng.choice(world.apis)
    for _ in range(TRIES_MAX):
        try:
            answer = await process.play(asked)
        except DEFINITE as definite:
            world._refused(asked, definite)
            return
        except Refusal as error:
            refusal = error
            continue
        world.journal.note(asked, answer)
        return
    world.journal.blame(f"L2: key {asked.key} is told {refusal} again and again, and nothing is broken any more")


async def _check(world: World) -> None:
    worker = world.worker
    found = await audit(
        database=world.shared,
        connection=worker.connection,
        versions=worker.room.versions,
        now=world.sky.hand or WallClock().now(),  # nothing is delivered here, whatever the hour after the end
        campaign=world.campaign,
        is_at_rest=True,
        skew_ms=0,
    )
    for finding in found:
        if finding.id != "I12":  # chance may be unlikely; over thousands of seeds it will be
            for broken in finding.broken:
                world.journal.blame(f"{finding.id}: {broken}")
    await world.journal.compare(world.shared, worker.room.versions)
    await world.check_reviews()
    await world.examine_earning()
    await world.examine_cards(worker.room.versions)
    await world.examine_raffle((await worker.room.versions.running(world.campaign)).version)


def _where(error: Exception) -> str:
    import traceback  # noqa: PLC0415 (only for a report)

    return "".join(traceback.format_exception(error))
