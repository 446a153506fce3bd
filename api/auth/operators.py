"""Operators: people with a role in one mall, who sign in with a password or hold a token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.models import Operator, OperatorToken
from api.auth.refusals import WrongPassword
from api.auth.tokens import new_token, token_hash
from core.ids import Entropy, Ids

TOKEN_LIFETIME = timedelta(hours=12)
_PASSWORDS = PasswordHash.recommended()  # argon2id
_NOBODY = _PASSWORDS.hash("nobody has this password")
_HASHING = asyncio.Semaphore(2)  # argon2id takes 64 MiB and a core; more at once would starve the plays


class Role(StrEnum):
    """What an operator may do. The owner may do everything; everybody may look."""

    OWNER = "owner"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    FULFILMENT = "fulfilment"
    SUPPORT = "support"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The operator who asks, as an audit row names them."""

    operator_id: str
    mall_id: str
    email: str
    role: Role


async def create_operator(
    session: AsyncSession, *, mall_id: str, email: str, password: str, role: Role, ids: Ids, now: datetime
) -> Operator:
    operator = Operator(
        id=ids.new(),
        mall_id=mall_id,
        email=email.strip().lower(),
        password_hash=await _hashed(password),
        role=role.value,
        created_at=now,
    )
    session.add(operator)
    await session.flush()
    return operator


async def issue_token(
    session: AsyncSession, operator: Operator, *, entropy: Entropy, now: datetime, lifetime: timedelta | None
) -> str:
    """A new bearer token, told once; one without a lifetime is for programs and lives until it is taken back."""
    token = new_token(entropy)
    expires_at = None if lifetime is None else now + lifetime
    session.add(
        OperatorToken(token_hash=token_hash(token), operator_id=operator.id, created_at=now, expires_at=expires_at)
    )
    await session.flush()
    return token


async def actor_of(session: AsyncSession, token: str, now: datetime) -> Actor | None:
    """The operator who holds this token, or None when it is unknown or has expired."""
    found = await session.execute(
        select(Operator, OperatorToken.expires_at)
        .join(OperatorToken, OperatorToken.operator_id == Operator.id)
        .where(OperatorToken.token_hash == token_hash(token))
    )
    row = found.one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return as_actor(row.Operator)


async def by_password(session: AsyncSession, email: str, password: str) -> Operator:
    """The operator with this e-mail address and password; WrongPassword in the same time whichever of them is wrong."""
    operator = await session.scalar(select(Operator).where(Operator.email == email.strip().lower()))
    right = await _fits(password, operator.password_hash if operator else _NOBODY)
    if operator is None or not right:
        raise WrongPassword
    return operator


async def has_password(operator: Operator, password: str) -> bool:
    return await _fits(password, operator.password_hash)


async def set_password(operator: Operator, password: str) -> None:
    operator.password_hash = await _hashed(password)


def as_actor(operator: Operator) -> Actor:
    return Actor(operator_id=operator.id, mall_id=operator.mall_id, email=operator.email, role=Role(operator.role))


async def _hashed(password: str) -> str:
    async with _HASHING:
        return await asyncio.to_thread(_PASSWORDS.hash, password)


async def _fits(password: str, known: str) -> bool:
    async with _HASHING:
        return await asyncio.to_thread(_PASSWORDS.verify, password, known)
