"""The wheel lands on a sector of the line that was awarded, and on no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.game import ConfigFault, GameLine, Shown
from campaigns.wheel.game import GAME, SECTORS_MAX, WheelConfig, WheelEntry

LINES = ["phone", "thanks", "topup"]
THANKS = GameLine("thanks", wins=False)
POOL = [GameLine(key, wins=key != "thanks") for key in LINES]
TEMPLATES = sorted((GAME.folder / "templates").glob("*.json"))


def a_wheel(*sectors: str) -> WheelConfig:
    return WheelConfig(sectors=sectors or ("phone", "thanks", "topup", "thanks"))


@given(
    sectors=st.lists(st.sampled_from(LINES), min_size=2, max_size=SECTORS_MAX).filter(lambda s: set(s) == set(LINES)),
    line=st.sampled_from(LINES),
    spread=st.integers(min_value=0, max_value=2**48 - 1),
)
def test_a_reveal_is_a_sector_of_the_awarded_line(sectors: list[str], line: str, spread: int) -> None:
    config = a_wheel(*sectors)
    GAME.check(config, POOL)
    shown = Shown(line=line, ordinal=1, spread=spread)
    sector = GAME.reveal(config, WheelEntry(), shown)["sector"]
    assert sectors[sector] == line
    assert GAME.reveal(config, WheelEntry(), shown) == {"sector": sector}


def test_spread_reaches_every_sector_of_a_line() -> None:
    config = a_wheel("thanks", "phone", "thanks", "topup", "thanks")
    seen = {GAME.reveal(config, WheelEntry(), Shown(line="thanks", ordinal=n, spread=n))["sector"] for n in range(30)}
    assert seen == {0, 2, 4}


def test_every_spin_draws_from_the_main_pool() -> None:
    assert GAME.tier(a_wheel(), WheelEntry()) == "main"


def test_the_view_is_what_the_widget_draws() -> None:
    assert GAME.view(a_wheel()) == {"face": "wheel", "sectors": ["phone", "thanks", "topup", "thanks"]}


def test_a_sector_of_an_unknown_line_is_refused_by_its_place() -> None:
    with pytest.raises(ConfigFault) as fault:
        GAME.check(a_wheel("phone", "thanks", "topup", "car"), POOL)
    assert fault.value.field == "sectors.3"
    assert "'car'" in fault.value.reason


def test_a_line_without_a_sector_is_refused_by_name() -> None:
    with pytest.raises(ConfigFault) as fault:
        GAME.check(a_wheel("phone", "thanks"), POOL)
    assert fault.value.field == "sectors"
    assert "'topup'" in fault.value.reason


@pytest.mark.parametrize("count", [0, 1, SECTORS_MAX + 1])
def test_a_wheel_has_two_to_twenty_four_sectors(count: int) -> None:
    with pytest.raises(ValidationError, match="sectors"):
        WheelConfig(sectors=("thanks",) * count)


@pytest.mark.parametrize("count", [7, 9])
def test_a_grid_has_eight_sectors(count: int) -> None:
    with pytest.raises(ConfigFault, match=f"a grid shows 8, and these are {count}"):
        GAME.check(WheelConfig(face="grid", sectors=("thanks",) * count), [THANKS])
    GAME.check(WheelConfig(face="grid", sectors=("thanks",) * 8), [THANKS])


def test_an_entry_takes_nothing() -> None:
    with pytest.raises(ValidationError):
        WheelEntry.model_validate({"sector": 3})


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_fits_its_own_game(path: Path) -> None:
    template = json.loads(path.read_text(encoding="utf-8"))
    assert template["key"] == path.stem
    draft = template["draft"]
    assert "starts_at" not in draft
    (pool,) = draft["pools"]
    config = GAME.config.model_validate(draft["game"])
    GAME.check(config, [GameLine(line["key"], wins=line.get("product") is not None) for line in pool["lines"]])
    assert pool["fallback"] in {line["key"] for line in pool["lines"] if line.get("product") is None}


def test_the_reference_is_one_phone_in_a_hundred_thousand() -> None:
    draft = json.loads((GAME.folder / "templates" / "reference.json").read_text(encoding="utf-8"))["draft"]
    odds = {line["product"]: line["odds"] for line in draft["pools"][0]["lines"]}
    assert odds == {"PHONE-256": "1/100000", None: "90%", "TOPUP-10": "rest"}
    assert draft["limits"]["member_day_plays_max"] == 3
