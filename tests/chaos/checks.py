"""What must be true once everything is quiet: the journal against the ledger, the supplier's book, and the audit."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import httpx
from sqlalchemy import func, select

from api.house import House
from campaigns.models import Campaign, Play
from campaigns.plays import Asked
from prizes.models import Award
from tests.chaos.estate import ROOT, Estate
from tests.chaos.players import Crowd, Journal, Player, Request

QUIET_SECONDS_MAX = 60
ASKED_AGAIN_MAX = 200
AUDIT_SECONDS_MAX = 120
ON_THE_WAY = ("won", "sending", "unknown", "retry")
TOPUP = "phone_topup"


async def quiet(house: House, campaigns: Sequence[str]) -> list[str]:
    """Wait until the ledger is told everything and no award is in motion; what did not get there in time."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while True:
        behind = await _behind(house, campaigns)
        moving = await _in_motion(house, campaigns)
        if not behind and not moving:
            return []
        if time.monotonic() > deadline:
            return [f"not quiet after {QUIET_SECONDS_MAX} s: {behind or moving}"]
        await asyncio.sleep(0.1)


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


async def _in_motion(house: House, campaigns: Sequence[str]) -> dict[str, int]:
    """Awards that the worker still has to move, by state; a parcel that is ready waits for people."""
    async with house.database.reading() as session:
        rows = await session.execute(
            select(Award.state, func.count())
            .where(Award.campaign_id.in_(campaigns))
            .where(Award.state.in_(ON_THE_WAY) | ((Award.state == "ready") & (Award.type != "parcel")))
            .group_by(Award.state)
        )
        return {str(state): count for state, count in rows}


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
        for url in urls:
            await crowd.ask(by_member[request.member], request, url=url)


async def supplier_holds(estate: Estate, house: House) -> list[str]:
    """I14 as the supplier sees it: every delivered top-up was topped up once, and none without an award."""
    async with httpx.AsyncClient(trust_env=False) as client:
        book = (await client.get(f"{estate.supplier_url}/book")).json()["orders"]
    async with house.database.reading() as session:
        awards = dict((await session.execute(select(Award.id, Award.state).where(Award.type == TOPUP))).tuples().all())
    wrong = [f"order {order} has no award" for order in book if order not in awards]
    wrong += [f"{order} was topped up {told['top_ups']} times" for order, told in book.items() if told["top_ups"] > 1]
    for award, state in awards.items():
        times = book.get(award, {"top_ups": 0})["top_ups"]
        if times != (state == "delivered"):
            wrong.append(f"award {award} is {state} and was topped up {times} times")
    return wrong


async def audit_holds(estate: Estate) -> list[str]:
    """`windfall audit --json`, as an operator would run it."""
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
    if (process.returncode == 0) != (not broken):
        broken.append(f"the audit's exit code is {process.returncode}")
    return broken
