"""Tables of the built-in wallet: accounts, transfers between them, and the lots in which points come and expire."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type
from prizes.models import WORD_CHARS_MAX

OWNER_CHARS_MAX: Final = 64


class WalletAccount(Base):
    """An account in points. `owner` is a member's id, or `mall` for the account from which points are issued.

    A member's account counts its entries and knows their sum, which is never below zero. The mall's has neither: every
    transfer of the mall would wait for its row.
    """

    __tablename__ = "wallet_account"
    __table_args__ = (
        UniqueConstraint("mall_id", "owner"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    owner: Mapped[str] = mapped_column(String(OWNER_CHARS_MAX))
    balance: Mapped[int | None] = mapped_column(BigInteger)
    entries: Mapped[int | None] = mapped_column(BigInteger)


class WalletTransfer(Base):
    """Points moved once between the mall and a member; the id is the cause's id, so a cause moves points once.

    A `closed` one moves nothing: it takes the id of a debit that must not happen any more. `debit_id` is what a refund
    gives back, and no two give back the same.
    """

    __tablename__ = "wallet_transfer"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type())
    kind: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    cause: Mapped[str] = mapped_column(String(WORD_CHARS_MAX))
    debit_id: Mapped[str | None] = mapped_column(id_type(), ForeignKey("wallet_transfer.id"), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class WalletEntry(Base):
    """One side of a transfer; the entries of a transfer add up to zero.

    A member's entries are numbered without a hole, and each holds the balance after it; the mall's have neither.
    """

    __tablename__ = "wallet_entry"
    __table_args__ = (
        UniqueConstraint("account_id", "number"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
    )

    transfer_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_transfer.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_account.id"), primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int | None] = mapped_column(BigInteger)
    balance: Mapped[int | None] = mapped_column(BigInteger)


class WalletLot(Base):
    """Points that came together and expire together; a lot only shrinks. `expires_at` is null for those that last."""

    __tablename__ = "wallet_lot"
    __table_args__ = (
        CheckConstraint("points > 0 AND remaining >= 0 AND remaining <= points", name="remaining_is_a_part"),
        Index(
            "ix_wallet_lot_account",
            "account_id",
            "expires_at",
            "id",
            postgresql_where=text("remaining > 0"),
            sqlite_where=text("remaining > 0"),
        ),
        Index(
            "ix_wallet_lot_due",
            "expires_at",
            postgresql_where=text("remaining > 0"),
            sqlite_where=text("remaining > 0"),
        ),
    )

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    account_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_account.id"))
    transfer_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_transfer.id"))
    points: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WalletTaking(Base):
    """What a debit or an expiry took out of a lot."""

    __tablename__ = "wallet_taking"
    __table_args__ = (
        CheckConstraint("points > 0", name="points_positive"),
        Index("ix_wallet_taking_lot", "lot_id"),
    )

    transfer_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_transfer.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(id_type(), ForeignKey("wallet_lot.id"), primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
