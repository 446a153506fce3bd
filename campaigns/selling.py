"""Chances for points: whether this member may buy so many now, and on what terms. The purchase itself is `earning`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from campaigns.admission import Admission
from campaigns.chances import day_ends_at
from campaigns.limits import Price
from campaigns.plays import digest
from campaigns.queries import are_all_taken, last_play
from campaigns.refusals import KeyReused, NotOpenYet, Over, Paused
from campaigns.tallies import period_at
from campaigns.versions import Running, Version, Versions
from core.clock import Clock, to_ms
from core.db import Database
from core.errors import InvalidField, Refusal
from earning.grants import left_of
from earning.lasting import expiry
from earning.purchase_models import ChancePurchase, State
from earning.purchases import HONOURED, Limit, Order, PurchaseLimit, left_to_buy
from earning.purchasing import Purchasing
from prizes.wallet.contract import INSUFFICIENT


class InsufficientPoints(Refusal, code="insufficient-points"):
    """The member has fewer points than the chances cost; nothing was taken."""

    def __init__(self, *, points: int) -> None:
        super().__init__(points=points)


class PurchaseRefused(Refusal, code="purchase-refused"):
    """Nothing was bought, and the member has their points; `reason` is a word of ours or of the wallet's."""

    def __init__(self, *, purchase: str, reason: str | None) -> None:
        super().__init__(purchase=purchase, reason=reason)


class ChancesNotSold(Refusal, code="chances-not-sold"):
    """The campaign sells no chances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A member's wish to buy chances. `key` is the Idempotency-Key; `sub` and `attributes` are what the mall signed."""

    campaign: str
    member: str
    key: str
    chances: int
    sub: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def request_key(self) -> str:
        return digest(self.key)

    @property
    def fingerprint(self) -> str:
        return digest(str(self.chances))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a member may buy: `left` more chances now, at most `at_once_max` at a time; `left` is None without a limit."""

    points: int
    at_once_max: int
    left: int | None


class Selling:
    def __init__(
        self, *, database: Database, versions: Versions, admission: Admission, purchasing: Purchasing, clock: Clock
    ) -> None:
        self._database = database
        self._versions = versions
        self._admission = admission
        self._purchasing = purchasing
        self._clock = clock

    async def buy(self, wanted: Wanted) -> ChancePurchase:
        """What the wish became. The same key and wish is the same purchase for ever, whatever has changed since.

        Raises KeyReused, ChancesNotSold, PurchaseLimit, InsufficientPoints, PurchaseRefused, and what keeps a member from playing.
        """
        known = await self._purchasing.find(
            campaign=wanted.campaign, member=wanted.member, request_key=wanted.request_key
        )
        purchase = known or await self._purchasing.buy(await self._order(wanted))
        if purchase.fingerprint != wanted.fingerprint:
            raise KeyReused
        if purchase.state in (State.REFUSED, State.REFUNDED):
            if purchase.reason == INSUFFICIENT:
                raise InsufficientPoints(points=purchase.points)
            raise PurchaseRefused(purchase=purchase.id, reason=purchase.reason)
        return purchase

    async def _order(self, wanted: Wanted) -> Order:
        running, now = await self._versions.look_again(wanted.campaign), self._clock.now()
        version = running.version
        price = price_of(version)
        if price is None:
            raise ChancesNotSold
        _must_be_open(running, now)
        if wanted.chances > price.at_once_max:
            raise InvalidField(("chances", f"at most {price.at_once_max} at once"))
        found = await self._admission.look_again(version, sub=wanted.sub, attributes=wanted.attributes)
        if found.refusal is not None:
            raise found.refusal
        async with self._database.reading() as session:
            playable = await _playable(session, version, member=wanted.member, now=now)
        if playable is not None and playable < wanted.chances:
            raise PurchaseLimit(period="all", left=playable)
        return Order(
            campaign=running.campaign,
            mall=version.mall,
            member=wanted.member,
            request_key=wanted.request_key,
            fingerprint=wanted.fingerprint,
            chances=wanted.chances,
            price=price.points,
            limits=_limits(version, price, now),
            honour_until=min(now + HONOURED, version.config.ends_at),
            expires_at=expiry(
                price.lasts, price.lasts_days, now=now, day_ends_at=day_ends_at(version, now_ms=to_ms(now))
            ),
        )


def price_of(version: Version) -> Price | None:
    return version.config.chances.price if version.config.chances is not None else None


async def offer_of(session: AsyncSession, running: Running, *, member: str, now: datetime) -> Offer | None:
    """What the member is offered; None where chances are not sold."""
    price = price_of(running.version)
    if price is None:
        return None
    limits = _limits(running.version, price, now)
    left = await left_to_buy(session, limits, campaign=running.campaign, member=member)
    playable = await _playable(session, running.version, member=member, now=now)
    most = [each for each in (left, playable) if each is not None]
    return Offer(points=price.points, at_once_max=price.at_once_max, left=min(most, default=None))


def _limits(version: Version, price: Price, now: datetime) -> list[Limit]:
    day = period_at("day", version.zone, to_ms(now))
    told = (("day", day, price.per_member_day_max), ("all", 0, price.per_member_max))
    return [Limit(tally=tally, period=period, most=most) for tally, period, most in told if most is not None]


def _must_be_open(running: Running, now: datetime) -> None:
    config = running.version.config
    match running.phase(now):
        case "scheduled":
            raise NotOpenYet(starts_at=config.starts_at)
        case "ended":
            raise Over(ended_at=config.ends_at)
        case "paused":
            raise Paused


async def _playable(session: AsyncSession, version: Version, *, member: str, now: datetime) -> int | None:
    """How many chances more the member could ever play, by the limits on plays: nobody is sold others. None: no limit."""
    limits = version.config.limits
    if limits.plays_max and await are_all_taken(session, version.campaign, plays_max=limits.plays_max):
        return 0
    if limits.member_plays_max is None:
        return None
    last = await last_play(session, campaign=version.campaign, member=member)
    held = await left_of(session, campaign=version.campaign, member=member, now=now)
    return max(limits.member_plays_max - held - (last.ordinal if last is not None else 0), 0)
