"""The wallet's HTTP face.

`POST /transfers` and `GET /transfers/{id}` are signed as Standard Webhooks (a request without a body signs its path);
`GET /duiba/…` are signed as that dialect is. `PUT /faults`, `GET /book`, `DELETE /book` and `PUT /accounts/{member}` are
for the person or the test at the switch. A real wallet would also refuse old timestamps; this one does not, so that a
test may set its own clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from examples.sandbox import BODY_BYTES_MAX, OVERSIZE_CHARS, Signatures, garbage, hang, problem, switch, unreadable
from examples.sandbox_wallet import duiba
from examples.sandbox_wallet.book import Book, BookFull, OtherContent, Transfer
from examples.sandbox_wallet.faults import BEFORE, Faults, Mode

POINTS_MAX: Final = 10**12


class TransferBody(BaseModel):
    """What a transfer must hold; a refund names its debit."""

    model_config = ConfigDict(extra="forbid")

    transfer_id: UUID
    kind: Literal["debit", "credit", "refund"]
    member: Annotated[str, Field(min_length=1, max_length=128)]
    points: Annotated[int, Field(ge=1, le=POINTS_MAX)]
    cause: Annotated[str, Field(min_length=1, max_length=32)]
    debit_id: UUID | None = None


class Points(BaseModel):
    model_config = ConfigDict(extra="forbid")
    points: Annotated[int, Field(ge=0, le=POINTS_MAX)]


class Wallet:
    """One running wallet: its book and its faults."""

    def __init__(self, *, secret: str, app_key: str) -> None:
        self.book = Book()
        self.faults = Faults()
        self._secret = secret
        self._app_key = app_key
        self._signatures = Signatures(secret)

    async def transfer(self, request: Request) -> Response:
        raw = await request.body()
        if len(raw) > BODY_BYTES_MAX:
            return problem(413, "body-too-large")
        if not self._signatures.fits(request, raw.decode(errors="replace")):
            return problem(401, "signature-invalid")
        try:
            body = TransferBody.model_validate_json(raw)
        except ValidationError:
            return problem(400, "malformed-transfer")
        if (body.kind == "refund") != (body.debit_id is not None):
            return problem(400, "malformed-transfer")
        return await self._under_faults(lambda mode: self._move(body, refuse=mode is Mode.REFUSE))

    async def query(self, request: Request) -> Response:
        if not self._signatures.fits(request, request.url.path):
            return problem(401, "signature-invalid")
        transfer = self.book.transfers.get(str(request.path_params["transfer_id"]))
        return problem(404, "never-arrived") if transfer is None else self._say(transfer, status=200)

    async def duiba(self, request: Request) -> Response:
        kind, parameters = request.path_params["kind"], dict(request.query_params)
        if kind not in duiba.WANTED:
            return problem(404, "no-such-endpoint")
        fault = duiba.fault_of(kind, parameters, app_key=self._app_key, secret=self._secret)
        if fault is not None:
            return duiba.failure(fault)
        if kind == "notice":
            return await self._under_faults(lambda _: self._conclude(parameters))
        return await self._under_faults(lambda mode: self._order(kind, parameters, refuse=mode is Mode.REFUSE))

    def _move(self, body: TransferBody, *, refuse: bool) -> Response:
        transfer_id, member, points = str(body.transfer_id), body.member, body.points
        if body.debit_id is not None:
            refund, is_new = self.book.refund(str(body.debit_id), refund_id=transfer_id, member=member, points=points)
            return self._say(refund, status=201 if is_new else 200)
        transfer, is_new = self.book.open(transfer_id, kind=body.kind, member=member, points=points)
        self._carry_out(transfer, is_new=is_new, refuse=refuse)
        return self._say(transfer, status=201 if is_new else 200)

    def _order(self, kind: str, parameters: dict[str, str], *, refuse: bool) -> Response:
        known = self.book.transfers.get(parameters["orderNum"])
        if known is not None and known.reason == "closed":
            return duiba.answer(self.book, known)
        transfer, is_new = self.book.open(
            parameters["orderNum"], kind=kind, member=parameters["uid"], points=int(parameters["credits"])
        )
        self._carry_out(transfer, is_new=is_new, refuse=refuse)
        return duiba.answer(self.book, transfer)

    def _conclude(self, parameters: dict[str, str]) -> Response:
        duiba.conclude(self.book, parameters)
        return duiba.taken()

    def _carry_out(self, transfer: Transfer, *, is_new: bool, refuse: bool) -> None:
        if is_new and refuse:
            self.book.refuse(transfer)
        elif is_new:
            self.book.move(transfer, transfer.points if transfer.kind == "credit" else -transfer.points)

    async def _under_faults(self, move: Callable[[Mode], Response]) -> Response:
        mode = self.faults.next_mode()
        if mode in BEFORE:
            return await _before(mode)
        try:
            answer = move(mode)
        except OtherContent:
            return problem(409, "transfer-id-reused")
        except BookFull:
            return problem(503, "sandbox-full")
        return await _after(mode, answer)

    def _say(self, transfer: Transfer, *, status: int) -> Response:
        refused = transfer.status == "refused"
        content = {
            "transfer_id": transfer.id,
            "status": transfer.status,
            "reference": None if refused else transfer.reference,
            "balance": self.book.balance(transfer.member),
            "reason": transfer.reason,
        }
        return JSONResponse(content, status_code=422 if refused and status == 201 else status)  # noqa: PLR2004 (created)


async def _before(mode: Mode) -> Response:
    """What is said when nothing was moved."""
    match mode:
        case Mode.RATE_LIMIT:
            return problem(429, "too-many-transfers")
        case Mode.LOST_BEFORE_SUCCESS:
            await hang()
    return problem(503, "out-of-order")


async def _after(mode: Mode, answer: Response) -> Response:
    """What is said of what was moved."""
    match mode:
        case Mode.TIMEOUT_AFTER_SUCCESS:
            await hang()
        case Mode.ERROR_AFTER_SUCCESS:
            return problem(500, "internal-error")
        case Mode.GARBAGE:
            return garbage()
        case Mode.OVERSIZE:
            return Response(bytes(answer.body) + b" " * OVERSIZE_CHARS, media_type="application/json")
        case Mode.OTHER_TRANSFER if b'"transfer_id"' in answer.body:
            said = json.loads(bytes(answer.body))
            return JSONResponse({**said, "transfer_id": str(uuid4()), "status": "refused"})
        case Mode.REDIRECT:
            return RedirectResponse("/elsewhere")
    return answer


def create_app(*, secret: str, app_key: str) -> Starlette:
    """The wallet as an application; `secret` signs the calls of both dialects."""
    wallet = Wallet(secret=secret, app_key=app_key)
    app = Starlette(
        routes=[
            Route("/transfers", wallet.transfer, methods=["POST"]),
            Route("/transfers/{transfer_id:uuid}", wallet.query),
            Route("/duiba/{kind}", wallet.duiba),
            Route("/book", _book, methods=["GET", "DELETE"]),
            Route("/accounts/{member}", _account, methods=["PUT"]),
            *switch(Faults),
        ],
    )
    app.state.sandbox = wallet
    return app


def _wallet(request: Request) -> Wallet:
    wallet: Wallet = request.app.state.sandbox
    return wallet


async def _book(request: Request) -> Response:
    wallet = _wallet(request)
    if request.method == "DELETE":
        wallet.book = Book()
    transfers = {key: transfer.counts() for key, transfer in wallet.book.transfers.items()}
    return JSONResponse({"accounts": wallet.book.accounts, "transfers": transfers})


async def _account(request: Request) -> Response:
    try:
        given = Points.model_validate_json(await request.body())
    except ValidationError as fault:
        return unreadable(fault)
    _wallet(request).book.accounts[request.path_params["member"]] = given.points
    return JSONResponse(given.model_dump())
