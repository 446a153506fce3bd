"""Who may come in: malls and their members, operators, and the audit of what operators did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.models import SUB_CHARS_MAX
from core.db import Base, UtcDateTime, id_type

TOKEN_HASH_BYTES = 32
JTI_CHARS_MAX = 128


class Mall(Base):
    """A tenant. `secrets` holds at most two live signing secrets, sealed, newest first: `[{"kid", "sealed"}]`."""

    __tablename__ = "mall"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(JSON)
    secrets: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    allowed_origins: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Member(Base):
    """A mall's user, known by the pseudonym the mall signs as `sub`."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("mall_id", "sub"),)

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type(), ForeignKey("mall.id"))
    sub: Mapped[str] = mapped_column(String(SUB_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberSessionRow(Base):
    """One visit. Only the hash of its token is kept; `campaign_id` fences it to one campaign when the mall asked so."""

    __tablename__ = "member_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(TOKEN_HASH_BYTES), primary_key=True)
    member_id: Mapped[str] = mapped_column(id_type(), ForeignKey("member.id"))
    mall_id: Mapped[str] = mapped_column(id_type(), ForeignKey("mall.id"))
    campaign_id: Mapped[str | None] = mapped_column(id_type())
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON)
    device: Mapped[str] = mapped_column(String(22), server_default="")
    """A keyed digest of the device that the mall named; "" when it named none."""
    origin: Mapped[str | None] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LaunchTokenUse(Base):
    """A launch token that was exchanged; its primary key is what makes a token single-use."""

    __tablename__ = "launch_token_use"

    mall_id: Mapped[str] = mapped_column(id_type(), ForeignKey("mall.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(String(JTI_CHARS_MAX), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Operator(Base):
    """A person who runs campaigns for one mall, in one role."""

    __tablename__ = "operator"

    id: Mapped[str] = mapped_column(id_type(), primary_key=True)
    mall_id: Mapped[str] = mapped_column(id_type(), ForeignKey("mall.id"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OperatorToken(Base):
    """A bearer token of an operator, for programs; only its hash is kept."""

    __tablename__ = "operator_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(TOKEN_HASH_BYTES), primary_key=True)
    operator_id: Mapped[str] = mapped_column(id_type(), ForeignKey("operator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """One change by an operator. Each row's hash covers its content and the hash of the row before it."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "mall_id", "subject_type", "subject_id"),)

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    mall_id: Mapped[str] = mapped_column(id_type())
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[Any] = mapped_column(JSON)
    after: Mapped[Any] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(500))
    request_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
