"""Coming in: a launch token becomes a member's session, a password an operator's token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.auth.attempts import Attempts
from api.auth.dependencies import TheHouse
from api.auth.operators import TOKEN_LIFETIME, Role, by_password, issue_token
from api.auth.refusals import WrongPassword

router = APIRouter(prefix="/v1", tags=["sessions"])
_attempts = Attempts()


class LaunchToken(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: Annotated[str, Field(min_length=1, max_length=8192)]


class SessionMember(BaseModel):
    id: str


class MallName(BaseModel):
    zh: str
    en: str


class SessionMall(BaseModel):
    name: MallName


class NewSession(BaseModel):
    token: str
    expires_at: datetime
    member: SessionMember
    mall: SessionMall


class Password(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class NewToken(BaseModel):
    token: str
    expires_at: datetime
    role: Role


@router.post("/sessions", status_code=201)
async def open_session(launch: LaunchToken, house: TheHouse) -> NewSession:
    """Exchange a launch token for a member's session; each token is good for one."""
    opened = await house.sessions.open(launch.token)
    return NewSession(
        token=opened.token,
        expires_at=opened.session.expires_at,
        member=SessionMember(id=opened.session.member_id),
        mall=SessionMall(name=MallName(**opened.mall.name)),
    )


@router.post("/admin/tokens", status_code=201)
async def sign_in(password: Password, request: Request, house: TheHouse) -> NewToken:
    """An operator's token, good for twelve hours."""
    now = house.clock.now()
    origin = (request.client.host if request.client else "", password.email.strip().lower())
    _attempts.admit(origin, now)
    try:
        async with house.database.reading() as session:
            operator = await by_password(session, password.email, password.password)
    except WrongPassword:
        _attempts.failed(origin, now)
        raise
    async with house.database.transaction() as session:
        token = await issue_token(session, operator, entropy=house.entropy, now=now, lifetime=TOKEN_LIFETIME)
    return NewToken(token=token, expires_at=now + TOKEN_LIFETIME, role=Role(operator.role))
