"""The ledger of purchases: what a member asked to buy, how far it has come, and the numbers it has taken of each limit.

The steps from state to state are a CHECK, a purchase that was granted points at its grant by foreign key, and whatever a
limit counts is numbered: what must not happen twice cannot be written down twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

NEW: Final = "new"


class State(StrEnum):
    """How far a purchase has come; `refused`, `refunded` and `done` are ends."""

    SENDING = "sending"
    """The debit was written down and may have been sent."""
    READY = "ready"
    """The debit certainly never arrived; it may be sent again."""
    UNKNOWN = "unknown"
    """Nobody knows whether the points were taken: ask before anything is sent."""
    REFUSED = "refused"
    """Nothing was taken, and nothing will be."""
    GRANTED = "granted"
    """The points were taken and the chances are there; the wallet is still to be told."""
    DONE = "done"
    REFUNDING = "refunding"
    """Cannot be honoured: whatever was taken goes back."""
    REFUNDED = "refunded"
    STUCK = "stuck"
    """The wallet will not give back what it may have taken: for people."""


STEPS: Final[Mapping[str, tuple[State, ...]]] = {
    NEW: (State.SENDING,),
    State.SENDING: (State.READY, State.UNKNOWN, State.REFUSED, State.GRANTED, State.REFUNDING),
    State.READY: (State.SENDING, State.REFUSED),
    State.UNKNOWN: (State.REFUSED, State.GRANTED, State.REFUNDING),
    State.GRANTED: (State.DONE,),
    State.REFUNDING: (State.REFUNDED, State.REFUSED, State.STUCK),
    State.STUCK: (State.REFUNDING,),
}
ENDS: Final = (State.DONE, State.REFUSED, State.REFUNDED)
GIVEN: Final = (State.GRANTED, State.DONE)
_RESTS: Final = (*ENDS, State.STUCK)


def _in(column: str, *words: str) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


_LEGAL: Final = _in("came_from || '>' || state", *(f"{old}>{new}" for old, onward in STEPS.items() for new in onward))


class ChancePurchase(Base):
    """One wish to buy chances with points; its id is the id of the debit.

    `attempt` counts the calls to the wallet, of which only the newest counts; `tries` those of the present state. An open one
    is due at an hour and held by whoever took it up until `leased_until`. `is_ours` says that the built-in wallet keeps the points.
    """

    __tablename__ = "chance_purchase"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    mall_id: Mapped[str] = mapped_column(id_type())
    member_id: Mapped[str] = mapped_column(id_type())
    request_key: Mapped[str] = mapped_column(String(22))
    """Digest of the member's Idempotency-Key."""
    fingerprint: Mapped[str] = mapped_column(String(22))
    chances: Mapped[int]
    price: Mapped[int]
    """Points for each chance."""
    points: Mapped[int] = mapped_column(BigInteger)
    is_ours: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    honour_until: Mapped[datetime] = mapped_column(UtcDateTime)
    """From here on nothing is granted any more, and what was taken goes back."""
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the chances may be played; null for as long as the campaign."""
    state: Mapped[str] = mapped_column(String(16))
    came_from: Mapped[str] = mapped_column(String(16))
    """The state before this one."""
    reason: Mapped[str | None] = mapped_column(String(64))
    reference: Mapped[str | None] = mapped_column(String(255))
    balance: Mapped[int | None] = mapped_column(BigInteger)
    """What the wallet said the member had left."""
    attempt: Mapped[int]
    tries: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    debited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When we learnt that the points were taken."""
    grant_number: Mapped[int | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id", "request_key"),
        UniqueConstraint("campaign_id", "member_id", "grant_number"),
        ForeignKeyConstraint(
            ["campaign_id", "member_id", "grant_number", "chances"],
            ["chance_grant.campaign_id", "chance_grant.member_id", "chance_grant.number", "chance_grant.amount"],
            name="fk_chance_purchase_grant",
        ),
        CheckConstraint(_LEGAL, name="legal_step"),
        CheckConstraint("chances >= 1 AND price >= 1 AND points = chances * price", name="is_paid_for"),
        CheckConstraint(f"({_in('state', *GIVEN)}) = (grant_number IS NOT NULL)", name="granted_is_given"),
        CheckConstraint(
            f"NOT ({_in('state', *GIVEN, State.REFUNDED)}) OR debited_at IS NOT NULL", name="settled_was_taken"
        ),
        CheckConstraint("state <> 'refused' OR debited_at IS NULL", name="refused_is_untaken"),
        CheckConstraint(f"({_in('state', *_RESTS)}) = (due_at IS NULL)", name="open_is_due"),
        Index(
            "ix_chance_purchase_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_chance_purchase_mall", "mall_id", "asked_at"),
    )


class ChancePurchaseNumber(Base):
    """One number of a limit on what a member buys, taken by a purchase. It is free again when nothing came of that."""

    __tablename__ = "chance_purchase_number"

    campaign_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    member_id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    tally: Mapped[str] = mapped_column(String(8), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    most: Mapped[int]
    purchase_id: Mapped[str] = mapped_column(ForeignKey("chance_purchase.id"), index=True)

    __table_args__ = (CheckConstraint("number >= 1 AND number <= most", name="within_limit"),)
