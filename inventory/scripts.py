"""The atomic steps: every file of `lua/`, known by its name and run by the hash of its content.

Two releases may run side by side on one server: what a script does is named by what it says. A line `--@ name` stands
for `parts/name.lua`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    source: str
    sha: str


_PART = re.compile(r"^--@ (\w+)\n", re.MULTILINE)


@cache
def script(name: str) -> Script:
    source = _PART.sub(lambda found: _read(f"parts/{found[1]}"), _read(name))
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


def all_scripts() -> tuple[Script, ...]:
    return tuple(script(path.stem) for path in sorted(FOLDER.glob("*.lua")))


def _read(name: str) -> str:
    return (FOLDER / f"{name}.lua").read_text(encoding="utf-8")
