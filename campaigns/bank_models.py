"""Banks: what operators upload for a game, such as questions. An item never changes; one that is bad is withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime, id_type

CATEGORY_CHARS_MAX = 64


class Bank(Base):
    """`items` is how many it holds, numbered from 1 in the order in which they came."""

    __tablename__ = "bank"
    __table_args__ = (UniqueConstraint("mall_id", "key"),)

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type(), ForeignKey("mall.id"))
    key: Mapped[str] = mapped_column(String(32))
    game: Mapped[str] = mapped_column(String(32))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    items: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BankItem(Base):
    """`mark` is a digest of what makes it the same item as another; `withdrawn_at` is when rounds began to do without it."""

    __tablename__ = "bank_item"
    __table_args__ = (
        UniqueConstraint("bank_id", "mark"),
        Index("ix_bank_item_category", "bank_id", "category", "number"),
        CheckConstraint("number >= 1", name="numbered_from_one"),
    )

    bank_id: Mapped[str] = mapped_column(id_type(), ForeignKey("bank.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(CATEGORY_CHARS_MAX))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
