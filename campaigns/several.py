"""Several plays asked for at once: each numbered and drawn by itself, all or none begun, and shown together."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from campaigns import plays as single
from campaigns.plays import Asked, Decided, Plays
from campaigns.refusals import AllPlaysTaken, NoChanceLeft, Over, PartlyPlayed, Paused, TooFewChances
from campaigns.versions import Versions
from core.errors import InvalidField, Unavailable

NO_MORE = (AllPlaysTaken, NoChanceLeft, Over, Paused, TooFewChances)


class Several:
    def __init__(self, *, plays: Plays, versions: Versions) -> None:
        self._plays = plays
        self._versions = versions

    async def play(self, asked: Asked) -> bytes:
        """The answers of `asked.times` plays, in their order. The same request gives the same bytes for ever.

        Raises InvalidField when the campaign does not let so many be asked for, and TooFewChances, having played none, when the
        member has not so many. Should a part of them be lost with the counters, asking again plays what is missing, and
        PartlyPlayed is raised while that is not to be had. Never are fewer shown than were asked for.
        """
        await self._may_be_asked(asked)
        first = await self._plays.admit(asked)
        parts = [replace(first, place=place) for place in range(asked.times)]
        for _ in range(single.ATTEMPTS_MAX):
            decided = await self._decide(parts)
            if decided is not None and await self._plays.settle(*decided):
                await self._plays.count_wins(asked, *decided)
                shown = [await self._plays.show(each.entry, asked.campaign) for each in decided]
                return b'{"plays":[' + b",".join(shown) + b"]}"
            await asyncio.sleep(single.PAUSE_SECONDS)
        raise Unavailable(reason="the campaign is recovering")

    async def _may_be_asked(self, asked: Asked) -> None:
        running = await self._versions.running(asked.campaign)
        most = running.version.config.limits.plays_at_once_max or 1
        if asked.times > most and not await self._plays.is_known(asked, running):
            raise InvalidField(("times", f"must be at most {most}"))

    async def _decide(self, parts: list[Asked]) -> list[Decided] | None:
        """What the parts became, or will be once the ledger holds it. None says that something was mended: ask again."""
        first, *others = parts
        begun = await self._plays.decide(first, after=others)
        if begun is None:
            return None
        decided = [begun, *begun.after]
        for part in parts[len(decided) :]:
            try:
                each = await self._plays.decide(part)
            except NO_MORE as refusal:
                raise PartlyPlayed(played=part.place, times=part.times) from refusal
            if each is None:
                return None
            decided.append(each)
        return decided
