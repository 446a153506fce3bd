"""Purchases over each of the three wallets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.db import Database
from core.ids import TimeOrderedIds
from earning.purchasing import Purchasing
from prizes.wallet.contract import Wallet
from tests.earning.shop import Shop, a_campaign
from tests.prizes.conftest import answer_seconds_max, far, http, ids, sandbox_wallet, stand, wallet_url
from tests.prizes.wallets import Stand
from tests.support.arguments import CountingEntropy, HandClock

__all__ = ["answer_seconds_max", "far", "http", "ids", "sandbox_wallet", "stand", "wallet_url"]

OpenShop = Callable[[Wallet], Shop]


@pytest.fixture
async def campaign(database: Database, clock: HandClock) -> str:
    return await a_campaign(database, clock)


@pytest.fixture
def open_shop(database: Database, clock: HandClock, campaign: str) -> OpenShop:
    def make(wallet: Wallet) -> Shop:
        purchasing = Purchasing(
            database=database, wallet=wallet, clock=clock, ids=TimeOrderedIds(), entropy=CountingEntropy()
        )
        return Shop(database, clock, campaign, purchasing)

    return make


@pytest.fixture
def shop(open_shop: OpenShop, stand: Stand) -> Shop:
    return open_shop(stand.wallet)
