"""Why a play is refused, and what the script's words for it mean to a member."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from campaigns.chances import free_until
from campaigns.tallies import ALL_PLAYS, period_at, start_of, take_of_free
from campaigns.versions import Version
from core.clock import from_ms
from core.errors import Refusal
from inventory.claims import Refused


class NotOpenYet(Refusal, code="not-open-yet"):
    """The campaign has not begun."""

    def __init__(self, *, starts_at: datetime) -> None:
        super().__init__(starts_at=starts_at)


class Over(Refusal, code="over"):
    """The campaign has ended."""

    def __init__(self, *, ended_at: datetime) -> None:
        super().__init__(ended_at=ended_at)


class Paused(Refusal, code="paused"):
    """The campaign is paused; chances are kept."""


class NoChanceLeft(Refusal, code="no-chance-left"):
    """The member has no chance left in this campaign, or none until the hour that is named."""

    def __init__(self, *, next_chance_at: datetime | None) -> None:
        super().__init__(next_chance_at=next_chance_at)


class CoolingDown(Refusal, code="cooling-down"):
    """The member has chances left, and must wait a little from one play to the next."""

    def __init__(self, *, next_chance_at: datetime) -> None:
        super().__init__(next_chance_at=next_chance_at)


class AllPlaysTaken(Refusal, code="all-plays-taken"):
    """The campaign had so many plays for everybody together, and they are played."""


class TooFewChances(Refusal, code="too-few-chances"):
    """The member may play, and not as often at once as they asked; nothing was played."""

    def __init__(self, *, times: int) -> None:
        super().__init__(times=times)


class PartlyPlayed(Refusal, code="partly-played"):
    """Of plays asked for at once, the counters lost some, and there are too few chances left for those by now."""

    def __init__(self, *, played: int, times: int) -> None:
        super().__init__(played=played, times=times)


class KeyReused(Refusal, code="idempotency-key-reused"):
    """The idempotency key was used before with another body."""


def refusal_of(version: Version, told: Refused, *, times: int = 1) -> Refusal | None:
    """What the member is told who asked for so many plays; None for a word that is none of theirs."""
    if times > 1 and told.word in _OF_ROOM:
        return TooFewChances(times=times)
    refuse = _REFUSALS.get(told.word)
    return refuse(version, told) if refuse is not None else None


def _spent_for_now(version: Version, told: Refused) -> Refusal:
    """The member has used up what a period allows, or everybody together what there was."""
    period = version.takes[told.tally].period if told.tally else "day"
    if told.tally == ALL_PLAYS:
        return AllPlaysTaken()
    present = period_at(period, version.zone, told.fact or 0)
    turn = start_of(period, present + 1, config=version.config, zone=version.zone)
    return NoChanceLeft(next_chance_at=turn if turn < version.config.ends_at else None)


def _spent(version: Version, told: Refused) -> Refusal:
    """No chance is left, free or granted; the next free one comes when its period begins anew."""
    free = take_of_free(version.config)
    until_ms = free_until(version, free, now_ms=told.fact or 0) if free is not None else None
    turn = from_ms(until_ms) if until_ms is not None else None
    return NoChanceLeft(next_chance_at=turn if turn is not None and turn < version.config.ends_at else None)


_REFUSALS: dict[str, Callable[[Version, Refused], Refusal]] = {
    "not_open_yet": lambda version, _: NotOpenYet(starts_at=version.config.starts_at),
    "over": lambda version, _: Over(ended_at=version.config.ends_at),
    "paused": lambda _version, _told: Paused(),
    "no_chance_left": lambda _version, _told: NoChanceLeft(next_chance_at=None),
    "no_chance_today": _spent_for_now,
    "limit": _spent_for_now,
    "spent": _spent,
    "cooling": lambda _, told: CoolingDown(next_chance_at=from_ms(told.fact or 0)),
}
_OF_ROOM = {"no_chance_left", "no_chance_today", "limit", "spent"}
