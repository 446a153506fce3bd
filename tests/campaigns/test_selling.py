"""Chances for points, as a campaign sells them: what is favour, who may buy, and that the answer to a key stands."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from campaigns.admission import Admission
from campaigns.config import Config
from campaigns.favour import refused_changes
from campaigns.refusals import KeyReused, NoChanceLeft, NotOpenYet, Over, Paused
from campaigns.room import CampaignsRoom
from campaigns.selling import ChancesNotSold, InsufficientPoints, PurchaseRefused, Selling, Wanted, offer_of
from core.db import Database
from core.errors import InvalidField, Refusal
from core.ids import TimeOrderedIds
from earning.purchase_models import ChancePurchase
from earning.purchases import PurchaseLimit
from earning.purchasing import Purchasing
from inventory.connection import Connection
from prizes.wallet.contract import Refused, Transfer
from prizes.wallet.ledger import LedgerWallet
from tests.campaigns.conftest import Publish
from tests.campaigns.test_plays import asked, play
from tests.campaigns.test_races import assert_everything_holds
from tests.support.arguments import CountingEntropy
from tests.support.campaigns import MALL, Shape, WallClock, change

NOW = WallClock().now()
PRICE: dict[str, Any] = {"points": 50, "at_once_max": 5, "per_member_day_max": 6, "per_member_max": 8, "lasts_days": 3}


def selling_at(**price: Any) -> dict[str, Any]:
    return {"more": {"chances": {"price": {"points": 50, **price}}}}


@pytest.fixture
def wallet(database: Database) -> LedgerWallet:
    return LedgerWallet(database=database, clock=WallClock(), ids=TimeOrderedIds())


@pytest.fixture
def selling(database: Database, room: CampaignsRoom, wallet: LedgerWallet) -> Selling:
    return Selling(
        database=database,
        versions=room.versions,
        admission=Admission(database=database, blocks=room.blocks, clock=WallClock()),
        purchasing=Purchasing(
            database=database, wallet=wallet, clock=WallClock(), ids=TimeOrderedIds(), entropy=CountingEntropy()
        ),
        clock=WallClock(),
    )


async def someone_with(wallet: LedgerWallet, points: int) -> str:
    member = str(uuid4())
    await wallet.credit(Transfer(id=str(uuid4()), mall_id=MALL, member_id=member, points=points, cause="start"))
    return member


def wanted(campaign: str, member: str, chances: int = 1, **more: Any) -> Wanted:
    return Wanted(**{"campaign": campaign, "member": member, "key": str(uuid4()), "chances": chances, **more})


async def offered(database: Database, room: CampaignsRoom, campaign: str, member: str) -> int | None:
    running = await room.versions.running(campaign)
    async with database.reading() as session:
        offer = await offer_of(session, running, member=member, now=WallClock().now())
    assert offer is not None
    return offer.left


async def test_points_become_plays(
    *,
    selling: Selling,
    wallet: LedgerWallet,
    room: CampaignsRoom,
    database: Database,
    connection: Connection,
    publish_wheel: Publish,
) -> None:
    campaign, member = await publish_wheel(**selling_at(**PRICE)), await someone_with(wallet, 150)
    with pytest.raises(NoChanceLeft):
        await play(room, asked(campaign, member=member))
    bought = await selling.buy(wanted(campaign, member, 2))
    assert (bought.state, bought.points, bought.balance) == ("granted", 100, 50)
    assert [(await play(room, asked(campaign, member=member)))["chances_left"] for _ in range(2)] == [1, 0]
    with pytest.raises(NoChanceLeft):
        await play(room, asked(campaign, member=member))
    with pytest.raises(InsufficientPoints) as refused:
        await selling.buy(wanted(campaign, member, 2))
    assert refused.value.facts == {"points": 100}
    await assert_everything_holds(database, connection, room, campaign)


async def test_the_same_key_is_the_same_purchase_whatever_has_changed(
    selling: Selling, wallet: LedgerWallet, room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**selling_at()), await someone_with(wallet, 120)
    wish = wanted(campaign, member, 2)
    bought = await selling.buy(wish)
    short = wanted(campaign, member, 1)
    with pytest.raises(InsufficientPoints):
        await selling.buy(short)
    await change(database, room, campaign, "pause")
    assert (await selling.buy(wish)).id == bought.id
    with pytest.raises(InsufficientPoints):
        await selling.buy(short)
    with pytest.raises(KeyReused):
        await selling.buy(wanted(campaign, member, 3, key=wish.key))
    with pytest.raises(Paused):
        await selling.buy(wanted(campaign, member))


@pytest.mark.parametrize(
    ("shape", "chances", "refusal"),
    [
        ({"more": {"chances": {"free": {"count": 1}}}}, 1, ChancesNotSold),
        ({}, 1, ChancesNotSold),
        (selling_at(at_once_max=5), 6, InvalidField),
        (selling_at(per_member_day_max=2), 3, PurchaseLimit),
        (selling_at(per_member_max=2), 3, PurchaseLimit),
        ({**selling_at(), "member_plays_max": 2}, 3, PurchaseLimit),
    ],
)
async def test_what_is_not_sold_is_refused_before_anything_is_written(
    *,
    selling: Selling,
    wallet: LedgerWallet,
    database: Database,
    publish_wheel: Publish,
    shape: dict[str, Any],
    chances: int,
    refusal: type[Refusal],
) -> None:
    campaign, member = await publish_wheel(**shape), await someone_with(wallet, 1000)
    with pytest.raises(refusal):
        await selling.buy(wanted(campaign, member, chances))
    async with database.reading() as session:
        assert (await session.scalars(select(ChancePurchase))).all() == []


async def test_nothing_is_sold_outside_the_campaigns_hours(
    selling: Selling, wallet: LedgerWallet, publish_wheel: Publish
) -> None:
    member = await someone_with(wallet, 1000)
    early = await publish_wheel(starts_in=timedelta(hours=1), **selling_at())
    with pytest.raises(NotOpenYet):
        await selling.buy(wanted(early, member))
    late = await publish_wheel(**selling_at(), starts_in=timedelta(seconds=-1), lasts=timedelta(seconds=2))
    await asyncio.sleep(1.2)
    with pytest.raises(Over):
        await selling.buy(wanted(late, member))


async def test_the_offer_says_how_many_more(
    selling: Selling, wallet: LedgerWallet, room: CampaignsRoom, database: Database, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**selling_at(**PRICE)), await someone_with(wallet, 1000)
    assert await offered(database, room, campaign, member) == 6
    await selling.buy(wanted(campaign, member, 4))
    assert await offered(database, room, campaign, member) == 2
    with pytest.raises(PurchaseLimit) as refused:
        await selling.buy(wanted(campaign, member, 3))
    assert refused.value.facts == {"period": "day", "left": 2}


class Refusing:
    """A wallet that says no."""

    def __init__(self, wallet: LedgerWallet) -> None:
        self.traits, self.query, self.refund = wallet.traits, wallet.query, wallet.refund
        self.credit, self.confirm = wallet.credit, wallet.confirm

    async def debit(self, transfer: Transfer) -> Refused:
        return Refused(reason="not-today")


async def test_a_wallet_that_says_no_is_a_refusal_with_its_word(
    selling: Selling, wallet: LedgerWallet, publish_wheel: Publish
) -> None:
    campaign, member = await publish_wheel(**selling_at()), await someone_with(wallet, 1000)
    selling._purchasing.wallet = Refusing(wallet)
    with pytest.raises(PurchaseRefused) as refused:
        await selling.buy(wanted(campaign, member))
    assert refused.value.facts["reason"] == "not-today"


def config(**price: Any) -> Config:
    told = Shape().config(NOW)
    return Config.model_validate(told | {"chances": {"price": {**PRICE, **price}}})


@pytest.mark.parametrize(
    "edit",
    [
        {"points": 49},
        {"at_once_max": 6},
        {"per_member_day_max": 7},
        {"per_member_day_max": None},
        {"per_member_max": None},
        {"lasts_days": 4},
        {"lasts_days": None},
    ],
)
def test_what_favours_buyers_may_change(edit: dict[str, Any]) -> None:
    assert refused_changes(config(), config(**edit)) == []


@pytest.mark.parametrize(
    "edit", [{"points": 51}, {"at_once_max": 4}, {"per_member_day_max": 5}, {"per_member_max": 7}, {"lasts_days": 2}]
)
def test_what_does_not_is_refused(edit: dict[str, Any]) -> None:
    (refused,) = refused_changes(config(), config(**edit))
    assert refused["field"] == f"chances.price.{next(iter(edit))}"


def test_whether_chances_are_sold_stays_as_it_was_published() -> None:
    unsold = Config.model_validate(Shape().config(NOW) | {"chances": {}})
    for before, after in ((config(), unsold), (unsold, config())):
        assert "chances.price" in [change["field"] for change in refused_changes(before, after)]


@pytest.mark.parametrize(
    "price",
    [
        {"points": 0},
        {"points": 1_000_001},
        {"points": 1.5},
        {"at_once_max": 0},
        {"at_once_max": 101},
        {"per_member_day_max": 0},
        {"per_member_max": 10_001},
        {"lasts_days": 0},
        {"discount": 1},
    ],
)
def test_a_price_has_bounds(price: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**price)
