"""What must be true once everything is quiet: the journal against the ledger, the supplier's book, and the audit."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
from sqlalchemy import func, select

from api.house import House
from campaigns.invariants import look_at, look_at_prizes
from campaigns.models import Campaign, Play
from campaigns.plays import Asked
from prizes.models import Award
from tests.chaos.estate import ROOT, Estate
from tests.chaos.players import Crowd, Journal, Player, Request

QUIET_SECONDS_MAX = 30
DELIVERED_SECONDS_MAX = 120
"""A worker that dies over a delivery holds its lease for a minute; another one asks the supplier then."""
ASKED_AGAIN_MAX = 80
AUDIT_SECONDS_MAX = 120
ON_THE_WAY = ("won", "sending", "unknown", "retry")
TOPUP = "phone_topup"


async def ledger_quiet(house: House, campaigns: Sequence[str]) -> list[str]:
    """Wait until every watermark is at the last play; what did not get there in time."""
    return await _until_empty(QUIET_SECONDS_MAX, lambda: _behind(house, campaigns))


async def deliveries_quiet(house: House) -> list[str]:
    """Wait until no award is in the worker's hands; what still is in the end."""
    return await _until_empty(DELIVERED_SECONDS_MAX, lambda: _in_motion(house))


async def _until_empty(seconds_max: float, look: Callable[[], Awaitable[list[str]]]) -> list[str]:
    deadline = time.monotonic() + seconds_max
    while (left := await look()) and time.monotonic() < deadline:  # noqa: ASYNC110 (other processes move it)
        await asyncio.sleep(0.1)
    return [f"still after {seconds_max} s: {sentence}" for sentence in left]


async def _behind(house: House, campaigns: Sequence[str]) -> list[str]:
    """The campaigns whose watermark is below their last play, or that are not settled."""
    behind = []
    async with house.database.reading() as session:
        for campaign in campaigns:
            row = await session.get_one(Campaign, campaign)
            last = await session.scalar(select(func.max(Play.seq)).where(Play.campaign_id == campaign)) or 0
            if row.committed < last or row.settled_epoch != row.epoch:
                behind.append(f"{campaign}: {row.committed} of {last}, epoch {row.settled_epoch} of {row.epoch}")
    return behind


async def _in_motion(house: House) -> list[str]:
    """Awards that the worker still has to move, by state; a parcel that is ready waits for people."""
    async with house.database.reading() as session:
        rows = await session.execute(
            select(Award.state, func.count())
            .where(Award.state.in_(ON_THE_WAY) | ((Award.state == "ready") & (Award.type != "parcel")))
            .group_by(Award.state)
        )
        return [f"{count} awards are {state}" for state, count in rows]


async def journal_holds(house: House, journal: Journal, campaigns: Sequence[str]) -> list[str]:
    """I3, I5, I6 as members see them: what was shown is in the ledger unchanged, and each key was one play."""
    async with house.database.reading() as session:
        plays = list(await session.scalars(select(Play).where(Play.campaign_id.in_(campaigns))))
    held = {play.id: play for play in plays}
    wrong = list(journal.wrong)
    shown_keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for request, answers in journal.shown.items():
        if request.campaign not in campaigns:
            continue
        if len(set(answers)) != 1:
            wrong.append(f"{request} was shown {len(set(answers))} different answers")
        for answer in set(answers):
            wrong += _differences(request, json.loads(answer), held)
        shown_keys[request.campaign, request.member].add(_digest(request))
    for play in plays:
        if play.request_key not in shown_keys[play.campaign_id, play.member_id]:
            wrong.append(f"play {play.id} (seq {play.seq}) consumed a chance and was shown to nobody")
    return wrong


def _differences(request: Request, answer: dict[str, Any], held: dict[str, Play]) -> list[str]:
    play = held.get(answer["id"])
    if play is None:
        return [f"{request} was shown play {answer['id']}, which the ledger does not have"]
    shown = (answer["campaign_id"], answer["ordinal"], answer["version"], answer["drawn"], answer["awarded"])
    kept = (play.campaign_id, play.ordinal, play.version, play.drawn, play.awarded)
    if shown != kept or (play.member_id, play.request_key) != (request.member, _digest(request)):
        return [f"{request} was shown {shown}, the ledger has {kept}"]
    return []


def _digest(request: Request) -> str:
    return Asked(campaign=request.campaign, member=request.member, key=request.key, entry="{}").request_key


async def asked_again(
    crowd: Crowd, journal: Journal, players: Sequence[Player], urls: Sequence[str], campaigns: Sequence[str]
) -> None:
    """Ask for old plays once more, at every API; the journal compares the bytes."""
    by_member = {player.member: player for player in players}
    old = [request for request in journal.shown if request.campaign in campaigns]
    for request in old[:: max(1, len(old) // ASKED_AGAIN_MAX)]:
        await asyncio.gather(*(crowd.ask(by_member[request.member], request, url=url) for url in urls))


async def supplier_holds(estate: Estate, house: House) -> list[str]:
    """I14 as the supplier sees it: a delivered top-up was topped up once, and none was without an award."""
    async with httpx.AsyncClient(trust_env=False) as client:
        book = (await client.get(f"{estate.supplier_url}/book")).json()["orders"]
    async with house.database.reading() as session:
        awards = dict((await session.execute(select(Award.id, Award.state).where(Award.type == TOPUP))).tuples().all())
    wrong = [f"order {order} has no award" for order in book if order not in awards]
    wrong += [f"{order} was topped up {told['top_ups']} times" for order, told in book.items() if told["top_ups"] > 1]
    for award, state in awards.items():
        times = book.get(award, {"top_ups": 0})["top_ups"]
        if state == "delivered" and times != 1:
            wrong.append(f"award {award} is {state} and was topped up {times} times")
    return wrong


async def audit_holds(house: House, campaigns: Sequence[str], *, is_at_rest: bool) -> list[str]:
    """Every invariant over these campaigns, while they are played or at rest.

    I12 is left out: one sound campaign in a hundred fails it by its nature, and I11 recomputes every single draw.
    """
    async with house.database.reading() as session:
        found = await look_at_prizes(session, now=house.clock.now())
    for campaign in campaigns:
        found += await look_at(
            campaign,
            database=house.database,
            connection=house.connection,
            versions=house.campaigns.versions,
            now=house.clock.now(),
            is_at_rest=is_at_rest,
        )
    return [f"{each.id}, {each.title}: {each.broken[:3]}" for each in found if not each.holds and each.id != "I12"]


async def audit_command_holds(estate: Estate) -> list[str]:
    """`windfall audit --json` over everything, as an operator would run it; its exit code agrees with what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "audit", "--json"),
        cwd=ROOT,
        env=estate.environment("audit"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(AUDIT_SECONDS_MAX):
        out, err = await process.communicate()
    try:
        report = json.loads(out)
    except ValueError:
        return [f"the audit said nothing readable (status {process.returncode}): {err.decode()[-300:]}"]
    broken = [f"{name}: {found['broken'][:3]}" for name, found in report["invariants"].items() if not found["holds"]]
    if process.returncode != bool(broken):
        broken.append(f"the audit's exit code is {process.returncode}")
    return [sentence for sentence in broken if not sentence.startswith("I12:")]
