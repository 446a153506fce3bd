"""The test's hand at the sandbox supplier's switches."""

from __future__ import annotations

from typing import Any

import httpx


class Sandbox:
    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http

    async def reset(self) -> None:
        await self._http.delete(f"{self.url}/book")
        await self.fault("none")

    async def fault(self, mode: str, **more: Any) -> None:
        answer = await self._http.put(f"{self.url}/faults", json={"mode": mode, **more})
        assert answer.status_code == 200, answer.text

    async def orders(self) -> dict[str, dict[str, Any]]:
        orders: dict[str, dict[str, Any]] = (await self._http.get(f"{self.url}/book")).json()["orders"]
        return orders

    async def top_ups(self, award_id: str) -> int:
        order = (await self.orders()).get(award_id)
        return int(order["top_ups"]) if order else 0
