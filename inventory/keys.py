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
