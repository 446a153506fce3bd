"""The header of a script is its contract, and says what the body does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inventory.scripts import FOLDER, Script, all_scripts, script

LINES_MAX = 95


def header_of(found: Script) -> str:
    return "\n".join(line for line in found.source.split("\n\n", 1)[0].splitlines() if line.startswith("--"))


def body_of(found: Script) -> str:
    return found.source.split("\n\n", 1)[1]


each_script = pytest.mark.parametrize("found", all_scripts(), ids=lambda found: found.name)


@each_script
def test_a_script_is_one_page_with_a_shebang_and_its_name(found: Script) -> None:
    assert len((FOLDER / f"{found.name}.lua").read_text().splitlines()) <= LINES_MAX
    assert found.source.startswith(f"#!lua\n-- {found.name}: ")


@each_script
def test_every_key_is_declared_and_used(found: Script) -> None:
    declared = re.findall(r"^-- KEYS\[(\d)\] \w+ +(?:hash|stream)", header_of(found), re.MULTILINE)
    assert declared == [str(number) for number in range(1, len(declared) + 1)]
    assert set(re.findall(r"KEYS\[(\d)\]", body_of(found))) == set(declared)


@each_script
def test_every_argument_is_declared_and_used(found: Script) -> None:
    declared = {int(number) for number in re.findall(r"ARGV\[(\d+)", header_of(found))}
    used = {int(number) for number in re.findall(r"ARGV\[(\d+)\]", body_of(found))}
    used |= {int(number) for number in re.findall(r"unpack\(ARGV, (\d+)\)", body_of(found))}
    assert used == declared


@each_script
def test_every_word_is_in_the_contract(found: Script) -> None:
    said = set(re.findall(r"return \{'(\w+)'", body_of(found)))
    header = header_of(found)
    if found.name == "play":
        assert '"played"' in header
        return
    assert set(re.findall(r'\{"(\w+)"', header)) == said


@pytest.mark.parametrize("part", sorted((FOLDER / "parts").glob("*.lua")), ids=lambda part: part.stem)
def test_a_part_is_pure_and_some_script_has_it(part: Path) -> None:
    text = part.read_text()
    assert not re.search(r"redis\.|KEYS|ARGV", text)
    assert any(text in found.source for found in all_scripts())


def test_refusals_come_before_the_first_write_of_a_play() -> None:
    body = body_of(script("play"))
    first_write = min(body.index(command) for command in ("'XADD'", "'HSET'", "'HDEL'"))
    assert max(place.start() for place in re.finditer(r"return \{'(?!played)", body)) < first_write
