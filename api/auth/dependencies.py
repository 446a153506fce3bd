"""Who is asking, as a route's argument."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth.operators import Actor, Role, actor_of
from api.auth.refusals import NotAllowed, NotSignedIn
from api.auth.sessions import MemberSession
from api.auth.tokens import bearer
from api.house import House, house_of

_member_scheme = HTTPBearer(scheme_name="member", description="A session token of a member.", auto_error=False)
_operator_scheme = HTTPBearer(scheme_name="operator", description="A token of an operator.", auto_error=False)
MemberCredentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_member_scheme)]
OperatorCredentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_operator_scheme)]
TheHouse = Annotated[House, Depends(house_of)]


async def current_session(house: TheHouse, credentials: MemberCredentials) -> MemberSession:
    """The member's live session; NotSignedIn without one."""
    token = _token(credentials)
    session = await house.sessions.resolve(token) if token else None
    if session is None:
        raise NotSignedIn
    return session


def operator_with(*roles: Role) -> Callable[..., Awaitable[Actor]]:
    """A dependency that lets in operators of these roles, and the owner; with none named, every operator."""
    allowed = {Role.OWNER, *(roles or Role)}

    async def operator(house: TheHouse, credentials: OperatorCredentials) -> Actor:
        token = _token(credentials)
        if not token:
            raise NotSignedIn
        async with house.database.reading() as session:
            actor = await actor_of(session, token, house.clock.now())
        if actor is None:
            raise NotSignedIn
        if actor.role not in allowed:
            raise NotAllowed(role=actor.role.value, needed=sorted(role.value for role in allowed))
        return actor

    return operator


def _token(credentials: HTTPAuthorizationCredentials | None) -> str | None:
    return bearer(f"{credentials.scheme} {credentials.credentials}") if credentials else None


CurrentSession = Annotated[MemberSession, Depends(current_session)]
AnyOperator = Annotated[Actor, Depends(operator_with())]
