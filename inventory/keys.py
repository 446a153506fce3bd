"""Every key there is. All keys of one lane of a campaign share a slot: `{campaign:lane}`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneKeys:
    """The keys of one lane of one campaign."""

    campaign: str
    lane: int = 0

    @property
    def tag(self) -> str:
        return f"{{{self.campaign}:{self.lane}}}"

    @property
    def counters(self) -> str:
        """hash: epoch, version, state, seq, committed, day; per tally of the campaign its next numbers and gaps."""
        return f"{self.tag}:counters"

    @property
    def plays(self) -> str:
        """stream: one entry a play, with id `epoch-seq`, until the ledger has it."""
        return f"{self.tag}:plays"

    def member(self, member: str) -> str:
        """hash: epoch, plays, day, day_plays, at, play, grants; the tallies of the member; the latest idempotency keys."""
        return f"{self.tag}:member:{member}"

    def velocity(self, rule: str, subject: str) -> str:
        """sorted set: what a rule counts of a member, device or network → the hour it came, in ms."""
        return f"{self.tag}:velocity:{rule}:{subject}"

    def passes(self, rule: str, member: str) -> str:
        """string: how many more asks the mall's check lets the member make, whatever the rule says."""
        return f"{self.tag}:passes:{rule}:{member}"

    def told(self, rule: str, member: str) -> str:
        """string: the decision that the member was told about the rule, for as long as the rule looks back."""
        return f"{self.tag}:told:{rule}:{member}"
