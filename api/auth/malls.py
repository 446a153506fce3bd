"""Malls and their signing secrets: two may live at once, so that a mall can change its secret without a gap."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.models import Mall, Member
from api.auth.tokens import new_token
from campaigns.models import Campaign
from core.ids import Entropy, Ids
from core.sealing import Sealer

SECRETS_LIVE_MAX = 2


async def create_mall(
    session: AsyncSession,
    *,
    key: str,
    name: dict[str, str],
    allowed_origins: Sequence[str],
    ids: Ids,
    entropy: Entropy,
    sealer: Sealer,
    now: datetime,
) -> tuple[Mall, str]:
    """A new mall and its first signing secret, which is told here and nowhere again."""
    mall = Mall(id=ids.new(), key=key, name=name, secrets=[], allowed_origins=list(allowed_origins), created_at=now)
    secret = add_secret(mall, entropy=entropy, sealer=sealer)
    session.add(mall)
    await session.flush()
    return mall, secret


def add_secret(mall: Mall, *, entropy: Entropy, sealer: Sealer) -> str:
    """Give the mall a new signing secret; the older of two dies. The secret's text is the HMAC key, byte for byte."""
    secret = new_token(entropy)
    kid = entropy.bytes(6).hex()
    sealed = base64.b64encode(sealer.seal(secret.encode(), bound_to=_bound_to(mall, kid))).decode()
    mall.secrets = [{"kid": kid, "sealed": sealed}, *mall.secrets][:SECRETS_LIVE_MAX]
    return secret


def secrets_of(mall: Mall, sealer: Sealer) -> dict[str, str]:
    """The live secrets by their key id."""
    return {
        kept["kid"]: sealer.open(base64.b64decode(kept["sealed"]), bound_to=_bound_to(mall, kept["kid"])).decode()
        for kept in mall.secrets
    }


async def mall_by_key(session: AsyncSession, key: str) -> Mall | None:
    return (await session.scalars(select(Mall).where(Mall.key == key))).one_or_none()


async def origins_of_campaign(session: AsyncSession, campaign_id: str) -> list[str] | None:
    """The origins that the campaign's mall registered, or None when there is no such campaign."""
    find = select(Mall.allowed_origins).join(Campaign, Campaign.mall_id == Mall.id).where(Campaign.id == campaign_id)
    return await session.scalar(find)


async def name_of_member(session: AsyncSession, member_id: str) -> str | None:
    """How the mall calls a member (`sub`), or None when there is no such member."""
    return await session.scalar(select(Member.sub).where(Member.id == member_id))


def _bound_to(mall: Mall, kid: str) -> str:
    return f"mall:{mall.id}:{kid}"
