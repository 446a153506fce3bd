"""Challenges that malls say their members have passed."""

from __future__ import annotations

from campaigns.velocity_decisions import challenge_of, rule_of
from campaigns.velocity_models import VelocityDecision
from core.clock import Clock
from core.db import Database
from inventory.connection import Connection
from inventory.keys import LaneKeys
from inventory.velocity import let_pass


class Challenges:
    def __init__(self, *, database: Database, connection: Connection, clock: Clock) -> None:
        self._database = database
        self._connection = connection
        self._clock = clock

    async def passed(self, *, mall: str, challenge: str) -> VelocityDecision:
        """The member may ask as often again as the rule allows, from the first time the mall says so. Raises NotFound."""
        async with self._database.transaction() as session:
            decision = await challenge_of(session, mall=mall, challenge=challenge, for_update=True)
            is_new, decision.passed_at = decision.passed_at is None, decision.passed_at or self._clock.now()
            rule = rule_of(decision)
            if is_new:  # before it is committed: should this fail, the mall says it again
                await let_pass(
                    self._connection,
                    LaneKeys(decision.campaign_id),
                    rule=rule.counted_as,
                    member=decision.member_id,
                    times=rule.most,
                    span_ms=rule.seconds * 1000,
                )
        return decision
