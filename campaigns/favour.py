"""Which changes to a running campaign are in its members' favour, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from campaigns.audience import Audience
from campaigns.config import Config
from campaigns.invitations import Invitations
from campaigns.limits import Chances, Limits, Price
from campaigns.pools import Line
from campaigns.raffle import Raffle

UNCHANGED = ("zone", "starts_at", "organiser", "name", "skin", "game")


def refused_changes(before: Config, after: Config) -> list[dict[str, str]]:
    """Every change that is not in the members' favour, as field, from, to and reason."""
    return [
        {"field": field, "from": _told(old), "to": _told(new), "reason": reason}
        for field, old, new, reason in _changes(before, after)
    ]


Change = tuple[str, Any, Any, str]


def _changes(before: Config, after: Config) -> Iterator[Change]:
    for field in UNCHANGED:
        yield from _unless(_same, field, getattr(before, field), getattr(after, field), "members were told otherwise")
    yield from _unless(_later, "ends_at", before.ends_at, after.ends_at, "a campaign may only end later")
    yield from _unless(_later, "claim_days", before.claim_days, after.claim_days, "time to claim may only grow")
    old_audience, new_audience = before.audience, after.audience
    yield from _unless(_wider, "audience", old_audience, new_audience, "nobody may be left out who was let in")
    yield from _limit_changes(before.limits, after.limits)
    yield from _unless(
        _same, "budget.currency", before.budget.currency, after.budget.currency, "a budget stays what it is in"
    )
    for kind in ("money_max", "money_day_max", "points_max", "points_day_max"):
        old, new = getattr(before.budget, kind), getattr(after.budget, kind)
        yield from _unless(_looser, f"budget.{kind}", old, new, "a budget may only be raised")
    yield from _chance_changes(before.chances, after.chances)
    yield from _invitation_changes(before.invitations, after.invitations)
    yield from _raffle_changes(before.raffle, after.raffle)
    old_shape, new_shape = _shape(before), _shape(after)
    if old_shape != new_shape:
        yield (
            "pools",
            old_shape,
            new_shape,
            "pools, lines, fallbacks and who draws from which stay as they were published",
        )
        return
    for old_line, new_line in zip(before.lines, after.lines, strict=True):
        yield from _line_changes(old_line, new_line)


def _shape(config: Config) -> list[tuple[Any, ...]]:
    return [
        (
            *(pool.key, pool.of_tier, pool.audience, pool.fallback, pool.sold_out, pool.guarantee, pool.urn_plays),
            pool.moments,
            [line.key for line in pool.lines],
        )
        for pool in config.pools
    ]


def _chance_changes(before: Chances | None, after: Chances | None) -> Iterator[Change]:
    if before is None or after is None:
        yield from _unless(_same, "chances", before, after, "whether a play costs a chance stays as it was published")
        return
    yield from _price_changes(before.price, after.price)
    old, new = before.free, after.free
    if old is None or new is None or old.period != new.period:
        yield from _unless(_same, "chances.free", old, new, "free chances keep coming as they were promised")
        return
    yield from _unless(_more, "chances.free.count", old.count, new.count, "members may only be given more chances")


def _invitation_changes(before: Invitations | None, after: Invitations | None) -> Iterator[Change]:
    """Invitations may come to a campaign that had none; what was promised for them stays, and links may only be good for longer."""
    if before is None:
        return
    if after is None:
        yield "invitations", before, after, "what invitations give stays as it was published"
        return
    for field in ("inviter", "invitee", "reward_when"):
        old, new = getattr(before, field), getattr(after, field)
        yield from _unless(_same, f"invitations.{field}", old, new, "members were told otherwise")
    yield from _unless(_later, "invitations.days", before.days, after.days, "links may only be good for longer")


def _raffle_changes(before: Raffle | None, after: Raffle | None) -> Iterator[Change]:
    if before is None or after is None:
        yield from _unless(_same, "raffle", before, after, "whether plays are tickets stays as it was published")
        return
    old_prizes, new_prizes = ([(prize.key, prize.product) for prize in each.prizes] for each in (before, after))
    yield from _unless(_same, "raffle.prizes", old_prizes, new_prizes, "prizes stay what they were, in their order")
    if old_prizes == new_prizes:
        for old_prize, new_prize in zip(before.prizes, after.prizes, strict=True):
            at = f"raffle.prizes.{old_prize.key}.units"
            yield from _unless(_more, at, old_prize.units, new_prize.units, "prizes may only be added to")
    yield from _unless(_more, "raffle.runners_up", before.runners_up, after.runners_up, "runners-up may only be added")
    for field in ("member_wins_max", "beacon"):
        old, new = getattr(before, field), getattr(after, field)
        yield from _unless(_same, f"raffle.{field}", old, new, "members were told otherwise")
    yield from _unless(_more, "raffle.claim_days", before.claim_days, after.claim_days, "time to claim may only grow")


def _price_changes(before: Price | None, after: Price | None) -> Iterator[Change]:
    """Chances may become cheaper, more of them may be bought, and they may last longer. Those who paid more paid what they saw."""
    if before is None or after is None:
        yield from _unless(_same, "chances.price", before, after, "whether chances are sold stays as it was published")
        return
    yield from _unless(_fewer, "chances.price.points", before.points, after.points, "a price may only fall")
    for limit in ("per_member_day_max", "per_member_max", "at_once_max"):
        old, new = getattr(before, limit), getattr(after, limit)
        yield from _unless(_looser, f"chances.price.{limit}", old, new, "members may only be let buy more")
    old, new = before.lasts_days, after.lasts_days
    yield from _unless(_looser, "chances.price.lasts_days", old, new, "bought chances may only last longer")


def _limit_changes(before: Limits, after: Limits) -> Iterator[Change]:
    for limit in (
        *("member_hour_plays_max", "member_day_plays_max", "member_week_plays_max", "member_month_plays_max"),
        *("member_plays_max", "plays_max"),
    ):
        old, new = getattr(before, limit), getattr(after, limit)
        yield from _unless(_looser, f"limits.{limit}", old, new, "members may only be given more plays")
    old, new = before.plays_at_once_max or 1, after.plays_at_once_max or 1
    yield from _unless(_later, "limits.plays_at_once_max", old, new, "members may only be let play more at once")
    for limit in ("member_day_wins_max", "member_wins_max"):
        old, new = getattr(before, limit), getattr(after, limit)
        yield from _unless(_looser, f"limits.{limit}", old, new, "members may only be let win more")
    old, new = before.cooldown_seconds, after.cooldown_seconds
    yield from _unless(_shorter, "limits.cooldown_seconds", old, new, "members may only be made to wait less")
    yield from _unless(_same, "limits.groups", before.groups, after.groups, "members were told otherwise")


def _line_changes(before: Line, after: Line) -> Iterator[Change]:
    at = f"lines.{before.key}"
    yield from _unless(_same, f"{at}.odds", before.odds, after.odds, "published odds never change")
    yield from _unless(_same, f"{at}.product", before.product, after.product, "a prize stays what it was")
    yield from _unless(_same, f"{at}.name", before.name, after.name, "members were told otherwise")
    if before.is_by_moment:
        yield from _unless(_same, f"{at}.stock", before.stock, after.stock, "its moments were drawn at the start")
    yield from _unless(_more, f"{at}.stock", before.stock, after.stock, "stock may only be added to")
    yield from _unless(_same, f"{at}.release", before.release, after.release, "members were told otherwise")
    yield from _unless(_more, f"{at}.hour_cap", before.hour_cap, after.hour_cap, "a cap may only be raised")
    yield from _unless(_more, f"{at}.day_cap", before.day_cap, after.day_cap, "a cap may only be raised")
    old, new = before.member_wins_max, after.member_wins_max
    yield from _unless(_looser, f"{at}.member_wins_max", old, new, "members may only be let win more")


def _unless(holds: Callable[[Any, Any], bool], field: str, old: Any, new: Any, reason: str) -> Iterator[Change]:
    if not holds(old, new):
        yield field, old, new, reason


def _same(old: Any, new: Any) -> bool:
    return bool(old == new)


def _wider(old: Audience, new: Audience) -> bool:
    return new.is_as_wide_as(old)


def _later(old: Any, new: Any) -> bool:
    return bool(new >= old)


def _looser(old: int | None, new: int | None) -> bool:
    return new is None or (old is not None and new >= old)


def _fewer(old: int, new: int) -> bool:
    return new <= old


def _shorter(old: int | None, new: int | None) -> bool:
    return new is None or (old is not None and new <= old)


def _more(old: int | None, new: int | None) -> bool:
    return old == new or (old is not None and new is not None and new > old)


def _told(value: Any) -> str:
    return "none" if value is None else str(value)[:200]
