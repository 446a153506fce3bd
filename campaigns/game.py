"""The contract of a game: a frozen record of pure functions over its own config and entry.

A game never picks a prize. It says which tier a play draws from before the draw, and how to show what was awarded after
it. One folder under `campaigns/` that exposes `GAME` is a game; nothing else is edited to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class Text(BaseModel):
    """A short text in every language the service speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class GameModel(BaseModel):
    """Base of every game's config and entry: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ConfigT = TypeVar("ConfigT", bound=GameModel)
EntryT = TypeVar("EntryT", bound=GameModel)


class ConfigFault(ValueError):
    """A game's config does not fit the campaign's lines; carries the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class GameLine(NamedTuple):
    """What a game may know of a pool's line: its key, and whether something is won on it."""

    key: str
    wins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a game may know when it shows an outcome: which line was awarded, and the play's own number.

    `spread` is an integer in [0, 2**48) fixed by the play; a game with several ways to show one line picks among them
    by it, so that showing the same play again shows the same thing.
    """

    line: str
    ordinal: int
    spread: int


@dataclass(frozen=True, slots=True)
class Template:
    """A versioned recipe of a campaign: the draft an operator starts from."""

    key: str
    version: int
    title: Text
    summary: Text
    draft: Mapping[str, Any]


def shown_at_once(_config: Any) -> None:
    """What most games say of `covers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Game(Generic[ConfigT, EntryT]):
    """One game. Every function is pure; `folder` holds `templates/*.json` and `widget/index.js`."""

    key: str
    title: Text
    config: type[ConfigT]
    entry: type[EntryT]
    folder: Path
    check: Callable[[ConfigT, Sequence[GameLine]], None]
    """Raises ConfigFault when the config does not fit the pools' lines."""
    tier: Callable[[ConfigT, EntryT], str]
    """The tier whose pools this entry draws from: a pool's key, where it has no other."""
    reveal: Callable[[ConfigT, EntryT, Shown], Mapping[str, Any]]
    """What the widget needs to show the outcome, as JSON."""
    view: Callable[[ConfigT], Mapping[str, Any]]
    """The part of the config that the widget may see before a play."""
    covers: Callable[[ConfigT], timedelta | None] = shown_at_once
    """How long an outcome may wait to be uncovered by its member, before it is by itself; None shows it at once."""


AnyGame = Game[Any, Any]
