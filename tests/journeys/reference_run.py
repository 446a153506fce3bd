"""The reference campaign, played over HTTP against a running house, and what was drawn against what was promised.

`windfall run`, then `python -m tests.journeys.reference_run --plays 100000` (and `--var` where its demo.json is).
Exits 1 when the draws do not fit the odds at 99 %, or when a play was answered with anything but a play.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import jwt
from rich.console import Console
from rich.table import Table

from campaigns.goodness import doubtful, p_values_of

PLAYS_MAX = 1_000_000
SECONDS_MAX = 3_600
MEMBERS = 50
TRIES_MAX = 100
PAUSE_SECONDS = 0.05
BODY = b'{"entry":{}}'

console = Console(highlight=False)


@dataclass
class Tally:
    """What the plays drew and were awarded."""

    drawn: Counter[str] = field(default_factory=Counter)
    awarded: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    retries: int = 0

    def note(self, shown: dict[str, Any]) -> None:
        self.drawn[shown["drawn"]] += 1
        self.awarded[shown["awarded"]] += 1
        self.ids.add(shown["id"])


class Told:
    """What `demo.json` says of a running house, and the few calls that set the stage."""

    def __init__(self, file: Path) -> None:
        told = json.loads(file.read_text())
        self.base_url: str = told["base_url"]
        self._mall = told["mall"]
        self._operator = {"authorization": f"Bearer {told['operators']['owner']['token']}"}
        self._http = httpx.AsyncClient(base_url=self.base_url, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def campaign(self) -> str:
        """A live campaign from the reference template, without its limits: a few members play all of it."""
        now = datetime.now(UTC)
        hours = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
        form = {"game": "wheel", "template": "reference", "changes": {**hours, "limits": {}}}
        campaign = str((await self._admin("/campaigns", form))["id"])
        await self._admin(f"/campaigns/{campaign}/publish", {"reason": "the reference run"})
        return campaign

    async def definition(self, campaign: str) -> Any:
        return (await self._http.get(f"/v1/campaigns/{campaign}")).raise_for_status().json()

    async def member(self, name: str) -> str:
        """A member's session."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self._mall["key"], "sub": name, "aud": self.base_url, "iat": now, "exp": now + 60}
        token = jwt.encode({**claims, "jti": str(uuid4())}, self._mall["secret"], algorithm="HS256")
        answer = (await self._http.post("/v1/sessions", json={"token": token})).raise_for_status()
        return str(answer.json()["token"])

    async def _admin(self, path: str, form: dict[str, Any]) -> Any:
        answer = await self._http.post(f"/v1/admin{path}", json=form, headers=self._operator)
        return answer.raise_for_status().json()


class Connection:
    """One kept-alive connection that asks for plays; lighter than a full client, so that the house is what is timed."""

    def __init__(self, base_url: str, campaign: str, token: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._head = (
            f"POST /v1/campaigns/{campaign}/plays HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\nidempotency-key: "
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, key: str) -> tuple[int, bytes]:
        """Status and body; ConnectionError or IncompleteReadError when no answer came."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._head + key.encode() + b"\r\n\r\n" + BODY)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head[9:12]), await reader.readexactly(length)

    def drop(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def play(connection: Connection, key: str, tally: Tally) -> dict[str, Any]:
    """One play, asked for with the same key until it is answered."""
    for _ in range(TRIES_MAX):
        try:
            status, body = await connection.ask(key)
        except (OSError, asyncio.IncompleteReadError):
            connection.drop()
        else:
            if status == 201:
                shown: dict[str, Any] = json.loads(body)
                return shown
            if status != 503:
                raise AssertionError(f"{status} {body.decode()}")
        tally.retries += 1
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError(f"no answer in {TRIES_MAX} tries")


async def run(told: Told, *, plays: int, level: float) -> bool:
    campaign = await told.campaign()
    tokens = [await told.member(f"reference-{number}") for number in range(min(MEMBERS, plays))]
    tally, numbers = Tally(), iter(range(plays))

    async def play_on(token: str, numbers: Iterator[int]) -> None:
        connection = Connection(told.base_url, campaign, token)
        for number in numbers:
            tally.note(await play(connection, f"reference-{number}", tally))
        connection.drop()

    began = time.monotonic()
    async with asyncio.timeout(SECONDS_MAX):
        await asyncio.gather(*(play_on(token, numbers) for token in tokens))
    seconds = time.monotonic() - began
    console.print(
        f"{plays} plays in {seconds:.0f} s, {plays / seconds:.0f} a second; asked again {tally.retries} times"
    )
    return verdict((await told.definition(campaign))["pools"][0], tally, plays=plays, level=level)


def verdict(pool: Any, tally: Tally, *, plays: int, level: float) -> bool:
    """Print drawn against odds; whether every play was its own, stock held, and the draws fit at this level."""
    lines = pool["lines"]
    table = Table("line", "odds", "drawn", "expected", "awarded", "stock")
    for line in lines:
        key, expected = line["key"], plays * line["weight"] / pool["total"]
        counts = (str(tally.drawn[key]), f"{expected:.1f}", str(tally.awarded[key]))
        table.add_row(key, line["odds"], *counts, str(line["stock"] or "unlimited"))
    console.print(table)
    tests = p_values_of([tally.drawn[line["key"]] for line in lines], [line["weight"] for line in lines])
    rejected = doubtful(list(tests.values()), level=level)
    for place, (name, p_value) in enumerate(tests.items()):
        what = "chi-square of the common lines" if name == "common" else f"exact binomial of {lines[int(name)]['key']}"
        console.print(f"{what}: p = {p_value:.3f}{f', rejected at {level:g}' if place in rejected else ''}")
    oversold = [line["key"] for line in lines if line["stock"] and tally.awarded[line["key"]] > line["stock"]]
    fits = not rejected and not oversold and len(tally.ids) == plays
    console.print("The draws fit the odds." if fits else f"The draws do NOT fit: {oversold or 'see above'}.")
    return fits


async def _main(file: Path, *, plays: int, level: float) -> bool:
    told = Told(file)
    try:
        return await run(told, plays=plays, level=level)
    finally:
        await told.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.reference_run", description=__doc__)
    parser.add_argument("--plays", type=int, default=100_000)
    parser.add_argument("--level", type=float, default=0.01, help="how seldom a sound run may fail")
    parser.add_argument("--var", type=Path, default=Path("var"))
    told = parser.parse_args()
    if not 1 <= told.plays <= PLAYS_MAX:
        parser.error(f"--plays must be from 1 to {PLAYS_MAX}")
    sys.exit(0 if asyncio.run(_main(told.var / "demo.json", plays=told.plays, level=told.level)) else 1)


if __name__ == "__main__":
    main()
