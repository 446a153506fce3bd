"""`python -m tests.purchases --count 10000`: so many purchases over the three wallets, a third each, then the audit.

On SQLite, or on the PostgreSQL that `WINDFALL_DATABASE_URL` names, in a new database for each wallet.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from api.tables import metadata
from core.db import Database
from core.log import configure_logging
from prizes.wallet.contract import Wallet
from tests.earning.shop import a_campaign
from tests.prizes.conftest import running_example
from tests.prizes.sandbox import APP_KEY, SECRET, SandboxWallet
from tests.prizes.wallets import HttpStand, LedgerStand, Stand, a_duiba_wallet, a_signed_wallet
from tests.purchases.run import Found, run
from tests.support.arguments import CountingIds, HandClock
from tests.support.engines import POSTGRESQL, empty_database

WALLETS = ("built-in", "signed", "duiba")
PATIENCE = 20
"""How many seconds a wallet is waited for when the statement is matched."""


async def trade(kind: str, *, count: int, seed: int, url: str, folder: Path) -> Found:
    address = await empty_database(f"windfall_purchases_{kind}") if POSTGRESQL else ""
    database, clock = Database(address or f"sqlite+aiosqlite:///{folder / f'{kind}.db'}"), HandClock()
    async with database.connection() as connection:
        await connection.run_sync(metadata.create_all)
    async with httpx.AsyncClient(trust_env=False) as http:
        sandbox = SandboxWallet(url, http)
        await sandbox.reset()
        stand: Stand
        patient: Wallet | None = None
        if kind == "built-in":
            stand = LedgerStand(database, clock, CountingIds())
        else:
            make = a_signed_wallet if kind == "signed" else a_duiba_wallet
            stand, patient = (
                HttpStand(make(url, http, clock), sandbox),
                make(url, http, clock, answer_seconds_max=PATIENCE),
            )
        campaign = await a_campaign(database, clock)
        found = await run(
            stand, database=database, clock=clock, campaign=campaign, count=count, seed=seed, patient=patient
        )
    await database.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    configure_logging(level="ERROR", json_lines=False)  # every step is logged, and the table says it all
    console, started = Console(), time.monotonic()
    engine = "PostgreSQL" if POSTGRESQL else "SQLite"
    table = Table(title=f"{told.count:,} purchases on {engine}", title_justify="left")
    points = ("taken", "granted", "returned", "in flight")
    for column in ("wallet", "done", "refunded", "refused", "limited", "deaths", *points, "compared", "differ"):
        table.add_column(column, justify="left" if column == "wallet" else "right")
    broken = []
    with (
        tempfile.TemporaryDirectory(prefix="windfall-purchases-") as folder,
        running_example("examples.sandbox_wallet", "SANDBOX_WALLET", SECRET=SECRET, APP_KEY=APP_KEY) as url,
    ):
        for place, kind in enumerate(WALLETS):
            count = told.count // len(WALLETS) + (place < told.count % len(WALLETS))
            found = asyncio.run(trade(kind, count=count, seed=told.seed, url=url, folder=Path(folder)))
            broken += [f"{kind}: {each}" for each in found.broken]
            counts = [found.states[state] for state in ("done", "refunded", "refused")]
            compared = sum(each.checked for each in found.statements)
            differ = sum(each.differences_total for each in found.statements)
            figures = [*counts, found.refused, found.deaths.total(), *found.sums, compared, differ]
            table.add_row(kind, *map(str, figures))
    console.print(table)
    for each in broken:
        console.print(each, style="red", markup=False)
    console.print(f"{'Everything adds up' if not broken else 'BROKEN'} after {time.monotonic() - started:.0f} s.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
