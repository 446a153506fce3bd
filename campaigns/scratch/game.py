"""The scratch card (刮刮乐): nine pictures under a coat, three alike of what was won, and never three alike on another card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, StringConstraints

from campaigns.game import ConfigFault, Game, GameLine, GameModel, Shown, Text

CELLS: Final = 9
ALIKE: Final = 3
SYMBOLS_MAX: Final = 24
WAITS_DAYS_MAX: Final = 60
CHARMS: Final = ("*clover", "*star", "*moon", "*bell", "*leaf")
"""Pictures that nothing is won with: with two of each at most, they alone fill a card."""
DIGEST_WORDS: Final = 4

LineKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ScratchConfig(GameModel):
    """Which lines are won by three alike of their pictures, and for how many days a card waits to be scratched."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"symbols": ["phone", "topup"], "waits_days": 7}]})

    symbols: tuple[LineKey, ...] = Field(min_length=1, max_length=SYMBOLS_MAX)
    waits_days: int = Field(default=7, ge=1, le=WAITS_DAYS_MAX)


class ScratchEntry(GameModel):
    """Nothing is asked of a member who takes a card."""


def check(config: ScratchConfig, lines: Sequence[GameLine]) -> None:
    """Raise ConfigFault unless the symbols are the lines that win, each once."""
    wins = {line.key: line.wins for line in lines}
    for place, symbol in enumerate(config.symbols):
        field = f"symbols.{place}"
        if symbol not in wins:
            raise ConfigFault(field, f"names the line {symbol!r}, which the pool does not have")
        if not wins[symbol]:
            raise ConfigFault(
                field, f"nothing is won on the line {symbol!r}: three alike of it would promise something"
            )
        if symbol in config.symbols[:place]:
            raise ConfigFault(field, f"names the line {symbol!r} again")
    missing = [key for key, is_won in wins.items() if is_won and key not in config.symbols]
    if missing:
        raise ConfigFault("symbols", f"the line {missing[0]!r} is won, and no symbol of the card says so")


def tier(_config: ScratchConfig, _entry: ScratchEntry) -> str:
    """Every card draws from the one pool."""
    return "main"


def reveal(config: ScratchConfig, _entry: ScratchEntry, shown: Shown) -> Mapping[str, Any]:
    """The nine pictures, row by row, and which of them is there three times; it depends on the play alone.

    What else is on the card is picked evenly among all other pictures, two of one at most: no prize is more often nearly won
    than another, or than the charms.
    """
    dice = _dice(shown.spread)
    alike = shown.line if shown.line in config.symbols else None
    others = [symbol for symbol in (*config.symbols, *CHARMS) if symbol != alike for _ in range(ALIKE - 1)]
    known = [alike] * ALIKE if alike is not None else []
    cells = _shuffled([*known, *_shuffled(others, dice)[: CELLS - len(known)]], dice)
    return {"cells": cells, "alike": alike}


def view(config: ScratchConfig) -> Mapping[str, Any]:
    """All of the config: what wins is no secret, what is on a card comes with its outcome."""
    return {"symbols": list(config.symbols), "alike": ALIKE, "waits_days": config.waits_days}


def covers(config: ScratchConfig) -> timedelta:
    """A card that is not scratched is uncovered by itself after so many days."""
    return timedelta(days=config.waits_days)


def _dice(spread: int) -> Iterator[int]:
    """64-bit words without end, the same for the same play: SHA-256 of the spread and a counter."""
    for block in count():
        digest = hashlib.sha256(f"{spread}|{block}".encode()).digest()
        yield from (int.from_bytes(digest[at * 8 : at * 8 + 8], "big") for at in range(DIGEST_WORDS))


def _shuffled(cells: Sequence[str], dice: Iterator[int]) -> list[str]:
    """Fisher and Yates (Durstenfeld). A word of 64 bits over so few places has a bias below 1e-17: what it orders are pictures."""
    mixed = list(cells)
    for last in range(len(mixed) - 1, 0, -1):
        chosen = next(dice) % (last + 1)
        mixed[last], mixed[chosen] = mixed[chosen], mixed[last]
    return mixed


GAME: Game[ScratchConfig, ScratchEntry] = Game(
    key="scratch",
    title=Text(zh="刮刮乐", en="Scratch card"),
    config=ScratchConfig,
    entry=ScratchEntry,
    folder=Path(__file__).parent,
    check=check,
    tier=tier,
    reveal=reveal,
    view=view,
    covers=covers,
)
