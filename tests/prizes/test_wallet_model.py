"""The ledger against a model of a few lines: credits, debits, refunds and the passing of time in any order."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from core.db import Database
from prizes.invariants import wallet_balances
from prizes.wallet.contract import Done, Refused, Transfer
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.posting import REFUND_LASTS_MIN
from prizes.wallet.records import balance, expiring, page_of_member
from tests.prizes.factories import MALL, MEMBER
from tests.prizes.wallets import a_transfer
from tests.support.arguments import CountingIds, HandClock

ACTS = 80
LIVES = (None, timedelta(days=10), timedelta(days=30))
FAR = datetime.max.replace(tzinfo=UTC)


@dataclass
class Model:
    """Points by when they expire; those that last expire in the far future."""

    lots: dict[datetime, int] = field(default_factory=dict)
    taken: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)

    def put(self, expires_at: datetime, points: int) -> None:
        self.lots[expires_at] = self.lots.get(expires_at, 0) + points

    def debit(self, transfer: Transfer, now: datetime) -> bool:
        if self.points(now) < transfer.points:
            return False
        wanted, self.taken[transfer.id] = transfer.points, []
        for expires_at in sorted(each for each in self.lots if each > now):
            part = min(wanted, self.lots[expires_at])
            self.lots[expires_at] -= part
            self.taken[transfer.id].append((expires_at, part))
            wanted -= part
        return True

    def refund(self, debit: Transfer, now: datetime) -> None:
        for expires_at, part in self.taken.pop(debit.id, []):
            self.put(max(expires_at, now + REFUND_LASTS_MIN), part)

    def points(self, now: datetime) -> int:
        return sum(points for expires_at, points in self.lots.items() if expires_at > now)

    def expiring(self, now: datetime) -> list[tuple[int, datetime]]:
        return [(points, at) for at, points in sorted(self.lots.items()) if points and now < at < FAR]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_ledger_says_what_the_model_says(
    database: Database, clock: HandClock, ids: CountingIds, seed: int
) -> None:
    dice, model = random.Random(seed), Model()
    wallets = [LedgerWallet(database=database, clock=clock, ids=ids, points_last=life) for life in LIVES]
    debits: list[Transfer] = []
    for _ in range(ACTS):
        now, wallet = clock.now(), dice.choice(wallets)
        match dice.choice(["credit", "debit", "debit", "refund", "time", "expire"]):
            case "credit":
                credit, life = a_transfer(dice.randint(1, 50)), LIVES[wallets.index(wallet)]
                assert isinstance(await wallet.credit(credit), Done)
                model.put(now + life if life else FAR, credit.points)
            case "debit":
                debits.append(a_transfer(dice.randint(1, 60)))
                is_taken = model.debit(debits[-1], now)
                assert isinstance(await wallet.debit(debits[-1]), Done if is_taken else Refused)
            case "refund" if debits:
                debit = dice.choice(debits)
                await wallet.refund(debit)
                model.refund(debit, now)
            case "time":
                clock.advance(hours=dice.randint(1, 120))
            case _:
                await wallet.expire_due()
        await they_agree(database, model, clock.now())
    assert await broken(database) == []


async def they_agree(database: Database, model: Model, now: datetime) -> None:
    async with database.reading() as session:
        whose = {"mall_id": MALL, "member_id": MEMBER}
        assert await balance(session, **whose, now=now) == model.points(now)
        assert [tuple(each) for each in await expiring(session, **whose, now=now)] == model.expiring(now)[:20]


async def broken(database: Database) -> list[str]:
    async with database.reading() as session:
        records = await page_of_member(session, mall_id=MALL, member_id=MEMBER, before=None, limit=4 * ACTS)
        assert [each.number for each in records] == list(range(len(records), 0, -1))
        return (await wallet_balances(session))[1]
