"""What is on a card always agrees with what was drawn, and depends on the play alone."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.game import ConfigFault, GameLine, Shown
from campaigns.scratch.game import CELLS, CHARMS, GAME, SYMBOLS_MAX, WAITS_DAYS_MAX, ScratchConfig, ScratchEntry

SYMBOLS = ("phone", "topup", "mug")
POOL = [*(GameLine(key, wins=True) for key in SYMBOLS), GameLine("thanks", wins=False)]
SPREADS = st.integers(min_value=0, max_value=2**48 - 1)
TEMPLATES = sorted((GAME.folder / "templates").glob("*.json"))


def a_card(*symbols: str, waits_days: int = 7) -> ScratchConfig:
    return ScratchConfig(symbols=symbols or SYMBOLS, waits_days=waits_days)


def cells_of(config: ScratchConfig, line: str, spread: int) -> list[str]:
    told = GAME.reveal(config, ScratchEntry(), Shown(line=line, ordinal=1, spread=spread))
    assert told == GAME.reveal(config, ScratchEntry(), Shown(line=line, ordinal=9, spread=spread))
    assert told["alike"] == (line if line in config.symbols else None)
    cells: list[str] = told["cells"]
    return cells


@given(
    st.lists(st.sampled_from([f"line-{n}" for n in range(SYMBOLS_MAX)]), min_size=1, unique=True), st.data(), SPREADS
)
def test_three_alike_is_what_was_won_and_nothing_else(symbols: list[str], data: st.DataObject, spread: int) -> None:
    config = a_card(*symbols)
    line = data.draw(st.sampled_from([*symbols, "thanks"]))
    counted = Counter(cells_of(config, line, spread))
    assert counted.total() == CELLS
    assert set(counted) <= {*symbols, *CHARMS}
    assert {symbol for symbol, n in counted.items() if n >= 3} == ({line} if line in symbols else set())
    assert line not in symbols or counted[line] == 3


def test_every_picture_lies_everywhere_and_no_prize_is_nearly_won_more_often_than_a_charm() -> None:
    config, spreads = a_card(), range(4000)
    cards = [cells_of(config, "thanks", spread) for spread in spreads]
    assert all({card[place] for card in cards} == {*SYMBOLS, *CHARMS} for place in range(CELLS))
    pairs = Counter(symbol for card in cards for symbol, n in Counter(card).items() if n == 2)
    expected = sum(pairs.values()) / len(pairs)
    assert all(abs(n - expected) < 5 * expected**0.5 for n in pairs.values()), pairs


@pytest.mark.parametrize(
    ("symbols", "field", "reason"),
    [
        (("phone", "topup"), "symbols", "'mug' is won, and no symbol"),
        ((*SYMBOLS, "car"), "symbols.3", "'car', which the pool does not have"),
        ((*SYMBOLS, "thanks"), "symbols.3", "nothing is won on the line 'thanks'"),
        ((*SYMBOLS, "mug"), "symbols.3", "'mug' again"),
    ],
)
def test_a_card_that_would_not_tell_the_truth_is_refused(symbols: tuple[str, ...], field: str, reason: str) -> None:
    with pytest.raises(ConfigFault, match=reason) as fault:
        GAME.check(a_card(*symbols), POOL)
    assert fault.value.field == field


@pytest.mark.parametrize("days", [0, WAITS_DAYS_MAX + 1])
def test_a_card_waits_for_a_while_and_not_for_ever(days: int) -> None:
    with pytest.raises(ValidationError, match="waits_days"):
        a_card(waits_days=days)


def test_the_view_tells_what_wins_and_the_cover_how_long() -> None:
    assert GAME.view(a_card()) == {"symbols": list(SYMBOLS), "alike": 3, "waits_days": 7}
    assert GAME.covers(a_card(waits_days=3)) == timedelta(days=3)
    assert GAME.tier(a_card(), ScratchEntry()) == "main"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_fits_its_own_game(path: Path) -> None:
    template = json.loads(path.read_text(encoding="utf-8"))
    assert template["key"] == path.stem
    (pool,) = template["draft"]["pools"]
    lines = [GameLine(line["key"], wins=line.get("product") is not None) for line in pool["lines"]]
    GAME.check(ScratchConfig.model_validate(template["draft"]["game"]), lines)
