"""Where suppliers call back; their word is only a reason to go and ask."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.auth.dependencies import TheHouse
from api.auth.mall_calls import SignatureHeader
from prizes.fulfilment.phone_topup import SUPPLIER
from prizes.fulfilment.suppliers import callbacks
from prizes.fulfilment.suppliers.signing import SignatureInvalid

router = APIRouter(prefix="/v1/suppliers", tags=["suppliers"])
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["order_id"],
                    "properties": {"order_id": {"type": "string", "format": "uuid"}},
                },
                "example": {"order_id": "01930000-0000-7000-8000-000000000000", "status": "delivered"},
            }
        },
    }
}


@router.post(f"/{SUPPLIER}/callbacks", status_code=204, response_class=Response, openapi_extra=_BODY)
async def topup_called_back(
    request: Request,
    house: TheHouse,
    webhook_id: SignatureHeader = None,  # noqa: ARG001 - declared for the document; read from the headers
    webhook_timestamp: SignatureHeader = None,  # noqa: ARG001
    webhook_signature: SignatureHeader = None,  # noqa: ARG001
) -> Response:
    """The phone credit supplier reports on an order; signed, repeatable, and confirmed by a query before it counts."""
    secret = house.fulfilment.settings.topup_secret
    if secret is None:
        raise SignatureInvalid
    body = await request.body()
    async with house.database.transaction() as session:
        await callbacks.receive(
            session,
            supplier=SUPPLIER,
            secret=secret,
            headers=request.headers,
            body=body,
            now=house.clock.now(),
        )
    return Response(status_code=204)
