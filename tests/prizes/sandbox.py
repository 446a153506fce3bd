"""The test's hand at the switches of the sandbox supplier and the sandbox wallet."""

from __future__ import annotations

from typing import Any

import httpx

SECRET = "sandbox-secret"
APP_KEY = "sandbox-app"


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


class SandboxWallet:
    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http

    async def reset(self) -> None:
        await self._http.delete(f"{self.url}/book")
        await self.fault("none")

    async def fault(self, *modes: str, **more: Any) -> None:
        answer = await self._http.put(f"{self.url}/faults", json={"modes": modes, **more})
        assert answer.status_code == 200, answer.text

    async def give(self, member: str, points: int) -> None:
        answer = await self._http.put(f"{self.url}/accounts/{member}", json={"points": points})
        assert answer.status_code == 200, answer.text

    async def points(self, member: str) -> int:
        return int((await self._book())["accounts"].get(member, 0))

    async def transfers(self) -> dict[str, dict[str, Any]]:
        transfers: dict[str, dict[str, Any]] = (await self._book())["transfers"]
        return transfers

    async def _book(self) -> dict[str, Any]:
        book: dict[str, Any] = (await self._http.get(f"{self.url}/book")).json()
        return book
