"""The ledger of events: what the mall may report, what it reported, and what was granted of it.

What a rule has granted stands beside the most it may, and the one is never above the other, whatever a program believes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

EVENT_ID_CHARS_MAX = 100
RULE_KEY_CHARS_MAX = 32
RULE_NAME_CHARS_MAX = 100
ZONE_CHARS_MAX = 64


class EventRule(Base):
    """What a kind of event gives, and the most it gives. `revision` counts the changes."""

    __tablename__ = "event_rule"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    key: Mapped[str] = mapped_column(String(RULE_KEY_CHARS_MAX))
    revision: Mapped[int]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    zone: Mapped[str] = mapped_column(String(ZONE_CHARS_MAX))
    chances_last: Mapped[str] = mapped_column(String(16))
    chances_days: Mapped[int | None]
    event_max: Mapped[int]
    member_period: Mapped[str | None] = mapped_column(String(8))
    member_period_max: Mapped[int | None]
    member_max: Mapped[int | None]
    all_max: Mapped[int | None] = mapped_column(BigInteger)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("mall_id", "key"),
        CheckConstraint("(member_period IS NULL) = (member_period_max IS NULL)", name="period_is_whole"),
    )


class MallEvent(Base):
    """One event, as it was reported and as it was granted; never changed once written."""

    __tablename__ = "mall_event"

    mall_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(EVENT_ID_CHARS_MAX), primary_key=True)
    rule_id: Mapped[str] = mapped_column(ForeignKey("event_rule.id"))
    rule_revision: Mapped[int]
    member_id: Mapped[str] = mapped_column(id_type())
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked: Mapped[int] = mapped_column(BigInteger)
    granted: Mapped[int]
    cuts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The caps that were in the way: `[{"cap", "most", "left"}]`; none where all that was asked was granted."""
    grant_number: Mapped[int | None]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_mall_event_received", "mall_id", "received_at", "event_id"),
        Index("ix_mall_event_rule_member", "rule_id", "member_id", "received_at"),
        CheckConstraint("granted >= 0 AND granted <= asked", name="never_more_than_asked"),
        CheckConstraint("(granted = 0) = (grant_number IS NULL)", name="granted_is_given"),
    )


class RuleSpent(Base):
    """What a rule has granted so far: to a member in a period, to a member, or in all (both named ""). Made when first needed,
    of the events there were.
    """

    __tablename__ = "rule_spent"

    rule_id: Mapped[str] = mapped_column(ForeignKey("event_rule.id"), primary_key=True)
    member: Mapped[str] = mapped_column(String(36), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    most: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("amount >= 0 AND amount <= most", name="within_most"),)
