"""Who is calling when a mall's server does: Standard Webhooks 1.0 with one of the mall's live secrets, as a route's argument."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from api.auth.dependencies import TheHouse
from api.auth.malls import mall_by_key, secrets_of
from prizes.fulfilment.suppliers.signing import SignatureInvalid, verify

SignatureHeader = Annotated[str | None, Header(description="Standard Webhooks 1.0.", max_length=1024)]
MallKey = Annotated[str | None, Header(description="The mall's key.", max_length=64)]


async def calling_mall(
    request: Request,
    house: TheHouse,
    *,
    windfall_mall: MallKey = None,
    webhook_id: SignatureHeader = None,  # noqa: ARG001 - declared for the document; read from the headers
    webhook_timestamp: SignatureHeader = None,  # noqa: ARG001
    webhook_signature: SignatureHeader = None,  # noqa: ARG001
) -> str:
    """The id of the mall that signed the call: its body, or its path when there is none. SignatureInvalid otherwise."""
    try:
        content = (await request.body()).decode() or request.url.path
    except UnicodeDecodeError:
        raise SignatureInvalid from None
    async with house.database.reading() as session:
        mall = await mall_by_key(session, windfall_mall or "")
    if mall is None:
        raise SignatureInvalid
    for secret in secrets_of(mall, house.sealer).values():
        try:
            verify(secret=secret, headers=request.headers, content=content, now=house.clock.now())
        except SignatureInvalid:
            continue
        return mall.id
    raise SignatureInvalid


CallingMall = Annotated[str, Depends(calling_mall)]
