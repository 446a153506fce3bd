"""The wheel (大转盘) and its nine-grid (九宫格): each sector names a line of the pool, and the awarded line says where it may land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from campaigns.game import ConfigFault, Game, GameLine, GameModel, Shown, Text

SECTORS_MIN = 2
SECTORS_MAX = 24
GRID_SECTORS = 8

LineKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class WheelConfig(GameModel):
    """Which line each sector shows, clockwise from the top, of a grid from the corner at the left; a line may own several."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"face": "wheel", "sectors": ["phone", "thanks", "topup", "thanks"]}]}
    )

    face: Literal["wheel", "grid"] = "wheel"
    sectors: tuple[LineKey, ...] = Field(min_length=SECTORS_MIN, max_length=SECTORS_MAX)


class WheelEntry(GameModel):
    """Nothing is asked of a member who spins."""


def check(config: WheelConfig, lines: Sequence[GameLine]) -> None:
    """Raise ConfigFault unless every sector names a line and every line has a sector to land on; a grid has eight."""
    if config.face == "grid" and len(config.sectors) != GRID_SECTORS:
        raise ConfigFault("sectors", f"a grid shows {GRID_SECTORS}, and these are {len(config.sectors)}")
    keys = [line.key for line in lines]
    for index, line in enumerate(config.sectors):
        if line not in keys:
            raise ConfigFault(f"sectors.{index}", f"names the line {line!r}, which the pool does not have")
    homeless = [key for key in keys if key not in config.sectors]
    if homeless:
        raise ConfigFault("sectors", f"no sector shows the line {homeless[0]!r}, so the wheel could not land on it")


def tier(_config: WheelConfig, _entry: WheelEntry) -> str:
    """Every spin draws from the one pool."""
    return "main"


def reveal(config: WheelConfig, _entry: WheelEntry, shown: Shown) -> Mapping[str, Any]:
    """The index of the sector to land on, one of the awarded line's."""
    homes = [index for index, line in enumerate(config.sectors) if line == shown.line]
    return {"sector": homes[shown.spread % len(homes)]}


def view(config: WheelConfig) -> Mapping[str, Any]:
    """All of the config: a wheel hides nothing."""
    return {"face": config.face, "sectors": list(config.sectors)}


GAME: Game[WheelConfig, WheelEntry] = Game(
    key="wheel",
    title=Text(zh="幸运大转盘", en="Prize wheel"),
    config=WheelConfig,
    entry=WheelEntry,
    folder=Path(__file__).parent,
    check=check,
    tier=tier,
    reveal=reveal,
    view=view,
)
