"""What clients were shown, byte by byte: kept apart from everything that is under test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from campaigns.answers import first_answer
from campaigns.ledger import Ledger
from campaigns.models import Play
from campaigns.plays import Asked
from campaigns.versions import Versions
from core.db import Database


@dataclass
class Journal:
    shown: dict[tuple[str, str], bytes] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def note(self, asked: Asked, answer: bytes) -> None:
        known = self.shown.setdefault((asked.member, asked.key), answer)
        if known != answer:
            self.violations.append(f"I5: key {asked.key} was shown {known.decode()} and later {answer.decode()}")

    def has(self, asked: Asked) -> bool:
        return (asked.member, asked.key) in self.shown

    def blame(self, violation: str) -> None:
        self.violations.append(violation)

    async def compare(self, database: Database, versions: Versions) -> None:
        """I3: everything shown is in the ledger, and the ledger still says the same."""
        for (_, key), answer in self.shown.items():
            told = json.loads(answer)
            held = [await self._held(each, key, database, versions) for each in told.get("plays", [told])]
            written = held[0] if "plays" not in told else b'{"plays":[' + b",".join(held) + b"]}"
            if written != answer:
                self.blame(f"I3: key {key} was shown {answer.decode()} and the ledger says {written.decode()}")

    async def _held(self, told: dict[str, Any], key: str, database: Database, versions: Versions) -> bytes:
        async with database.reading() as session:
            play = await session.get(Play, told["id"])
        if play is None:
            self.blame(f"I3: key {key} was shown {told['awarded']}, play {told['id']}, which is in no ledger")
            return b""
        return first_answer(Ledger.entry_of(play), await versions.at(told["campaign_id"], play.version))
