"""The gate of velocity: counts every new ask to play, and decides what follows where a rule says that it is too many.

A campaign without rules passes here at no cost; one with rules pays one round trip. The counts are soft, for they decide
no odds and hand out nothing; what was decided on them is written down before the member hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from campaigns.blocks import Blocked, Blocks, block, block_of
from campaigns.game import Text
from campaigns.velocity import VelocityRule
from campaigns.velocity_decisions import challenge_of, rule_of, standing
from campaigns.velocity_models import VelocityDecision
from campaigns.versions import Running
from core.clock import Clock
from core.db import Database, hold
from core.errors import Refusal
from core.ids import Ids
from inventory.connection import Connection
from inventory.keys import LaneKeys
from inventory.velocity import Level, Window, count, let_pass, remember

AUTHOR = "velocity rule {key}"


class SlowDown(Refusal, code="slow-down"):
    """The member, their device or their network asks faster than the campaign lets anybody; nothing was used."""

    def __init__(self, *, told: Text, retry_at: datetime, retry_after_seconds: int) -> None:
        super().__init__(told=told.model_dump(), retry_at=retry_at, retry_after_seconds=retry_after_seconds)


class ChallengeNeeded(Refusal, code="challenge-needed"):
    """The mall must check the member, and say that they passed, before they may go on; nothing was used."""

    def __init__(self, *, challenge_id: str, told: Text) -> None:
        super().__init__(challenge_id=challenge_id, told=told.model_dump())


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: the member, and digests of the device and of the network they ask from, "" where nothing is known."""

    member: str
    sub: str | None
    device: str = ""
    network: str = ""

    @property
    def subjects(self) -> Mapping[str, str]:
        return {"member": self.member, "device": self.device, "network": self.network}


class Over(NamedTuple):
    """A rule whose window is full."""

    rule: VelocityRule
    level: Level


class Counted(NamedTuple):
    """What the rules say of an ask: which one stops it, and which one puts under review what it wins."""

    stopped_by: Over | None = None
    review: str = ""


class VelocityGate:
    def __init__(self, *, database: Database, blocks: Blocks, connection: Connection, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._blocks = blocks
        self._connection = connection
        self._clock = clock
        self._ids = ids

    async def count(self, running: Running, visitor: Visitor, asks: Sequence[str]) -> Counted:
        """Count an ask, which consists of plays with these keys; a stopped one is not counted."""
        rules = self._rules_about(running, visitor)
        if not rules:
            return Counted()
        ids = {"plays": asks, "members": [visitor.member], "wins": []}
        asked = [(rule, ids[rule.counts]) for rule in rules]
        overs = await self._look(running, visitor, asked)
        if lifted := [each for each in overs if await self._is_lifted(running, visitor, each)]:
            for rule, _ in lifted:
                await self._let_pass(running.keys, visitor.member, rule)
            overs = await self._look(running, visitor, asked)
        stopping = [each for each in overs if each.rule.stops]
        if stopping:
            return Counted(stopped_by=max(stopping, key=lambda each: _STRENGTH[each.rule.action]))
        if not overs:
            return Counted()
        first = overs[0]
        if not first.level.told:
            await self._decide(running, visitor, first)
        return Counted(review=first.rule.key)

    async def count_wins(self, running: Running, visitor: Visitor, plays: Sequence[str]) -> None:
        """Count plays that won, once each."""
        rules = [rule for rule in self._rules_about(running, visitor) if rule.counts == "wins"]
        if rules and plays:
            await self._look(running, visitor, [(rule, plays) for rule in rules], may_stop=False)

    async def refuse(self, running: Running, visitor: Visitor, over: Over) -> Refusal:
        """What a stopped member is told, once it is written down; the same decision as long as it holds."""
        rule, level = over
        if rule.action == "challenge":
            challenge = level.told or (await self._decide(running, visitor, over)).id
            return ChallengeNeeded(challenge_id=challenge, told=rule.told)
        if rule.action == "block":
            until = (await self._decide(running, visitor, over)).until
            await self._blocks.look_again(running.version.mall)
            return Blocked(until=until)
        if not level.told:
            await self._decide(running, visitor, over)
        wait = -(-(level.free_at - self._clock.now()) // timedelta(seconds=1))
        return SlowDown(told=rule.told, retry_at=level.free_at, retry_after_seconds=max(wait, 1))

    async def passed(self, *, mall: str, challenge: str) -> VelocityDecision:
        """The member may ask as often again as the rule allows, from the first time the mall says so. Raises NotFound."""
        async with self._database.transaction() as session:
            decision = await challenge_of(session, mall=mall, challenge=challenge, for_update=True)
            if decision.passed_at is None:
                decision.passed_at = self._clock.now()
                # Before it is committed: should this fail, the mall says it again.
                await self._let_pass(LaneKeys(decision.campaign_id), decision.member_id, rule_of(decision))
        return decision

    def _rules_about(self, running: Running, visitor: Visitor) -> list[VelocityRule]:
        return [rule for rule in running.version.config.velocity if visitor.subjects[rule.of]]

    async def _look(
        self,
        running: Running,
        visitor: Visitor,
        asked: Sequence[tuple[VelocityRule, Sequence[str]]],
        *,
        may_stop: bool = True,
    ) -> list[Over]:
        windows = [
            Window(
                rule=rule.counted_as,
                subject=visitor.subjects[rule.of],
                member=visitor.member,
                span_ms=rule.seconds * 1000,
                most=rule.most,
                ids=ids,
                refreshes=rule.counts == "members",
                stops=may_stop and rule.stops,
            )
            for rule, ids in asked
        ]
        levels = await count(self._connection, running.keys, windows)
        return [Over(rule, level) for (rule, _), level in zip(asked, levels, strict=True) if level.is_over]

    async def _decide(self, running: Running, visitor: Visitor, over: Over) -> VelocityDecision:
        """What follows, written down once for as long as the rule looks back, or until a challenge is passed."""
        rule, now = over.rule, self._clock.now()
        async with self._database.transaction() as session:
            await hold(session, f"velocity {running.campaign} {visitor.member} {rule.key}")
            decision = await standing(session, campaign=running.campaign, member=visitor.member, rule=rule, now=now)
            if decision is None:
                decision = self._row(running, visitor, over, now=now)
                session.add(decision)
                if rule.action == "block" and visitor.sub is not None:
                    await block(
                        session,
                        mall=running.version.mall,
                        sub=visitor.sub,
                        until=decision.until,
                        reason=f"{rule.told.zh} {rule.told.en}",
                        author=AUTHOR.format(key=rule.key),
                        now=now,
                    )
        span_ms, keys = rule.seconds * 1000, running.keys
        await remember(
            self._connection, keys, rule=rule.counted_as, member=visitor.member, told=decision.id, span_ms=span_ms
        )
        return decision

    def _row(self, running: Running, visitor: Visitor, over: Over, *, now: datetime) -> VelocityDecision:
        rule = over.rule
        return VelocityDecision(
            id=self._ids.new(),
            campaign_id=running.campaign,
            version=running.version.number,
            member_id=visitor.member,
            rule_key=rule.key,
            rule=rule.model_dump(mode="json", exclude_none=True),
            action=rule.action,
            at=now,
            until=now + timedelta(seconds=rule.block_seconds) if rule.block_seconds else over.level.free_at,
            passed_at=None,
        )

    async def _is_lifted(self, running: Running, visitor: Visitor, over: Over) -> bool:
        """Whether the rule has blocked the member while it looks back, and somebody has let them play again."""
        if over.rule.action != "block" or visitor.sub is None:
            return False
        campaign, now = running.campaign, self._clock.now()
        async with self._database.reading() as session:
            decided = await standing(session, campaign=campaign, member=visitor.member, rule=over.rule, now=now)
            return decided is not None and not await block_of(
                session, mall=running.version.mall, sub=visitor.sub, now=now
            )

    async def _let_pass(self, keys: LaneKeys, member: str, rule: VelocityRule) -> None:
        await let_pass(
            self._connection,
            keys,
            rule=rule.counted_as,
            member=member,
            times=rule.most,
            span_ms=rule.seconds * 1000,
        )


_STRENGTH = {"slow_down": 1, "challenge": 2, "block": 3}
