"""The supplier's HTTP face.

`POST /orders` and `GET /orders/{id}` are signed as Standard Webhooks (a request without a body signs its path), and so
are the callbacks. `PUT /faults`, `GET /book` and `DELETE /book` are for the person or the test at the switch.
A real supplier would also refuse old timestamps; this one does not, so that a test may set its own clock.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from examples.sandbox import BODY_BYTES_MAX, OVERSIZE_CHARS, Signatures, garbage, hang, problem, switch
from examples.sandbox_supplier.book import Book, BookFull, Order, OtherContent
from examples.sandbox_supplier.faults import Faults, Mode

CALLBACK_TRIES_MAX: Final = 3
CALLBACK_PAUSE_SECONDS: Final = 0.5


class OrderBody(BaseModel):
    """What an order must hold."""

    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    phone: Annotated[str, Field(pattern=r"^\+[0-9]{6,15}$")]
    item: Annotated[str, Field(min_length=1, max_length=32)]
    sku: Annotated[str, Field(min_length=1, max_length=64)]


class Rejected(Exception):
    """An order that is not even looked at."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Supplier:
    """One running supplier: its book, its faults and the callbacks that are on their way."""

    def __init__(self, *, secret: str, callback_url: str | None, http: httpx.AsyncClient) -> None:
        self.book = Book()
        self.faults = Faults()
        self._signatures = Signatures(secret)
        self._callback_url = callback_url
        self._http = http
        self._tasks: set[asyncio.Task[None]] = set()

    async def order(self, request: Request) -> Response:
        try:
            body = await self._read(request)
            order, is_due = self.book.open(str(body.order_id), body.model_dump(mode="json"))
        except Rejected as rejected:
            return problem(rejected.status, rejected.code)
        except OtherContent:
            return problem(409, "order-id-reused")
        except BookFull:
            return problem(503, "sandbox-full")
        await asyncio.sleep(self.faults.delay_ms / 1000)
        if not is_due and not self.faults.forgets:
            return JSONResponse(order.answer())
        return await self._carry_out(order, self.faults.next_mode())

    async def _read(self, request: Request) -> OrderBody:
        raw = await request.body()
        if len(raw) > BODY_BYTES_MAX:
            raise Rejected(413, "body-too-large")
        if not self._signatures.fits(request, raw.decode(errors="replace")):
            raise Rejected(401, "signature-invalid")
        try:
            return OrderBody.model_validate_json(raw)
        except ValidationError:
            raise Rejected(400, "malformed-order") from None

    async def query(self, request: Request) -> Response:
        if not self._signatures.fits(request, request.url.path):
            return problem(401, "signature-invalid")
        order = self.book.orders.get(str(request.path_params["order_id"]))
        if order is None:
            return problem(404, "never-arrived")
        order.queries += 1
        return JSONResponse(order.answer())

    async def _carry_out(self, order: Order, mode: Mode) -> Response:
        match mode:
            case Mode.ERROR_BEFORE:
                self.book.forget(order)
                return problem(503, "out-of-order")
            case Mode.RATE_LIMIT:
                self.book.forget(order)
                return problem(429, "too-many-orders")
            case Mode.REFUSE:
                self.book.refuse(order)
                return JSONResponse(order.answer(), status_code=422)
            case Mode.ACCEPT | Mode.ACCEPT_THEN_REFUSE:
                order.status = "accepted"
                self._later(self._settle(order, mode))
                return JSONResponse(order.answer(), status_code=202)
        self.book.top_up(order)
        self._later(self._call_back(order, times=3 if mode is Mode.DUPLICATE_CALLBACK else 1))
        return await self._answer(order, mode)

    async def _answer(self, order: Order, mode: Mode) -> Response:
        """What is said of an order that was topped up."""
        answer = JSONResponse(order.answer(), status_code=201)
        match mode:
            case Mode.TIMEOUT_AFTER_SUCCESS:
                await hang()
            case Mode.ERROR_AFTER_SUCCESS:
                return problem(500, "internal-error")
            case Mode.GARBAGE:
                return garbage()
            case Mode.OVERSIZE:
                return JSONResponse({**order.answer(), "padding": "x" * OVERSIZE_CHARS})
            case Mode.OTHER_ORDER:
                return JSONResponse({**order.answer(), "order_id": str(uuid4()), "status": "refused"})
            case Mode.REDIRECT:
                return RedirectResponse("/orders/elsewhere")
            case Mode.LATE_FAILURE:
                self._later(self._settle(order, mode))
        return answer

    async def _settle(self, order: Order, mode: Mode) -> None:
        await asyncio.sleep(self.faults.settle_ms / 1000)
        if mode is Mode.ACCEPT:
            self.book.top_up(order)
        else:
            self.book.refuse(order)
        await self._call_back(order, times=1)

    async def _call_back(self, order: Order, *, times: int) -> None:
        if self._callback_url is None:
            return
        content = json.dumps(order.answer())
        for _ in range(times):
            await self._send(order.order_id, content)

    async def _send(self, order_id: str, content: str) -> None:
        if self._callback_url is None:
            return
        for _ in range(CALLBACK_TRIES_MAX):
            headers = self._signatures.headers(order_id, content)
            try:
                response = await self._http.post(self._callback_url, content=content, headers=headers)
            except httpx.HTTPError:
                await asyncio.sleep(CALLBACK_PAUSE_SECONDS)
                continue
            if response.is_success:
                return

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def create_app(*, secret: str, callback_url: str | None) -> Starlette:
    """The supplier as an application; `secret` signs both ways."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            app.state.sandbox = Supplier(secret=secret, callback_url=callback_url, http=http)
            yield

    async def order(request: Request) -> Response:
        return await _supplier(request).order(request)

    async def query(request: Request) -> Response:
        return await _supplier(request).query(request)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/orders", order, methods=["POST"]),
            Route("/orders/{order_id:uuid}", query),
            Route("/book", _book, methods=["GET", "DELETE"]),
            *switch(Faults),
        ],
    )


def _supplier(request: Request) -> Supplier:
    supplier: Supplier = request.app.state.sandbox
    return supplier


async def _book(request: Request) -> Response:
    supplier = _supplier(request)
    if request.method == "DELETE":
        supplier.book = Book()
    return JSONResponse({"orders": {key: order.counts() for key, order in supplier.book.orders.items()}})
