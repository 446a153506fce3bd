"""What the supplier remembers: orders, how often each was asked for, and how often it was really topped up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

ORDERS_MAX: Final = 200_000


class OtherContent(Exception):
    """The order's id was used before with another body."""


class BookFull(Exception):
    """More orders than a sandbox remembers."""


@dataclass(slots=True)
class Order:
    order_id: str
    body: dict[str, Any] = field(repr=False)
    status: str = "accepted"
    reference: str | None = None
    reason: str | None = None
    posts: int = 0
    queries: int = 0
    top_ups: int = 0

    def answer(self) -> dict[str, Any]:
        return {"order_id": self.order_id, "status": self.status, "reference": self.reference, "reason": self.reason}

    def counts(self) -> dict[str, Any]:
        """Everything but the body, which holds a phone number."""
        return {name: value for name, value in asdict(self).items() if name != "body"}


class Book:
    """Orders by id. `top_ups` above 1 on any of them is what must never happen."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}

    def open(self, order_id: str, body: dict[str, Any]) -> tuple[Order, bool]:
        """The order and whether it is to be carried out now; a refused one may be tried again."""
        order = self.orders.get(order_id)
        if order is None:
            if len(self.orders) >= ORDERS_MAX:
                raise BookFull
            order = self.orders[order_id] = Order(order_id, body)
        elif order.body != body:
            raise OtherContent
        order.posts += 1
        return order, order.posts == 1 or order.status == "refused"

    def forget(self, order: Order) -> None:
        """As if the order had never arrived; one that was topped up stays in the book."""
        if not order.top_ups:
            del self.orders[order.order_id]

    def top_up(self, order: Order) -> None:
        order.top_ups += 1
        order.status, order.reason = "delivered", None
        order.reference = f"sandbox-{order.order_id[-12:]}"

    def refuse(self, order: Order) -> None:
        order.status, order.reason = "refused", "number-not-served"
