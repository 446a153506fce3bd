"""Calls as a mall's server signs them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx

from api.house import House
from prizes.fulfilment.suppliers.signing import sign
from tests.support.people import AMall


async def mall_calls(
    client: httpx.AsyncClient, house: House, mall: AMall, method: str, path: str, **body: Any
) -> httpx.Response:
    content = json.dumps(body) if body else ""
    signed = sign(secret=mall.secret, message_id=str(uuid4()), content=content or path, now=house.clock.now())
    headers = {**signed, "windfall-mall": mall.key, "content-type": "application/json"}
    return await client.request(method, path, content=content, headers=headers)
