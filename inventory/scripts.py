"""The atomic steps: every file of `lua/`, known by its name and run by the hash of its content.

Two releases may run side by side on one server: what a script does is named by what it says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    source: str
    sha: str


@cache
def script(name: str) -> Script:
    source = (FOLDER / f"{name}.lua").read_text(encoding="utf-8")
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


def all_scripts() -> tuple[Script, ...]:
    return tuple(script(path.stem) for path in sorted(FOLDER.glob("*.lua")))
