"""Sliding windows: how often something came lately. They are soft: what the counters lose of them is counted anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from core.clock import from_ms
from inventory.connection import Connection, InventoryAway, RedisError
from inventory.keys import LaneKeys
from inventory.scripts import script


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a rule counts of a subject. `ids` are counted once each, from when they came, or, if it `refreshes`, came last.

    `stops` says that nothing is counted anywhere once it is over, unless the member has a pass.
    """

    rule: str
    subject: str
    member: str
    span_ms: int
    most: int
    ids: Sequence[str] = ()
    refreshes: bool = False
    stops: bool = False


class Level(NamedTuple):
    """Whether a window is over, until when, and the decision that the member was told of it."""

    is_over: bool
    free_at: datetime
    told: str


async def count(connection: Connection, keys: LaneKeys, windows: Sequence[Window]) -> list[Level]:
    """Count an ask in every window, in one round trip; a window that stops it and is over counts it nowhere."""
    of_windows = [
        (keys.velocity(each.rule, each.subject), keys.passes(each.rule, each.member), keys.told(each.rule, each.member))
        for each in windows
    ]
    arguments = [
        (each.span_ms, each.most, ",".join(each.ids), "1" if each.refreshes else "", "1" if each.stops else "")
        for each in windows
    ]
    _, levels = await connection.run(
        script("velocity"),
        [key for three in of_windows for key in three],
        [told for five in arguments for told in five],
    )
    return [Level(is_over == "1", from_ms(int(free_ms)), told) for is_over, free_ms, told in levels]


async def remember(connection: Connection, keys: LaneKeys, *, rule: str, member: str, told: str, span_ms: int) -> None:
    """The member was told of a decision, which holds for as long as the rule looks back."""
    try:
        await connection.calm.set(keys.told(rule, member), told, px=span_ms)
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error


async def let_pass(connection: Connection, keys: LaneKeys, *, rule: str, member: str, times: int, span_ms: int) -> None:
    """The member may ask so often more, whatever the rule says; it looks at them anew then."""
    try:
        await connection.calm.set(keys.passes(rule, member), times, px=span_ms)
        await connection.calm.delete(keys.told(rule, member))
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error
