"""Held wins from a terminal: one reviewer proposes, another confirms."""

from __future__ import annotations

import asyncio
import json

from sqlalchemy import select

from api.auth.models import Mall
from core.db import Database
from tests.api.test_cli import Terminal, terminal
from tests.prizes.factories import a_product, an_award

__all__ = ["terminal"]


async def two_held_wins(url: str) -> list[str]:
    database = Database(url)
    async with database.reading() as session:
        mall = await session.scalar(select(Mall.id).limit(1))
    assert mall is not None
    product = await a_product(database, "points", mall_id=mall)
    told = {"zh": "核对后发放。", "en": "It is checked first."}
    awards = [await an_award(database, product, held_for="many-a-minute", told=told) for _ in range(2)]
    await database.close()
    return awards


def test_a_held_win_is_released_or_rejected_by_two(terminal: Terminal) -> None:
    house = terminal.house
    url = terminal.engines.get("WINDFALL_DATABASE_URL", f"sqlite+aiosqlite:///{house.var / 'windfall.db'}")
    good, bad = asyncio.run(two_held_wins(url))
    assert {row["id"] for row in terminal.json("awards", "held")} == {good, bad}
    assert "Sample" in terminal.run("awards", "held")
    because = ("--reason", "looked into it")
    assert terminal.json("awards", "release", good, *because)["review"]["released_at"] is not None

    words = ("--zh", "不予发放。", "--en", "It is not delivered.")
    half = terminal.run("awards", "reject", bad, *because, *words[:2], status=2)
    assert half == "The winner is told in both languages: give --zh and --en, or neither to confirm.\n"
    assert "told is needed" in terminal.run("awards", "reject", bad, *because, status=2)
    assert terminal.json("awards", "reject", bad, *because, *words)["state"] == "held"
    assert "somebody else must confirm it" in terminal.run("awards", "reject", bad, *because, status=2)
    reviewer = {"WINDFALL_URL": house.demo["base_url"], "WINDFALL_TOKEN": house.demo["operators"]["reviewer"]["token"]}
    confirmed = json.loads(terminal.run("awards", "reject", bad, *because, "--json", **reviewer))
    assert (confirmed["state"], confirmed["told"]["en"]) == ("void", "It is not delivered.")
    assert terminal.json("awards", "held") == []
