"""What an operator decides about a campaign: the draft, and the frozen version that plays run under."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from campaigns.audience import EVERYBODY, Audience
from campaigns.game import Text
from campaigns.invitations import Invitations
from campaigns.limits import Budget, Chances, Key, Limits
from campaigns.moments import Span
from campaigns.pools import Line, Pool
from campaigns.raffle import Raffle
from campaigns.velocity import Velocity, VelocityRule

POOLS_MAX = 20
CLAIM_DAYS_MAX = 365
CAMPAIGN_DAYS_MAX = 800


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks the disk, so once


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("no such time zone; write it as Area/City, for example Asia/Shanghai")
    return name


class Cost(NamedTuple):
    """What one prize takes of a budget: minor units of money, and points."""

    money: int
    points: int


class Config(BaseModel):
    """A campaign as an operator writes it. Odds are checked apart, so that a refusal names its line and the sum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    organiser: Text
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    audience: Audience = EVERYBODY
    limits: Limits = Limits()
    budget: Budget = Budget()
    velocity: Velocity = ()
    """What is asked for suspiciously often, and what follows. It changes no odds, and may be changed at any time."""
    chances: Chances | None = None
    """What a play costs; without it a play costs no chance, and limits alone say how many there are."""
    invitations: Invitations | None = None
    """What members are given who invite others, and those who come."""
    claim_days: Annotated[int, Field(ge=1, le=CLAIM_DAYS_MAX)] = 15
    skin: Literal["warm", "cool", "night"] = "warm"
    pools: Annotated[tuple[Pool, ...], Field(min_length=1, max_length=POOLS_MAX)]
    raffle: Raffle | None = None
    """What is drawn among all plays when the campaign is over."""
    game: dict[str, Any] = {}

    @model_validator(mode="after")
    def _window_is_a_window(self) -> Config:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at is not after starts_at")
        if self.ends_at - self.starts_at > timedelta(days=CAMPAIGN_DAYS_MAX):
            raise ValueError(f"a campaign lasts {CAMPAIGN_DAYS_MAX} days at most")
        return self

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Config:
        lines = [
            *(line.key for line in self.lines),
            *(prize.key for prize in (self.raffle.prizes if self.raffle else ())),
        ]
        rules = [rule.key for rule in self.velocity]
        for noun, keys in (("pool", [pool.key for pool in self.pools]), ("line", lines), ("velocity rule", rules)):
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise ValueError(f"{noun} key used twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _invitations_give_chances(self) -> Config:
        if self.invitations is not None and self.chances is None:
            raise ValueError("invitations give chances, and plays cost none: say chances too")
        return self

    @model_validator(mode="after")
    def _every_member_has_a_pool(self) -> Config:
        for tier in dict.fromkeys(pool.of_tier for pool in self.pools):
            *for_some, last = [pool for pool in self.pools if pool.of_tier == tier]
            if last.audience != EVERYBODY:
                raise ValueError(f"the last pool of tier {tier!r} is {last.key!r}, which is not for everybody")
            if unreached := [pool.key for pool in for_some if pool.audience == EVERYBODY]:
                raise ValueError(
                    f"nobody comes to the pools of tier {tier!r} after {unreached[0]!r}, which is for everybody"
                )
        return self

    @model_validator(mode="after")
    def _groups_are_of_lines(self) -> Config:
        known = {line.key for line in self.lines}
        unknown = sorted({key for group in self.limits.groups for key in group.lines} - known)
        if unknown:
            raise ValueError(f"limits.groups name lines that are not there: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _fallbacks_are_never_withheld(self) -> Config:
        grouped = {key for group in self.limits.groups for key in group.lines}
        for line in map(self.line, (pool.fallback for pool in self.pools)):
            if line.key in grouped or (line.product is not None and self.limits.limits_wins):
                raise ValueError(f"the fallback {line.key!r} falls under a limit of wins, so it may be withheld")
            if line.product is not None and not self.budget.is_none:
                raise ValueError(f"the fallback {line.key!r} is a prize and there is a budget, so it may be withheld")
        return self

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for pool in self.pools for line in pool.lines)

    def line(self, key: str) -> Line:
        return next(line for line in self.lines if line.key == key)

    def velocity_rule(self, key: str) -> VelocityRule | None:
        return next((rule for rule in self.velocity if rule.key == key), None)

    @property
    def products(self) -> set[str]:
        """Every product that can be won."""
        of_lines = {line.product for line in self.lines if line.product is not None}
        return of_lines | {prize.product for prize in (self.raffle.prizes if self.raffle else ())}

    @property
    def named_lists(self) -> Iterator[tuple[str, str]]:
        """Every list that an audience names, as (field, key)."""
        for place, key in enumerate(self.audience.lists):
            yield f"audience.lists.{place}", key
        for number, pool in enumerate(self.pools):
            for place, key in enumerate(pool.audience.lists):
                yield f"pools.{number}.audience.lists.{place}", key

    def cost_of(self, line: Line) -> Cost:  # noqa: ARG002 (a published version knows more)
        """What a prize of the line costs; nothing while products are not pinned."""
        return Cost(money=0, points=0)


class Money(BaseModel):
    """An amount in minor units of its currency."""

    model_config = ConfigDict(frozen=True)

    amount: int
    currency: str


class Prize(BaseModel):
    """A product as it was when the version was published; what a play promised never changes afterwards."""

    model_config = ConfigDict(extra="allow", frozen=True)

    sku: str
    name: Text
    form: str
    type: str
    claim: Literal["none", "phone", "address"]
    cost: Money | None = None
    points: int = 0


class ListNamed(BaseModel):
    """A list of members as it was when the version was published; its name is what members are told."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: Text


class BankNamed(BaseModel):
    """A bank as it was when the version was published: its first so many items."""

    model_config = ConfigDict(frozen=True)

    id: str
    items: int


PINNED = ("prizes", "lists", "spans", "bank")
"""What publishing adds to an operator's config."""


class Frozen(Config):
    """A published version: the operator's config with every product and list of members pinned, and the hours of moments."""

    prizes: dict[str, Prize]
    lists: dict[str, ListNamed] = {}
    spans: dict[Key, tuple[Span, ...]] = {}
    """When the moments of a pool may lie."""
    bank: BankNamed | None = None
    """Where the rounds of its game take their items from."""

    def unmet(self, attributes: Mapping[str, Any], now: datetime, *, on_lists: Collection[str]) -> list[dict[str, Any]]:
        """What the member does not meet of the audience; lists with the `names` that members know them by."""
        asks = self.audience.unmet(attributes, now, on_lists=on_lists)
        return [{**ask, "names": self.names_of(ask["any_of"])} if ask["kind"] == "list" else ask for ask in asks]

    def names_of(self, lists: Collection[str]) -> list[dict[str, str]]:
        return [self.lists[key].name.model_dump() for key in lists]

    def prize_of(self, line: Line) -> Prize | None:
        return self.prizes[line.product] if line.product is not None else None

    def cost_of(self, line: Line) -> Cost:
        prize = self.prize_of(line)
        if prize is None:
            return Cost(money=0, points=0)
        return Cost(money=prize.cost.amount if prize.cost is not None else 0, points=prize.points)


Phase = Literal["draft", "scheduled", "live", "paused", "recovering", "ended"]


def phase_of(
    *, state: str, starts_at: datetime | None, ends_at: datetime | None, is_settled: bool, now: datetime
) -> Phase:
    """What people see of a campaign: its operators' decision and the hour, together."""
    if state == "draft" or starts_at is None or ends_at is None:
        return "draft"
    if now >= ends_at:
        return "ended"
    if state == "paused":
        return "paused"
    if now < starts_at:
        return "scheduled"
    return "live" if is_settled else "recovering"


def zone_table(zone: str, starts_at: datetime, ends_at: datetime) -> tuple[tuple[int, int], ...]:
    """The zone's offsets over a window, as (from, offset) in milliseconds since 1970 and of local minus UTC.

    The first row begins at 0, so that every instant up to a day past the window finds its offset.
    """
    table = [(0, _offset_ms(zone, starts_at))]
    instant, step = starts_at, timedelta(hours=6)
    while instant < ends_at + timedelta(days=1):
        following = instant + step
        if _offset_ms(zone, following) != table[-1][1]:
            turn = _turn(zone, instant, following)
            table.append((int(turn.timestamp()) * 1000, _offset_ms(zone, turn)))
        instant = following
    return tuple(table)


def _offset_ms(zone: str, instant: datetime) -> int:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None  # noqa: S101 (every zone of the database has one)
    return (offset.days * 86_400 + offset.seconds) * 1000


def _turn(zone: str, before: datetime, after: datetime) -> datetime:
    """The second at which the offset changes between two instants a few hours apart, by bisection."""
    low, high = 0, int((after - before).total_seconds())
    start = _offset_ms(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_ms(zone, before + timedelta(seconds=middle)) == start:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
