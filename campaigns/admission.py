"""Whom a play lets in: what the mall signed about the member, the lists they are on, and whether they are blocked.

A campaign whose audience names no list reads nothing here but the mall's blocks, once a second (`blocks.py`). One that names
lists looks into their index once a play.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from campaigns.audience import NotEligible
from campaigns.blocks import Blocked, Blocks
from campaigns.lists import lists_with
from campaigns.versions import Version
from core.clock import Clock
from core.db import Database
from core.errors import Refusal


class Found(NamedTuple):
    """The campaign's lists that the member is on, and why they may not play, if so."""

    lists: frozenset[str]
    refusal: Refusal | None


class Admission:
    def __init__(self, *, database: Database, blocks: Blocks, clock: Clock) -> None:
        self._database = database
        self._blocks = blocks
        self._clock = clock

    async def look(self, version: Version, *, sub: str | None, attributes: Mapping[str, Any]) -> Found:
        """`sub` is the mall's own id of the member; without one, nothing is known but the attributes."""
        lists = await self._lists_with(version, sub)
        block = await self._blocks.of(version.mall, sub) if sub is not None else None
        if block is not None:
            return Found(lists, Blocked(until=block.until))
        asks = version.config.unmet(attributes, self._clock.now(), on_lists=lists)
        return Found(lists, NotEligible(asks=asks) if asks else None)

    async def look_again(self, version: Version, *, sub: str | None, attributes: Mapping[str, Any]) -> Found:
        """The same by what the ledger says now, so that nobody is refused for what was lifted a moment ago."""
        if sub is not None:
            await self._blocks.look_again(version.mall)
        return await self.look(version, sub=sub, attributes=attributes)

    async def _lists_with(self, version: Version, sub: str | None) -> frozenset[str]:
        named = version.config.lists
        if not named or sub is None:
            return frozenset()
        async with self._database.reading() as session:
            return await lists_with(session, named, sub)
