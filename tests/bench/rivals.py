"""The designs that would otherwise be picked, each as its users write it: one FastAPI app, the same server settings.

Every one of them does less than a play of ours does: no idempotency, no ordinals, no recovery. Each keeps one limit per
member, one stock per line, and picks by weight.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from redis.asyncio import BlockingConnectionPool, Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

LINES = (("phone", 1), ("topup", 9_999), ("thanks", 90_000))
LIMIT = 1_000_000
LOCK_MS = 3000

TABLES = (
    "CREATE TABLE rival_stock (line text PRIMARY KEY, remaining int NOT NULL)",
    "CREATE TABLE rival_member (member text PRIMARY KEY, plays int NOT NULL)",
    "CREATE TABLE rival_play (id bigserial PRIMARY KEY, member text NOT NULL, line text NOT NULL)",
    """
    CREATE FUNCTION rival_play(who text, drawn text, most int) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE got text := drawn; so_far int;
    BEGIN
      INSERT INTO rival_member VALUES (who, 1) ON CONFLICT (member) DO UPDATE SET plays = rival_member.plays + 1
        RETURNING plays INTO so_far;
      IF so_far > most THEN RAISE EXCEPTION 'limit'; END IF;
      IF drawn <> 'thanks' THEN
        UPDATE rival_stock SET remaining = remaining - 1 WHERE line = drawn AND remaining > 0;
        IF NOT FOUND THEN got := 'thanks'; END IF;
      END IF;
      INSERT INTO rival_play (member, line) VALUES (who, got);
      RETURN got;
    END $$
    """,
)


def pick() -> str:
    return random.choices([name for name, _ in LINES], [weight for _, weight in LINES])[0]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    pool = BlockingConnectionPool.from_url(os.environ["BENCH_REDIS"], max_connections=50, decode_responses=True)
    app.state.redis = Redis(connection_pool=pool)
    app.state.engine = create_async_engine(os.environ["BENCH_POSTGRESQL"], pool_size=20, max_overflow=0)
    async with app.state.engine.begin() as connection:
        for noun in ("FUNCTION IF EXISTS rival_play", "TABLE IF EXISTS rival_stock, rival_member, rival_play"):
            await connection.execute(text(f"DROP {noun}"))
        for statement in TABLES:
            await connection.execute(text(statement))
        for line, _ in LINES:
            await connection.execute(text("INSERT INTO rival_stock VALUES (:line, 100000000)"), {"line": line})
    for line, _ in LINES:
        await app.state.redis.set(f"rival:stock:{line}", 100_000_000)
    yield
    await app.state.redis.aclose()
    await app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@app.post("/roundtrips/{member}")
async def roundtrips(member: str, request: Request) -> dict[str, Any]:
    """A lock per member, then check, draw and decrement, one Redis call each."""
    redis: Redis = request.app.state.redis
    lock = f"rival:lock:{member}"
    while not await redis.set(lock, "1", nx=True, px=LOCK_MS):
        pass
    try:
        played = await redis.get(f"rival:plays:{member}")
        if int(played or 0) >= LIMIT:
            return {"line": None}
        line = pick()
        if line != "thanks" and await redis.decr(f"rival:stock:{line}") < 0:
            await redis.incr(f"rival:stock:{line}")
            line = "thanks"
        await redis.incr(f"rival:plays:{member}")
        await redis.xadd("rival:plays", {"member": member, "line": line}, maxlen=10_000, approximate=True)
    finally:
        await redis.delete(lock)
    return {"line": line}


@app.post("/for-update/{member}")
async def for_update(member: str, request: Request) -> dict[str, Any]:
    """One transaction: lock the member, lock the stock row, decrement, insert."""
    async with request.app.state.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO rival_member VALUES (:member, 0) ON CONFLICT DO NOTHING"), {"member": member}
        )
        plays = await connection.scalar(
            text("SELECT plays FROM rival_member WHERE member = :member FOR UPDATE"), {"member": member}
        )
        if plays >= LIMIT:
            return {"line": None}
        line = pick()
        remaining = await connection.scalar(
            text("SELECT remaining FROM rival_stock WHERE line = :line FOR UPDATE"), {"line": line}
        )
        if remaining <= 0:
            line = "thanks"
        else:
            await connection.execute(
                text("UPDATE rival_stock SET remaining = remaining - 1 WHERE line = :line"), {"line": line}
            )
        await connection.execute(
            text("UPDATE rival_member SET plays = plays + 1 WHERE member = :member"), {"member": member}
        )
        await connection.execute(
            text("INSERT INTO rival_play (member, line) VALUES (:member, :line)"), {"member": member, "line": line}
        )
    return {"line": line}


@app.post("/plpgsql/{member}")
async def plpgsql(member: str, request: Request) -> dict[str, Any]:
    """One call of a stored procedure that does it all."""
    async with request.app.state.engine.begin() as connection:
        line = await connection.scalar(
            text("SELECT rival_play(:member, :drawn, :most)"), {"member": member, "drawn": pick(), "most": LIMIT}
        )
    return {"line": line}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
