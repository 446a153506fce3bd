"""The ledger of redeem codes: batches of them, who redeemed which, and who guessed wrong.

A redemption takes a number of its code, one of its member in the batch, and points at the grant it made. Each number is
UNIQUE and within what the batch allows, so no code is redeemed more often than it may be, nor twice by one member, and
none without chances given for it, whatever comes at once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

NAME_CHARS_MAX = 100
CODES_MAX = 100_000
"""How many codes a batch may hold."""


class CodeBatch(Base):
    """Codes of one campaign on the same terms; the terms are never changed once written.

    `member_uses` is how many of its codes one member may redeem. Its own hours may be open to either side.
    """

    __tablename__ = "code_batch"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    chances: Mapped[int]
    uses: Mapped[int]
    member_uses: Mapped[int]
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lasts: Mapped[str] = mapped_column(String(16))
    """Until when its chances may be played: the end of `today`, `days` later, or as long as the `campaign`."""
    days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("id", "campaign_id", "uses", "member_uses", name="uq_code_batch_terms"),
        CheckConstraint("chances >= 1 AND uses >= 1 AND member_uses >= 1", name="gives_something"),
        CheckConstraint("(lasts = 'days') = (days IS NOT NULL)", name="days_are_counted"),
    )


class RedeemCode(Base):
    """One code of a batch, as a keyed hash; what it reads is told once and kept nowhere."""

    __tablename__ = "redeem_code"

    batch_id: Mapped[str] = mapped_column(ForeignKey("code_batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[str] = mapped_column(id_type())
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))

    __table_args__ = (
        UniqueConstraint("campaign_id", "digest"),
        CheckConstraint(f"number >= 1 AND number <= {CODES_MAX}", name="within_batch"),
    )


class CodeRedemption(Base):
    """A member redeemed a code: the code's use of that number, and the member's of the batch, and the grant it made."""

    __tablename__ = "code_redemption"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    batch_id: Mapped[str] = mapped_column(id_type())
    code_number: Mapped[int]
    number: Mapped[int]
    uses: Mapped[int]
    campaign_id: Mapped[str] = mapped_column(id_type())
    member_id: Mapped[str] = mapped_column(id_type())
    member_number: Mapped[int]
    member_uses: Mapped[int]
    grant_number: Mapped[int]
    redeemed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("batch_id", "code_number", "number", name="uq_code_redemption_use"),
        UniqueConstraint("batch_id", "code_number", "member_id", name="uq_code_redemption_member"),
        UniqueConstraint("batch_id", "member_id", "member_number", name="uq_code_redemption_member_use"),
        UniqueConstraint("campaign_id", "member_id", "grant_number", name="uq_code_redemption_grant"),
        ForeignKeyConstraint(
            ["batch_id", "code_number"], ["redeem_code.batch_id", "redeem_code.number"], name="fk_code_redemption_code"
        ),
        ForeignKeyConstraint(
            ["batch_id", "campaign_id", "uses", "member_uses"],
            ["code_batch.id", "code_batch.campaign_id", "code_batch.uses", "code_batch.member_uses"],
            name="fk_code_redemption_terms",
        ),
        ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number"],
            name="fk_code_redemption_grant",
        ),
        CheckConstraint("number >= 1 AND number <= uses", name="within_uses"),
        CheckConstraint("member_number >= 1 AND member_number <= member_uses", name="within_member_uses"),
    )


class WrongCode(Base):
    """A member's wrong code, numbered without gaps; the one that was too many says until when no other is looked at."""

    __tablename__ = "wrong_code"

    member_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lockouts: Mapped[int]
    """How often the member was locked out of late, this time among them."""
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
