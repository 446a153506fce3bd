"""The ledger of chances: what members were given, and which play used each.

What is numbered is UNIQUE, and a used chance points at its grant by foreign key: no chance is used twice, and none that was
not given, whatever Redis may come to believe.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type


class ChanceGrant(Base):
    """So many chances that a member was given in a campaign, to be played until an hour; never changed once written."""

    __tablename__ = "chance_grant"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(100))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "source", "reference"),
        UniqueConstraint("campaign_id", "member_id", "number", "amount", name="uq_chance_grant_amount"),
        CheckConstraint("number >= 1 AND amount >= 1", name="is_something"),
    )


class ChanceUse(Base):
    """One chance of a grant, and the play that used it; no two plays use the same."""

    __tablename__ = "chance_use"

    campaign_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    member_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    grant_number: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    play_id: Mapped[str] = mapped_column(ForeignKey("play.id"))

    __table_args__ = (
        UniqueConstraint("play_id"),
        ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number", "amount"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number", "chance_grant.amount"],
            name="fk_chance_use_grant",
        ),
        CheckConstraint("number >= 1 AND number <= amount", name="within_amount"),
    )
