"""Member sessions: opaque, 30 minutes idle, and known in the process so that a play reads no SQL to know its member."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.launch import LaunchClaims, prove
from api.auth.members import inserted, member_of
from api.auth.models import LaunchTokenUse, Mall, Member, MemberSessionRow
from api.auth.refusals import LaunchTokenUsed
from api.auth.tokens import new_token, token_hash
from api.auth.whereabouts import Whereabouts
from core.clock import Clock
from core.db import Database
from core.ids import Entropy, Ids
from core.sealing import Sealer

IDLE = timedelta(minutes=30)
RENEW_BELOW = timedelta(minutes=25)
CACHED = timedelta(minutes=5)
CACHED_MAX = 50_000
PURGE_ROWS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSession:
    """Who is asking, and for which mall; `campaign_id` is the only campaign they may touch when it is set.

    `device` is a digest, "" when the mall named none.
    """

    member_id: str
    sub: str
    mall_id: str
    campaign_id: str | None
    attributes: Mapping[str, Any]
    device: str = ""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session just opened: the one time its token is told."""

    token: str
    session: MemberSession
    mall: Mall


class Sessions:
    """Opens and resolves member sessions. What it knows by heart is at most `CACHED` old and bounded in number."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ids: Ids,
        entropy: Entropy,
        sealer: Sealer,
        whereabouts: Whereabouts,
        audience: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._sealer = sealer
        self._audience = audience
        self._whereabouts = whereabouts
        self._known: OrderedDict[str, tuple[datetime, MemberSession]] = OrderedDict()

    async def open(self, launch_token: str) -> Opened:
        """Exchange a launch token; LaunchTokenInvalid or LaunchTokenUsed when it proves nothing (any more)."""
        now = self._clock.now()
        async with self._database.reading() as reading:
            mall, claims = await prove(reading, launch_token, audience=self._audience, sealer=self._sealer, now=now)
        async with self._database.transaction() as writing:
            await _use_up(writing, mall, claims)
            member_id = await member_of(writing, mall.id, claims.sub, new_id=self._ids.new(), now=now)
            session = MemberSession(
                member_id=member_id,
                sub=claims.sub,
                mall_id=mall.id,
                campaign_id=str(claims.campaign) if claims.campaign else None,
                attributes=claims.attributes,
                device=self._whereabouts.device(mall.id, claims.device),
                expires_at=now + IDLE,
            )
            token = new_token(self._entropy)
            writing.add(_row(token_hash(token), session, origin=claims.origin))
        self._remember(token, session, now)
        return Opened(token=token, session=session, mall=mall)

    def cached(self, token: str) -> MemberSession | None:
        """The session, when this process has looked it up a moment ago; never waits."""
        known = self._known.get(token)
        if known is None:
            return None
        fresh_until, session = known
        if self._clock.now() < fresh_until:
            return session
        del self._known[token]
        return None

    async def resolve(self, token: str) -> MemberSession | None:
        """The live session of a token, or None; being asked for keeps it alive."""
        return self.cached(token) or await self._look_up(token)

    async def _look_up(self, token: str) -> MemberSession | None:
        now = self._clock.now()
        key = token_hash(token)
        async with self._database.reading() as reading:
            found = (await reading.execute(_of_token.where(MemberSessionRow.token_hash == key))).one_or_none()
        if found is None or found[0].expires_at <= now:
            return None
        row, sub = found
        expires_at = row.expires_at
        if expires_at - now < RENEW_BELOW:
            expires_at = now + IDLE
            renewal = update(MemberSessionRow).where(MemberSessionRow.token_hash == key).values(expires_at=expires_at)
            async with self._database.transaction() as writing:
                await writing.execute(renewal)
        session = MemberSession(
            member_id=row.member_id,
            sub=sub,
            mall_id=row.mall_id,
            campaign_id=row.campaign_id,
            attributes=row.attributes,
            device=row.device,
            expires_at=expires_at,
        )
        self._remember(token, session, now)
        return session

    def _remember(self, token: str, session: MemberSession, now: datetime) -> None:
        self._known[token] = (min(now + CACHED, session.expires_at), session)
        self._known.move_to_end(token)
        while len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)


async def purge_expired(session: AsyncSession, now: datetime) -> int:
    """Forget sessions and used launch tokens that can be of no use any more, a bounded number at a time."""
    gone = 0
    for model, key in ((MemberSessionRow, MemberSessionRow.token_hash), (LaunchTokenUse, LaunchTokenUse.jti)):
        old = select(key).where(model.expires_at < now).limit(PURGE_ROWS_MAX).scalar_subquery()
        result = await session.execute(delete(model).where(key.in_(old), model.expires_at < now).returning(key))
        gone += len(result.all())
    return gone


async def _use_up(session: AsyncSession, mall: Mall, claims: LaunchClaims) -> None:
    values = {"mall_id": mall.id, "jti": claims.jti, "expires_at": claims.unusable_after}
    if not await inserted(session, LaunchTokenUse, values):
        raise LaunchTokenUsed


_of_token = select(MemberSessionRow, Member.sub).join(Member, Member.id == MemberSessionRow.member_id)


def _row(key: bytes, session: MemberSession, *, origin: str | None) -> MemberSessionRow:
    return MemberSessionRow(
        token_hash=key,
        member_id=session.member_id,
        mall_id=session.mall_id,
        campaign_id=session.campaign_id,
        attributes=dict(session.attributes),
        device=session.device,
        origin=origin,
        expires_at=session.expires_at,
    )
