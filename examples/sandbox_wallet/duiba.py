"""The wallet as a mall serves it in the 兑吧 dialect: `GET /duiba/debit`, `/duiba/credit` and `/duiba/notice`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response

from examples.sandbox_wallet.book import Book, Transfer

WANTED = {
    "debit": ("uid", "credits", "orderNum", "appKey", "timestamp", "description", "type", "actualPrice"),
    "credit": ("uid", "credits", "orderNum", "appKey", "timestamp", "type"),
    "notice": ("uid", "success", "orderNum", "appKey", "timestamp"),
}
POINTS_DIGITS_MAX = 12


def fault_of(kind: str, parameters: Mapping[str, str], *, app_key: str, secret: str) -> str | None:
    """What is wrong with a call, or None."""
    values = [value for _, value in sorted({**parameters, "appSecret": secret, "sign": ""}.items())]
    expected = hashlib.md5("".join(values).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(parameters.get("sign", "").encode(), expected.encode()):
        return "签名错误"
    if parameters.get("appKey") != app_key:
        return "appKey 不符"
    missing = [name for name in WANTED[kind] if not parameters.get(name)]
    points = parameters.get("credits", "0")
    if missing or not (points.isascii() and points.isdigit() and len(points) <= POINTS_DIGITS_MAX):
        return f"参数有误：{','.join(missing) or 'credits'}"
    return None


def conclude(book: Book, parameters: Mapping[str, str]) -> None:
    """Take a notice of result: a failure gives the points back once, a success ends the order."""
    order, uid = parameters["orderNum"], parameters["uid"]
    debit = book.transfers.get(order)
    if parameters["success"] == "true":
        if debit is not None:
            debit.is_confirmed = not debit.is_refunded
        return
    points = debit.points if debit is not None else 0
    if debit is None:  # it may still be on its way, and must find its order closed
        book.open(order, kind="debit", member=uid, points=points)[0].reason = "closed"
    book.refund(order, refund_id=f"{order}:back", member=uid, points=points)


def answer(book: Book, transfer: Transfer) -> Response:
    balance = str(book.balance(transfer.member))
    if transfer.status == "done":
        return JSONResponse({"status": "ok", "errorMessage": "", "bizId": transfer.reference, "credits": balance})
    return failure(transfer.reason or "失败", balance=balance)


def failure(message: str, *, balance: str = "0") -> Response:
    return JSONResponse({"status": "fail", "errorMessage": message, "credits": balance})


def taken() -> Response:
    return PlainTextResponse("ok")
