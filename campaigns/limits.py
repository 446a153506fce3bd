"""How often one member may play and win, and how often all of them together, as an operator writes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from earning.lasting import Lasts

PLAYS_MAX = 1_000_000
CAMPAIGN_PLAYS_MAX = 1_000_000_000
PLAYS_AT_ONCE_MAX = 10
COOLDOWN_SECONDS_MAX = 7 * 86_400
GROUPS_MAX = 20
BUDGET_MAX = 10**12
PRICE_POINTS_MAX = 1_000_000
BOUGHT_AT_ONCE_MAX = 100
BOUGHT_MAX = 10_000
LASTS_DAYS_MAX = 800

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Plays = Annotated[int, Field(ge=1, le=PLAYS_MAX)]
Amount = Annotated[int, Field(ge=1, le=BUDGET_MAX)]
Bought = Annotated[int, Field(ge=1, le=BOUGHT_MAX)]


class Budget(BaseModel):
    """What all prizes together may cost, in minor units of the currency, and the points they may give; in all and a day.

    A prize that would pass it falls to what its pool says. None means no budget of that kind.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"currency": "CNY", "money_max": 5_000_000, "money_day_max": 500_000}]},
    )

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    money_max: Amount | None = None
    money_day_max: Amount | None = None
    points_max: Amount | None = None
    points_day_max: Amount | None = None

    @property
    def is_none(self) -> bool:
        return self.money_max is self.money_day_max is self.points_max is self.points_day_max is None


class Free(BaseModel):
    """So many chances that come by themselves in every period of the campaign's zone, and are gone at its end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Plays
    period: Literal["day", "week", "month", "all"] = "day"


class Price(BaseModel):
    """What a chance costs in points, how many one member may buy, in a day of the campaign's zone and in all, and how long
    bought chances last: as long as the campaign, if nothing is said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: Annotated[int, Field(ge=1, le=PRICE_POINTS_MAX)]
    at_once_max: Annotated[int, Field(ge=1, le=BOUGHT_AT_ONCE_MAX)] = 10
    per_member_day_max: Bought | None = None
    per_member_max: Bought | None = None
    lasts_days: Annotated[int, Field(ge=1, le=LASTS_DAYS_MAX)] | None = None

    @property
    def lasts(self) -> Lasts:
        return Lasts.CAMPAIGN if self.lasts_days is None else Lasts.DAYS


class Chances(BaseModel):
    """A play costs one chance: a free one, one that the member was given, or one bought. What expires soonest is spent first."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "free": {"count": 1, "period": "day"},
                    "price": {"points": 50, "per_member_day_max": 5, "at_once_max": 5},
                }
            ]
        },
    )

    free: Free | None = None
    price: Price | None = None


class Group(BaseModel):
    """Lines of which one member may win so many together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    lines: Annotated[tuple[Key, ...], Field(min_length=1)]
    member_wins_max: Plays = 1


class Limits(BaseModel):
    """Hours, days, weeks (from Monday) and months are those of the campaign's zone; none means no limit of that kind.

    A win is a play whose line has a product. Who has won as often as they may draws as before, and falls to the
    fallback.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"member_day_plays_max": 3, "cooldown_seconds": 60, "member_wins_max": 2}]},
    )

    member_hour_plays_max: Plays | None = None
    member_day_plays_max: Plays | None = None
    member_week_plays_max: Plays | None = None
    member_month_plays_max: Plays | None = None
    member_plays_max: Plays | None = None
    cooldown_seconds: Annotated[int, Field(ge=1, le=COOLDOWN_SECONDS_MAX)] | None = None
    """How long a member waits from one play to the next."""
    plays_at_once_max: Annotated[int, Field(ge=2, le=PLAYS_AT_ONCE_MAX)] | None = None
    """How many plays a member may ask for at once; none means one at a time."""
    plays_max: Annotated[int, Field(ge=1, le=CAMPAIGN_PLAYS_MAX)] | None = None
    """How many plays there are for all members together."""
    member_day_wins_max: Plays | None = None
    member_wins_max: Plays | None = None
    groups: Annotated[tuple[Group, ...], Field(max_length=GROUPS_MAX)] = ()

    @model_validator(mode="after")
    def _groups_do_not_overlap(self) -> Limits:
        keys = [group.key for group in self.groups]
        lines = [line for group in self.groups for line in group.lines]
        for noun, names in (("group key", keys), ("line", lines)):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{noun} in groups twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _a_wait_is_between_plays(self) -> Limits:
        if self.cooldown_seconds is not None and self.plays_at_once_max is not None:
            raise ValueError("plays with a wait between them cannot be asked for at once")
        return self

    @property
    def limits_wins(self) -> bool:
        """Whether a prize may be withheld from a member who has won enough, whichever line it is."""
        return self.member_day_wins_max is not None or self.member_wins_max is not None
