"""A toy: three boxes, one is opened. The whole game is this folder; a test drops it into a copy of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from campaigns.game import ConfigFault, Game, GameLine, GameModel, Shown, Text


class ToyConfig(GameModel):
    """What the boxes are painted with; the best of them shows the first line."""

    colours: tuple[str, ...] = Field(min_length=3, max_length=3)


class ToyEntry(GameModel):
    """The box that the member picks."""

    box: Literal[0, 1, 2]


def check(config: ToyConfig, lines: Sequence[GameLine]) -> None:
    if len(set(config.colours)) != len(config.colours):
        raise ConfigFault("colours", f"two boxes of one colour for {len(lines)} lines")


def tier(_config: ToyConfig, _entry: ToyEntry) -> str:
    return "main"


def reveal(config: ToyConfig, entry: ToyEntry, shown: Shown) -> Mapping[str, Any]:
    return {"box": entry.box, "colour": config.colours[entry.box], "holds": shown.line}


def view(config: ToyConfig) -> Mapping[str, Any]:
    return {"colours": list(config.colours)}


GAME: Game[ToyConfig, ToyEntry] = Game(
    key="toy",
    title=Text(zh="三个盒子", en="Three boxes"),
    config=ToyConfig,
    entry=ToyEntry,
    folder=Path(__file__).parent,
    check=check,
    tier=tier,
    reveal=reveal,
    view=view,
)
