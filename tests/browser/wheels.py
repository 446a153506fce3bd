"""The campaigns that are pictured: each shows one state or one look, and leaves nothing to chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

LIVELY = ("umbrella", "points", "topup", "thanks", "mug", "coupon", "topup", "thanks")
PRODUCTS = {
    "topup": "TOPUP-10", "points": "POINTS-66", "coupon": "COUPON-5", "umbrella": "UMBRELLA", "mug": "MUG",
    "phone": "PHONE-256", "long": "LONG-NAME",
}  # fmt: skip
LONG_NAME = (
    "sku,name_zh,name_en,form,type,merchant,market_value_fen,cost_fen,points,detail\n"
    "LONG-NAME,主动降噪头戴式蓝牙耳机旗舰礼盒套装（曜石黑）,"
    '"Noise-cancelling over-ear headphones, flagship gift set in obsidian black",'
    "physical,parcel,sample-devices,299900,250000,0,900g\n"
)


EVERY_LIMIT = {
    "member_hour_plays_max": 3,
    "member_day_plays_max": 10,
    "member_week_plays_max": 30,
    "member_month_plays_max": 100,
    "cooldown_seconds": 5,
    "plays_max": 100_000,
    "member_day_wins_max": 2,
    "member_wins_max": 5,
    "groups": [{"key": "big", "lines": ["umbrella", "mug"], "member_wins_max": 1}],
}


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A campaign of the pictures: the line that nearly always comes, and how the wheel looks."""

    wins: str
    sectors: tuple[str, ...] = LIVELY
    skin: str = "warm"
    opens: timedelta = timedelta(minutes=-1)
    lasts: timedelta = timedelta(days=30)
    audience: Mapping[str, Any] = field(default_factory=dict)
    pool: Mapping[str, Any] = field(default_factory=dict)
    odds: Mapping[str, str] = field(default_factory=dict)
    of_lines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=lambda: {"member_day_plays_max": 3})
    more: Mapping[str, Any] = field(default_factory=dict)

    def changes(self) -> dict[str, Any]:
        starts_at = datetime.now(UTC) + self.opens
        lines = [
            {
                "key": key,
                "product": PRODUCTS.get(key),
                "odds": "rest" if key == self.wins else self.odds.get(key, "1/1000000"),
                "name": None if key in PRODUCTS else {"zh": "谢谢参与", "en": "Thank you"},
                **self.of_lines.get(key, {}),
            }
            for key in dict.fromkeys(self.sectors)
        ]
        return {
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + self.lasts).isoformat(),
            "audience": dict(self.audience),
            "limits": dict(self.limits),
            "skin": self.skin,
            "pools": [{"key": "main", "fallback": self.wins, "lines": lines, **self.pool}],
            "game": {"face": "wheel", "sectors": list(self.sectors)},
            **self.more,
        }


WHEELS: Mapping[str, Wheel] = {
    "over": Wheel(wins="thanks", lasts=timedelta(seconds=120)),
    "topup": Wheel(wins="topup"),
    "parcel": Wheel(wins="umbrella"),
    "points": Wheel(wins="points", skin="night"),
    "once": Wheel(wins="thanks", limits={"member_day_plays_max": 1}),
    "twice": Wheel(wins="thanks", limits={"member_day_plays_max": 2}),
    "used-up": Wheel(wins="thanks", limits={"member_plays_max": 1}),
    "scheduled": Wheel(wins="thanks", opens=timedelta(days=2, hours=3)),
    "paused": Wheel(wins="thanks"),
    "not-eligible": Wheel(wins="thanks", audience={"tiers": ["Gold", "Platinum"], "registered_within_days": 30}),
    "cooling": Wheel(wins="thanks", limits={"member_plays_max": 9, "cooldown_seconds": 90}),
    "all-plays-taken": Wheel(wins="thanks", limits={"plays_max": 1}),
    "codes": Wheel(wins="thanks", skin="cool", limits={}, more={"chances": {"free": {"count": 1, "period": "day"}}}),
    "limits": Wheel(wins="thanks", limits=EVERY_LIMIT),
    "guarantee": Wheel(
        wins="thanks",
        odds={"points": "10%", "coupon": "5%", "topup": "1%"},
        pool={"guarantee": {"after": 9, "line": "points"}, "sold_out": "renormalise"},
    ),
    "moments": Wheel(
        wins="thanks",
        odds={"umbrella": "moment", "mug": "moment", "topup": "2%"},
        of_lines={"umbrella": {"stock": 30}, "mug": {"stock": 50}, "topup": {"stock": 200, "release": "linear"}},
        pool={
            "moments": {
                "windows": [
                    {"begins": "12:00", "ends": "13:00"},
                    {"begins": "20:00", "ends": "22:00", "days": [5, 6, 7], "share": 3},
                ]
            }
        },
    ),
    "cool": Wheel(wins="topup", skin="cool"),
    "night": Wheel(wins="topup", skin="night"),
    "two": Wheel(wins="topup", sectors=("topup", "thanks")),
    "many": Wheel(wins="thanks", skin="cool", sectors=LIVELY * 3),
    "long": Wheel(wins="long", sectors=("long", "thanks", "phone", "points", "long", "coupon")),
}
