"""Rounds: what happens between a member's beginning and the one play that it ends in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.models import SUB_CHARS_MAX
from core.db import Base, UtcDateTime, id_type


class Round(Base):
    """A member has one round at a time in a campaign, and each ends in one play.

    `state` is the game's own; `picked` are the numbers of the items it was begun with. A round is over from `over_at` on, with
    its score, and has ended once it has its play. `closed_for` is why it never will: the campaign ended first.
    """

    __tablename__ = "game_round"
    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id", "number"),
        Index(
            "uq_game_round_open",
            "campaign_id",
            "member_id",
            unique=True,
            postgresql_where=text("play_id IS NULL AND closed_for IS NULL"),
            sqlite_where=text("play_id IS NULL AND closed_for IS NULL"),
        ),
        Index(
            "ix_game_round_ends_by",
            "ends_by",
            postgresql_where=text("play_id IS NULL AND closed_for IS NULL"),
            sqlite_where=text("play_id IS NULL AND closed_for IS NULL"),
        ),
        Index("ix_game_round_scores", "campaign_id", "day", "points", "ms"),
        CheckConstraint("number >= 1", name="numbered_from_one"),
        CheckConstraint(
            "(over_at IS NULL) = (points IS NULL) AND (over_at IS NULL) = (ms IS NULL)", name="scored_when_over"
        ),
        CheckConstraint("play_id IS NULL OR over_at IS NOT NULL", name="played_when_over"),
        CheckConstraint("play_id IS NULL OR closed_for IS NULL", name="ends_once"),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    version: Mapped[int]
    member_id: Mapped[str] = mapped_column(id_type())
    sub: Mapped[str | None] = mapped_column(String(SUB_CHARS_MAX))
    number: Mapped[int]
    day: Mapped[int]
    """Days since 1970 in the campaign's zone, when it began."""
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the mall signed about the member: by these its play finds its pool, whoever ends it."""
    picked: Mapped[list[int]] = mapped_column(JSON)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_by: Mapped[datetime] = mapped_column(UtcDateTime)
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    points: Mapped[int | None]
    ms: Mapped[int | None] = mapped_column(BigInteger)
    play_id: Mapped[str | None] = mapped_column(ForeignKey("play.id"), unique=True)
    closed_for: Mapped[str | None] = mapped_column(String(32))
