"""Campaigns for tests: one factory with defaults, published through the real lifecycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.lifecycle import Author
from campaigns.models import Campaign
from campaigns.room import CampaignsRoom
from core.db import Database
from core.ids import TimeOrderedIds
from prizes.catalogue import import_products

MALL = "0190a000-0000-7000-8000-00000000da11"
CATALOGUE = """sku,name_zh,name_en,form,type,merchant,market_value_fen,cost_fen,points,detail
PHONE-256,智能手机,Smartphone,physical,parcel,devices-demo,599900,560000,0,450g
TOPUP-10,10元话费,¥10 phone credit,virtual,phone_topup,telco-demo,1000,985,0,10
POINTS-5,5积分,5 points,virtual,points,mall,50,50,5,
"""


class WallClock:
    """The present hour: scripts read the server's clock, so what stands beside them must too."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A wheel: line key -> (odds, stock, day cap, product); the last one is the fallback."""

    lines: Sequence[tuple[str, str, int | None, int | None, str | None]] = (
        ("phone", "10%", 5, None, "PHONE-256"),
        ("topup", "20%", None, 8, "TOPUP-10"),
        ("thanks", "rest", None, None, None),
    )
    member_day_plays_max: int | None = None
    member_plays_max: int | None = None
    sold_out: str = "fallback"
    urn_plays: int | None = None
    guarantee: dict[str, Any] | None = None
    pool: dict[str, Any] = field(default_factory=dict)
    """Further fields of the pool."""
    zone: str = "Asia/Shanghai"
    starts_in: timedelta = timedelta(hours=-1)
    lasts: timedelta = timedelta(days=30)
    limits: dict[str, Any] = field(default_factory=dict)
    """Further limits, by their names in a config."""
    of_lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further fields of lines, by line key."""
    more: dict[str, Any] = field(default_factory=dict)
    game: str = "wheel"
    template: str = "reference"

    def config(self, now: datetime) -> dict[str, Any]:
        starts_at = now + self.starts_in
        keys = [key for key, *_ in self.lines]
        return {
            "name": {"zh": "测试活动", "en": "Test campaign"},
            "organiser": {"zh": "示例商城", "en": "Demo mall"},
            "zone": self.zone,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + self.lasts).isoformat(),
            "limits": {
                "member_day_plays_max": self.member_day_plays_max,
                "member_plays_max": self.member_plays_max,
                **self.limits,
            },
            "pools": [
                {
                    "key": "main",
                    "fallback": keys[-1],
                    "sold_out": self.sold_out,
                    "urn_plays": self.urn_plays,
                    "guarantee": self.guarantee,
                    **self.pool,
                    "lines": [
                        {"key": key, "odds": odds, "stock": stock, "day_cap": day_cap, "product": product}
                        | self.of_lines.get(key, {})
                        for key, odds, stock, day_cap, product in self.lines
                    ],
                }
            ],
            "game": {"face": "wheel", "sectors": keys if len(keys) > 1 else keys * 2},
            **self.more,
        }


def author(reason: str = "a test") -> Author:
    return Author(email="owner@demo.example", at=WallClock().now(), reason=reason)


async def publish(database: Database, room: CampaignsRoom, shape: Shape, *, mall: str = MALL) -> str:
    """A published campaign, its counters laid down; its id."""
    now = WallClock().now()
    async with database.transaction() as session:
        await import_products(session, mall_id=mall, raw=CATALOGUE.encode(), ids=TimeOrderedIds(), now=now)
        campaign = await room.lifecycle.create(
            session, mall=mall, game=shape.game, template=shape.template, changes=shape.config(now)
        )
        await room.lifecycle.publish(session, campaign, author())
        campaign_id = campaign.id
    await room.recovery.settle(campaign_id)
    return campaign_id


async def change(database: Database, room: CampaignsRoom, campaign: str, verb: str, **arguments: Any) -> None:
    """Pause, resume, add stock or extend, as an operator would; the counters follow at once."""
    async with database.transaction() as session:
        row = await session.get_one(Campaign, campaign)
        await getattr(room.lifecycle, verb)(session, row, author(), **arguments)
    await room.recovery.settle(campaign)
