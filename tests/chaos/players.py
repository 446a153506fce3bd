"""Members who play as their browsers do, and remember every answer they were ever shown."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt

from tests.chaos.estate import BASE_URL

ANSWER_SECONDS_MAX = 5
RETRY_SECONDS_MAX = 60
PAUSE_SECONDS = 0.12
PHONE = "13800000000"


@dataclass(frozen=True, slots=True)
class Request:
    """One key of one member; it is written down before it is sent."""

    campaign: str
    member: str
    key: str


@dataclass
class Journal:
    """Every answer shown, per key, on disk as well; and every answer that no member should ever see."""

    path: Path
    shown: defaultdict[Request, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[Request, str] = field(default_factory=dict)
    statuses: Counter[int | str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, request: Request, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code == 201:
            self.shown[request].append(answer.content)
            self._write(answer=answer.text, request=request)
        elif answer.status_code == 409:
            self.refused[request] = answer.json()["code"]
        elif answer.status_code != 503:
            self.wrong.append(f"{request}: {answer.status_code} {answer.text[:200]}")

    def sending(self, request: Request) -> None:
        self._write(request=request)

    @property
    def answers(self) -> int:
        return sum(map(len, self.shown.values()))

    def _write(self, *, request: Request, answer: str | None = None) -> None:
        row = [time.time(), request.campaign, request.member, request.key, answer]
        with self.path.open("a") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    member: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


class Crowd:
    """Members at play. They stop between two plays, never with a key unanswered."""

    def __init__(self, *, urls: Sequence[str], journal: Journal, seed: int) -> None:
        self._urls = urls
        self._journal = journal
        self._chance = random.Random(f"crowd {seed}")
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._claims: set[str] = set()
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=100)
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, limits=limits, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def enter(self, *, mall: str, secret: str, name: str) -> Player:
        """Come in with a launch token, as a mall's page does."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": mall, "sub": name, "aud": BASE_URL, "iat": now, "exp": now + 60, "jti": str(uuid4())}
        token = jwt.encode(claims, secret, algorithm="HS256")
        answer = await self._http.post(f"{self._chance.choice(self._urls)}/v1/sessions", json={"token": token})
        answer.raise_for_status()
        return Player(member=answer.json()["member"]["id"], token=answer.json()["token"])

    def begin(self, players: Sequence[Player], campaigns: Sequence[str]) -> None:
        """Everybody plays until they are told to pause; every fourth member has two windows open."""
        self._stop.clear()
        windows = [*players, *players[::4]]
        self._tasks = [asyncio.create_task(self._play_on(player, campaigns)) for player in windows]

    async def pause(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _play_on(self, player: Player, campaigns: Sequence[str]) -> None:
        spent: set[str] = set()
        while not self._stop.is_set():
            open_ones = [campaign for campaign in campaigns if campaign not in spent]
            if not open_ones:
                return
            request = Request(self._chance.choice(open_ones), player.member, self._new_key())
            taps = 2 if self._chance.random() < 0.1 else 1
            answers = await asyncio.gather(*(self.ask(player, request) for _ in range(taps)))
            if answers[0].status_code == 409:
                spent.add(request.campaign)
            for answer in answers[:1]:
                if answer.status_code == 201 and (award := answer.json()["award"]) and award["claim"] == "phone":
                    await self._claim(player, award["id"])
            await asyncio.sleep(self._chance.uniform(0, 2 * PAUSE_SECONDS))

    async def ask(self, player: Player, request: Request, *, url: str | None = None) -> httpx.Response:
        """Ask until there is an answer, always with the same key."""
        self._journal.sending(request)
        deadline = time.monotonic() + RETRY_SECONDS_MAX
        path = f"/v1/campaigns/{request.campaign}/plays"
        headers = {**player.headers, "idempotency-key": request.key}
        while True:
            answer = await self._try("POST", f"{url or self._chance.choice(self._urls)}{path}", headers, {"entry": {}})
            if answer is not None:
                self._journal.note(request, answer)
                if answer.status_code != 503:
                    return answer
            if time.monotonic() > deadline:
                self._journal.wrong.append(f"{request}: no answer in {RETRY_SECONDS_MAX} s")
                return answer or httpx.Response(504)
            await asyncio.sleep(self._chance.uniform(0.05, 0.4))

    async def _claim(self, player: Player, award: str) -> None:
        """Most winners say at once where their phone credit should go."""
        if award in self._claims:
            return
        self._claims.add(award)
        deadline = time.monotonic() + RETRY_SECONDS_MAX
        while time.monotonic() < deadline:
            url = f"{self._chance.choice(self._urls)}/v1/awards/{award}/claim"
            answer = await self._try("POST", url, player.headers, {"phone": PHONE})
            if answer is not None and answer.status_code == 200:
                return
            if answer is not None and answer.status_code != 503:
                self._journal.wrong.append(f"claim of {award}: {answer.status_code} {answer.text[:200]}")
                return
            await asyncio.sleep(self._chance.uniform(0.05, 0.3))
        self._journal.wrong.append(f"claim of {award}: no answer in {RETRY_SECONDS_MAX} s")

    async def _try(self, method: str, url: str, headers: dict[str, str], body: Any) -> httpx.Response | None:
        with suppress(httpx.TransportError):
            return await self._http.request(method, url, headers=headers, json=body)
        self._journal.statuses["no answer"] += 1
        return None

    def _new_key(self) -> str:
        return f"{self._chance.getrandbits(64):016x}"
