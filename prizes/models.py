"""Tables of the room: the catalogue, code pools, awards and everything that happens to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

SKU_CHARS_MAX = 64
NAME_CHARS_MAX = 200
MERCHANT_CHARS_MAX = 100
DETAIL_CHARS_MAX = 500
REASON_CHARS_MAX = 500
EMAIL_CHARS_MAX = 254
WORD_CHARS_MAX = 32
REFERENCE_CHARS_MAX = 128

Document = JSON().with_variant(JSONB(), "postgresql")
OptionalDocument = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Serial = BigInteger().with_variant(Integer(), "sqlite")


class Product(Base):
    """A thing that can be won. Money is in minor units of `currency`."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("mall_id", "sku"),
        CheckConstraint("market_value >= 0 AND cost >= 0 AND points >= 0", name="amounts_not_negative"),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    sku: Mapped[str] = mapped_column(String(SKU_CHARS_MAX))
    name_zh: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    name_en: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    form: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    type: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    merchant: Mapped[str] = mapped_column(String(MERCHANT_CHARS_MAX))
    currency: Mapped[str] = mapped_column(String(3))
    market_value: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(String(DETAIL_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Award(Base):
    """A win and its life until it is in the winner's hands. One that a play won by itself has the play's id.

    `won_by` is how: by the play's own draw, or by a raffle, in which the play is a ticket.
    `attempt` is the fencing number: it grows with every lease, and only the holder of the newest may record an outcome.
    `failures` counts what went wrong since the last sign of progress. `due_at` is null when the worker has nothing to do.

    A win under review is born held, `held_for` a rule with this key, and stays so until `released_at`, or until it is void.
    `told` is what the winner is told about that, in zh and en.

    A win that is `covered_until` an instant is not its winner's to see, nor is anything of it begun, before they uncovered
    it or the instant has come: that was at `uncovered_at`.
    """

    __tablename__ = "award"
    __table_args__ = (
        Index(
            "ix_award_due",
            "type",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_award_member", "member_id", "won_at", "id"),
        Index("ix_award_queue", "mall_id", "state", "won_at", "id"),
        Index("ix_award_campaign", "campaign_id"),
        Index(
            "ix_award_covered",
            "covered_until",
            postgresql_where=text("covered_until IS NOT NULL AND uncovered_at IS NULL"),
            sqlite_where=text("covered_until IS NOT NULL AND uncovered_at IS NULL"),
        ),
        UniqueConstraint("play_id", "won_by"),
        CheckConstraint("won_by IN ('play', 'raffle')", name="way_is_known"),
        CheckConstraint("released_at IS NULL OR held_for IS NOT NULL", name="only_held_is_released"),
        CheckConstraint(
            "CASE WHEN held_for IS NULL OR released_at IS NOT NULL THEN state <> 'held'"
            " ELSE state IN ('held', 'void') END",
            name="held_until_released",
        ),
        CheckConstraint("uncovered_at IS NULL OR covered_until IS NOT NULL", name="only_covered_is_uncovered"),
        CheckConstraint(
            "CASE WHEN covered_until IS NULL OR uncovered_at IS NOT NULL THEN state <> 'covered'"
            " ELSE state IN ('covered', 'held', 'void') END",
            name="covered_until_uncovered",
        ),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    campaign_id: Mapped[str] = mapped_column(id_type())
    member_id: Mapped[str] = mapped_column(id_type())
    play_id: Mapped[str] = mapped_column(id_type())
    won_by: Mapped[str] = mapped_column(String(8), server_default="play")
    product_id: Mapped[str] = mapped_column(id_type())
    line: Mapped[str] = mapped_column(String(64))
    unit: Mapped[int | None] = mapped_column(BigInteger)
    prize: Mapped[dict[str, Any]] = mapped_column(Document)
    type: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    state: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    won_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claim_before: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempt: Mapped[int] = mapped_column(Integer)
    failures: Mapped[int] = mapped_column(Integer)
    held_for: Mapped[str | None] = mapped_column(String(WORD_CHARS_MAX))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[dict[str, str] | None] = mapped_column(OptionalDocument)
    covered_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uncovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(REASON_CHARS_MAX))

    @property
    def is_covered(self) -> bool:
        return self.covered_until is not None and self.uncovered_at is None


class AwardRejection(Base):
    """What an operator proposed about a held win, the other one who confirmed it, or the release that dropped it."""

    __tablename__ = "award_rejection"
    __table_args__ = (
        CheckConstraint("proposed_by <> confirmed_by", name="by_two_people"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_whole"),
        CheckConstraint("confirmed_at IS NULL OR dropped_at IS NULL", name="ends_once"),
    )

    award_id: Mapped[str] = mapped_column(id_type(), ForeignKey("award.id"), primary_key=True)
    proposed_by: Mapped[str] = mapped_column(String(EMAIL_CHARS_MAX))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(REASON_CHARS_MAX))
    told: Mapped[dict[str, str]] = mapped_column(Document)
    """What the winner is told about it, in zh and en."""
    confirmed_by: Mapped[str | None] = mapped_column(String(EMAIL_CHARS_MAX))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Claim(Base):
    """What the winner gave, sealed and bound to the award; `sealed` is null once erased."""

    __tablename__ = "award_claim"

    award_id: Mapped[str] = mapped_column(id_type(), ForeignKey("award.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One attempt to hand an award over, committed before the call; at most one of an award's attempts delivers."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("award_id", "attempt"),
        Index(
            "uq_delivery_once",
            "award_id",
            unique=True,
            postgresql_where=text("outcome = 'delivered'"),
            sqlite_where=text("outcome = 'delivered'"),
        ),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    award_id: Mapped[str] = mapped_column(id_type(), ForeignKey("award.id"))
    attempt: Mapped[int] = mapped_column(Integer)
    act: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(WORD_CHARS_MAX))
    reference: Mapped[str | None] = mapped_column(String(REFERENCE_CHARS_MAX))
    reason: Mapped[str | None] = mapped_column(String(REASON_CHARS_MAX))


class Parcel(Base):
    """The way of a physical prize: one row, hence one shipment, per award."""

    __tablename__ = "parcel"

    award_id: Mapped[str] = mapped_column(id_type(), ForeignKey("award.id"), primary_key=True)
    exported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    carrier: Mapped[str | None] = mapped_column(String(64))
    tracking_number: Mapped[str | None] = mapped_column(String(64))
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PoolCode(Base):
    """One code of a product's pool. `digest` is a keyed hash: it finds duplicates and reveals nothing."""

    __tablename__ = "pool_code"
    __table_args__ = (
        UniqueConstraint("product_id", "digest"),
        Index(
            "ix_pool_code_free",
            "product_id",
            "id",
            postgresql_where=text("award_id IS NULL"),
            sqlite_where=text("award_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    product_id: Mapped[str] = mapped_column(id_type(), ForeignKey("product.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    award_id: Mapped[str | None] = mapped_column(id_type(), ForeignKey("award.id"), unique=True)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Outbox(Base):
    """Something that must happen because of a committed change; written with the change, done at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("topic", "subject_id"),
        Index(
            "ix_outbox_todo",
            "topic",
            "id",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(id_type())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
