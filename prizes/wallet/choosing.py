"""Which wallet a house works with: the built-in one or the mall's own, settled once, when the house opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from core.clock import Clock
from core.db import Database
from core.ids import Ids
from prizes.wallet.contract import NameAtMall, Wallet
from prizes.wallet.duiba import DuibaEndpoints, DuibaWallet
from prizes.wallet.hearing import Hearing
from prizes.wallet.ledger import LedgerWallet
from prizes.wallet.signed_http import SignedHttpWallet


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """Our own ledger; `points_last` is the life of credited points, None for ever."""

    points_last: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHttp:
    url: str
    secret: str = field(repr=False)
    answer_seconds_max: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duiba:
    """`answer_seconds_max` is below the thirty seconds the dialect's own platform waits, and below a delivery's."""

    endpoints: DuibaEndpoints
    answer_seconds_max: float = 25.0


WalletChoice = BuiltIn | SignedHttp | Duiba


def open_wallet(
    choice: WalletChoice,
    *,
    database: Database,
    clock: Clock,
    ids: Ids,
    http: httpx.AsyncClient,
    name_at_mall: NameAtMall,
) -> Wallet:
    match choice:
        case BuiltIn(points_last=points_last):
            return LedgerWallet(database=database, clock=clock, ids=ids, points_last=points_last)
        case SignedHttp(url=url, secret=secret, answer_seconds_max=seconds):
            hearing = Hearing(name_at_mall=name_at_mall, http=http, answer_seconds_max=seconds)
            return SignedHttpWallet(url=url, secret=secret, hearing=hearing, clock=clock)
        case Duiba(endpoints=endpoints, answer_seconds_max=seconds):
            hearing = Hearing(name_at_mall=name_at_mall, http=http, answer_seconds_max=seconds)
            return DuibaWallet(endpoints, hearing=hearing, clock=clock)
