"""The contract of a game: a frozen record of pure functions over its own config and entry.

A game never picks a prize. It says which tier a play draws from before the draw, and how to show what was awarded after
it. One folder under `campaigns/` that exposes `GAME` is a game; nothing else is edited to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
ItemT = TypeVar("ItemT", bound=GameModel)
StateT = TypeVar("StateT", bound=GameModel)
MoveT = TypeVar("MoveT", bound=GameModel)
MAIN = "main"


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


def from_main(_config: Any) -> Collection[str]:
    """What most games say of `tiers`."""
    return (MAIN,)


class MoveFault(ValueError):
    """A move that a round does not take as it stands now; carries a word for it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Score(NamedTuple):
    """How well a round went: more points are better, and of the same points fewer milliseconds."""

    points: int
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank(Generic[ItemT]):
    """What operators upload for a game, row by row, such as questions."""

    item: type[ItemT]
    columns: Sequence[str]
    optional: Sequence[str]
    read: Callable[[Mapping[str, str]], ItemT]
    """Raises ConfigFault with the column and the reason."""
    category: Callable[[ItemT], str]
    mark: Callable[[ItemT], str]
    """Two items with one mark are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Items that a round takes from a bank: so many, picked evenly among those of these categories, or of all."""

    bank: str
    count: int
    categories: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(Generic[ConfigT, EntryT, ItemT, StateT, MoveT]):
    """A round: what happens between a member's beginning and the one play that it ends in.

    Pure functions over a state that the house keeps; `dice` are words without end that are fixed by campaign, member and
    round, and `now_ms` is the house's clock. What `show` answers is all that a member can know of a round.
    """

    bank: Bank[ItemT]
    state: type[StateT]
    move: type[MoveT]
    wants: Callable[[ConfigT], Wanted]
    ms_max: Callable[[ConfigT], int]
    """After so long a round ends by itself, as it stands."""
    begin: Callable[[ConfigT, Sequence[ItemT], Iterator[int], int], StateT]
    step: Callable[[ConfigT, StateT, MoveT, int], StateT]
    """What a move makes of it. Raises MoveFault; a move that it was made by before changes nothing."""
    at: Callable[[ConfigT, StateT, int], StateT]
    """What time alone makes of it."""
    end: Callable[[ConfigT, StateT], StateT]
    """What it comes to when it ends as it stands."""
    show: Callable[[ConfigT, StateT, int], Mapping[str, Any]]
    is_over: Callable[[StateT], bool]
    entry: Callable[[StateT], EntryT]
    """What the round's play is played with."""
    score: Callable[[StateT], Score]
    began_as: Callable[[StateT, StateT], bool]
    """Whether a state, however far it has come, began as the other one, which is a first one."""


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
    tiers: Callable[[ConfigT], Collection[str]] = from_main
    """Every tier that an entry may draw from."""
    tier: Callable[[ConfigT, EntryT], str]
    """The tier whose pools this entry draws from: a pool's key, where it has no other."""
    reveal: Callable[[ConfigT, EntryT, Shown], Mapping[str, Any]]
    """What the widget needs to show the outcome, as JSON."""
    view: Callable[[ConfigT], Mapping[str, Any]]
    """The part of the config that the widget may see before a play."""
    covers: Callable[[ConfigT], timedelta | None] = shown_at_once
    """How long an outcome may wait to be uncovered by its member, before it is by itself; None shows it at once."""
    steps: Steps[ConfigT, EntryT, Any, Any, Any] | None = None
    """How a round goes, of a game whose plays are the ends of rounds; None plays at once."""


AnyGame = Game[Any, Any]
