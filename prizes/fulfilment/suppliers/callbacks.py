"""A supplier calls back: the signature is checked, and then the call is only a hint to go and ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidField
from prizes.awards import RETRY, SENDING, UNKNOWN, move
from prizes.fulfilment.router import FULFILLERS
from prizes.fulfilment.suppliers.signing import verify
from prizes.models import Award

log = structlog.get_logger()


class Callback(BaseModel):
    """All that we read of a callback; what it says about the outcome is not believed."""

    order_id: UUID


async def receive(
    session: AsyncSession, *, supplier: str, secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> None:
    """Make the award due for a query at once. Nothing else moves: late, repeated and contradicting calls are harmless.

    Refusals: SignatureInvalid, InvalidField. An order that we do not know is not told apart from one that is done.
    """
    text = body.decode("utf-8", errors="replace")
    verify(secret=secret, headers=headers, content=text, now=now)
    try:
        order_id = str(Callback.model_validate_json(body).order_id)
    except ValidationError:
        raise InvalidField(("order_id", "must be the id of an order")) from None
    award = await session.scalar(select(Award).where(Award.id == order_id).with_for_update())
    if award is None or not _is_served_by(award, supplier) or award.state not in (SENDING, UNKNOWN, RETRY):
        log.info("callback_moved_nothing", order_id=order_id, supplier=supplier, state=award.state if award else None)
        return
    if award.state == RETRY:
        move(award, UNKNOWN, now=now, reason="called-back")
    award.due_at = now
    await session.flush()


def _is_served_by(award: Award, supplier: str) -> bool:
    fulfiller = FULFILLERS.get(award.type)
    return fulfiller is not None and fulfiller.supplier == supplier
