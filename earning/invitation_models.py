"""The ledger of invitations: the links members made, and the path of everybody who came by one.

A member is invited once in a campaign and never by themselves, whatever comes at once. What an invitation gave is an event
of the last gate (`event_models.py`), at which the row points.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type
from earning.event_models import EVENT_ID_CHARS_MAX

LINKS_MAX = 1000
"""How many links one member may make in a campaign, one after another; a link a day never comes to so many."""


class Invitation(Base):
    """A member's link. Its code is not kept: only what the code digests to."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    member_id: Mapped[str] = mapped_column(id_type())
    number: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id", "number"),
        UniqueConstraint("campaign_id", "digest"),
        UniqueConstraint("id", "campaign_id", "member_id", name="uq_invitation_inviter"),
        CheckConstraint(f"number >= 1 AND number <= {LINKS_MAX}", name="within_links"),
    )


class Invited(Base):
    """A member who came by an invitation: when, on what terms, what they did next, and what both were given for it.

    `due_at` is when the rewards were earned: by coming, or by the first play, as `reward_when` says. The events are named once
    the last gate has answered, with chances or with none; `rewarded_at` says that it has answered for everybody.
    """

    __tablename__ = "invited"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    campaign_id: Mapped[str] = mapped_column(id_type())
    member_id: Mapped[str] = mapped_column(id_type())
    invitation_id: Mapped[str] = mapped_column(id_type())
    inviter_id: Mapped[str] = mapped_column(id_type())
    reward_when: Mapped[str] = mapped_column(String(8))
    inviter_rule_id: Mapped[str] = mapped_column(ForeignKey("event_rule.id"))
    invitee_rule_id: Mapped[str | None] = mapped_column(ForeignKey("event_rule.id"))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_play_id: Mapped[str | None] = mapped_column(ForeignKey("play.id"))
    played_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    inviter_event: Mapped[str | None] = mapped_column(String(EVENT_ID_CHARS_MAX))
    invitee_event: Mapped[str | None] = mapped_column(String(EVENT_ID_CHARS_MAX))
    rewarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id"),
        UniqueConstraint("first_play_id"),
        UniqueConstraint("inviter_event"),
        UniqueConstraint("invitee_event"),
        ForeignKeyConstraint(
            ["invitation_id", "campaign_id", "inviter_id"],
            ["invitation.id", "invitation.campaign_id", "invitation.member_id"],
            name="fk_invited_invitation",
        ),
        ForeignKeyConstraint(
            ["mall_id", "inviter_event"], ["mall_event.mall_id", "mall_event.event_id"], name="fk_invited_inviter_event"
        ),
        ForeignKeyConstraint(
            ["mall_id", "invitee_event"], ["mall_event.mall_id", "mall_event.event_id"], name="fk_invited_invitee_event"
        ),
        Index("ix_invited_inviter", "campaign_id", "inviter_id", "id"),
        Index(
            "ix_invited_unplayed",
            "campaign_id",
            "member_id",
            postgresql_where=text("first_play_id IS NULL"),
            sqlite_where=text("first_play_id IS NULL"),
        ),
        Index(
            "ix_invited_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL AND rewarded_at IS NULL"),
            sqlite_where=text("due_at IS NOT NULL AND rewarded_at IS NULL"),
        ),
        CheckConstraint("inviter_id <> member_id", name="by_another"),
        CheckConstraint("(first_play_id IS NULL) = (played_at IS NULL)", name="play_is_whole"),
        CheckConstraint(
            "CASE WHEN reward_when = 'joined' THEN due_at IS NOT NULL "
            "ELSE reward_when = 'played' AND (due_at IS NULL OR first_play_id IS NOT NULL) END",
            name="earned_as_told",
        ),
        CheckConstraint(
            "due_at IS NOT NULL OR (inviter_event IS NULL AND invitee_event IS NULL)", name="given_when_earned"
        ),
        CheckConstraint(
            "rewarded_at IS NULL OR (inviter_event IS NOT NULL AND (invitee_rule_id IS NULL) = (invitee_event IS NULL))",
            name="rewarded_in_full",
        ),
    )
