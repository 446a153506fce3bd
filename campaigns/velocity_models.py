"""Decisions about velocity: what a member was told and why, one row for as long as a rule looks back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

RULE_CHARS_MAX = 32


class VelocityDecision(Base):
    """What followed when a member came to what a rule of the campaign allows. `rule` is the rule as it was then.

    `until` is when the rule allows the next ask, or a block ends; `passed_at` is when the mall said that the member had
    passed its check. Whose count it was is not kept: the rule says of what it is, and the counters hold it for as long as the
    rule looks back.
    """

    __tablename__ = "velocity_decision"
    __table_args__ = (
        Index("ix_velocity_decision_campaign", "campaign_id", "at", "id"),
        Index("ix_velocity_decision_member", "campaign_id", "member_id", "rule_key", "at"),
        CheckConstraint("action IN ('slow_down', 'challenge', 'review', 'block')", name="action_is_known"),
        CheckConstraint("passed_at IS NULL OR action = 'challenge'", name="only_challenges_are_passed"),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    version: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[str] = mapped_column(id_type())
    rule_key: Mapped[str] = mapped_column(String(RULE_CHARS_MAX))
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    action: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
