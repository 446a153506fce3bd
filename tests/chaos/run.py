"""One run: rounds of kills under load, each followed by quiet and by every check there is."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from sqlalchemy import func, select

from api.auth.malls import create_mall
from api.house import House, open_house
from campaigns.models import Campaign, Play, VoidPlay
from prizes.catalogue import find, import_products
from prizes.codes import upload
from tests.chaos.checks import (
    asked_again,
    audit_command_holds,
    audit_holds,
    deliveries_quiet,
    journal_holds,
    ledger_quiet,
    supplier_holds,
)
from tests.chaos.estate import Estate
from tests.chaos.faults import Faults
from tests.chaos.players import Crowd, Journal, Player, Request
from tests.support.campaigns import Shape, publish

KILLS_PER_ROUND = 4
PLAYERS = 16
RECOVERY_SECONDS_MAX = 40
MALL = "chaos"
CATALOGUE = """sku,name_zh,name_en,form,type,merchant,market_value_fen,cost_fen,points,detail
PHONE-256,智能手机,Smartphone,physical,parcel,devices-demo,599900,560000,0,450g
TOPUP-10,10元话费,¥10 phone credit,virtual,phone_topup,telco-demo,1000,985,0,10
POINTS-5,5积分,5 points,virtual,points,mall,50,50,5,
COUPON-5,优惠券,Coupon,virtual,coupon_code,mall-demo,500,200,0,
"""
LINES = (
    ("phone", "2%", 5, None, "PHONE-256"),
    ("topup", "8%", None, 40, "TOPUP-10"),
    ("points", "20%", 150, 120, "POINTS-5"),
    ("coupon", "10%", 60, None, "COUPON-5"),
    ("thanks", "rest", None, None, None),
)


class Run:
    """Prints a line per kill and the verdict of every round."""

    def __init__(self, *, work: Path, seed: int, console: Console, only: Sequence[str] = ()) -> None:
        chance = random.Random(seed)
        self._chance = chance
        self._seed = seed
        self._console = console
        self._work = work
        self._estate = Estate(work)
        self._faults = Faults(self._estate, chance, only)
        self._journal = Journal(work / "journal.jsonl")
        self._crowd = Crowd(urls=self._estate.api_urls, journal=self._journal, seed=seed)
        self._recoveries: list[float] = []
        self._wrong: list[str] = []

    async def through(self, kills: int) -> bool:
        """All kills, or those until the first broken promise; whether all promises held."""
        self._console.print(f"{kills} kills on {self._estate.engines}, seed {self._seed}")
        self._console.print(f"{'kill':>4}  {'victim':36}{'answers':>8}{'down':>9}{'recovery':>11}   audit")
        started = time.monotonic()
        done = 0
        try:
            await self._estate.start()
            async with self._house() as house:
                while done < kills and not self._wrong:
                    done = await self._round(house, done, min(kills, done + KILLS_PER_ROUND))
                self._wrong += await deliveries_quiet(house)
                self._wrong += await supplier_holds(self._estate, house)
                self._wrong += await audit_command_holds(self._estate)
                await self._sum_up(house, done, time.monotonic() - started)
        finally:
            await self._crowd.close()
            self._wrong += await self._estate.stop()
        for sentence in self._wrong[:20]:
            self._console.print(f"  {sentence}", style="red", markup=False)
        return not self._wrong

    @asynccontextmanager
    async def _house(self) -> AsyncIterator[House]:
        async with open_house(self._estate.settings) as house:
            now = house.clock.now()
            async with house.database.transaction() as session:
                mall, self._secret = await create_mall(
                    session,
                    key=MALL,
                    name={"zh": "混沌商城", "en": "Chaos mall"},
                    allowed_origins=[],
                    ids=house.ids,
                    entropy=house.entropy,
                    sealer=house.sealer,
                    now=now,
                )
                self._mall = mall.id
            async with house.database.transaction() as session:
                await import_products(session, mall_id=self._mall, raw=CATALOGUE.encode(), ids=house.ids, now=now)
                coupon = await find(session, mall_id=self._mall, sku="COUPON-5")
                raw = "\n".join(f"CHAOS-{number:06}" for number in range(5000)).encode()
                await upload(session, product=coupon, raw=raw, vault=house.fulfilment.vault, now=now)
            self._players = await self._enter()
            yield house

    async def _enter(self) -> Sequence[Player]:
        names = [f"member-{number}" for number in range(PLAYERS + 1)]
        return [await self._crowd.enter(mall=MALL, secret=self._secret, name=name) for name in names]

    async def _campaign(self, house: House, **shape: object) -> str:
        config = Shape(lines=LINES, starts_in=timedelta(seconds=-1), **shape)  # type: ignore[arg-type]
        return await publish(house.database, house.campaigns, config, mall=self._mall)

    async def _round(self, house: House, first: int, last: int) -> int:
        """Two new campaigns, one with tight limits, played until some kills later; then quiet and the checks."""
        tight = await self._campaign(house, member_day_plays_max=25, member_plays_max=30)
        loose = await self._campaign(house)
        campaigns = [tight, loose]
        canary, players = self._players[0], self._players[1:]
        self._crowd.begin(players, campaigns)
        for number in range(first + 1, last + 1):
            await asyncio.sleep(self._chance.uniform(0.05, 1.5))
            await self._kill(house, number, canary, campaigns)
        await self._crowd.pause()
        self._wrong += await ledger_quiet(house, campaigns)
        await asked_again(self._crowd, self._journal, self._players, self._estate.api_urls, campaigns)
        for wrong in (
            await journal_holds(house, self._journal, campaigns),
            await supplier_holds(self._estate, house),
            await audit_holds(house, campaigns, is_at_rest=True),
        ):
            self._wrong += wrong
        verdict = f"BROKEN ({len(self._wrong)})" if self._wrong else "every invariant holds"
        self._console.print(f"      {await self._figures(house, campaigns)}: {verdict}")
        return last

    async def _kill(self, house: House, number: int, canary: Player, campaigns: Sequence[str]) -> None:
        """One fault, and how long it took from the restart until everything was as before; audited while they play on."""
        name = self._faults.next()
        answers, began = self._journal.answers, time.monotonic()
        wrong = await self._faults.do(name)
        restarted = time.monotonic()
        wrong += await self._recovered(house, canary, campaigns)
        recovered = time.monotonic()
        self._recoveries.append(recovered - restarted)
        wrong += await audit_holds(house, campaigns, is_at_rest=False)
        self._wrong += [f"kill {number} ({name}): {sentence}" for sentence in wrong]
        self._console.print(
            f"{number:>4}  {name:36}{self._journal.answers - answers:>8}"
            f"{restarted - began:>7.1f} s{recovered - restarted:>9.1f} s   {'BROKEN' if wrong else 'holds'}"
        )

    async def _recovered(self, house: House, canary: Player, campaigns: Sequence[str]) -> list[str]:
        """Every API shows a new play, and a worker has moved every watermark past what was played until then."""
        try:
            async with asyncio.timeout(RECOVERY_SECONDS_MAX):
                for url in self._estate.api_urls:
                    request = Request(campaigns[-1], canary.member, f"canary-{time.monotonic_ns()}")
                    await self._crowd.ask(canary, request, url=url)
                for campaign in campaigns:
                    seq = await self._last_seq(house, campaign)
                    while await self._watermark(house, campaign) < seq:  # noqa: ASYNC110 (another process moves it)
                        await asyncio.sleep(0.05)
        except TimeoutError:
            return [f"not recovered after {RECOVERY_SECONDS_MAX} s"]
        return []

    async def _last_seq(self, house: House, campaign: str) -> int:
        async with house.database.reading() as session:
            return await session.scalar(select(func.max(Play.seq)).where(Play.campaign_id == campaign)) or 0

    async def _watermark(self, house: House, campaign: str) -> int:
        async with house.database.reading() as session:
            return await session.scalar(select(Campaign.committed).where(Campaign.id == campaign)) or 0

    async def _figures(self, house: House, campaigns: Sequence[str]) -> str:
        async with house.database.reading() as session:
            plays = await session.scalar(select(func.count(Play.id)).where(Play.campaign_id.in_(campaigns)))
            void = await session.scalar(select(func.count(VoidPlay.seq)).where(VoidPlay.campaign_id.in_(campaigns)))
            epoch = await session.scalar(select(func.max(Campaign.epoch)).where(Campaign.id.in_(campaigns)))
        return f"{plays} plays, {void} void, epoch {epoch}"

    async def _sum_up(self, house: House, kills: int, seconds: float) -> None:
        async with house.database.reading() as session:
            plays = await session.scalar(select(func.count(Play.id)))
        worst = max(self._recoveries, default=0.0)
        middle = sorted(self._recoveries)[len(self._recoveries) // 2] if self._recoveries else 0.0
        statuses = ", ".join(f"{count} x {status}" for status, count in self._journal.statuses.most_common())
        self._console.print(f"{kills} kills, {plays} plays, {self._journal.answers} answers shown, {seconds:.0f} s")
        self._console.print(f"recovery: median {middle:.1f} s, worst {worst:.1f} s; answers: {statuses}")
        self._console.print(f"violations: {len(self._wrong)}", style="red" if self._wrong else "green")
