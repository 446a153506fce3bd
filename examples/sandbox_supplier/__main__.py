"""Run the sandbox supplier: `python -m examples.sandbox_supplier`.

SANDBOX_SUPPLIER_SECRET signs both ways and must be set; SANDBOX_SUPPLIER_HOST and _PORT say where to listen
(127.0.0.1, 8002); SANDBOX_SUPPLIER_CALLBACK_URL is where finished orders are reported, nowhere when it is empty.
"""

from __future__ import annotations

from examples.sandbox import Environment, serve
from examples.sandbox_supplier.app import create_app


def main() -> None:
    told = Environment("SANDBOX_SUPPLIER")
    secret = told.secret(signs="orders and callbacks")
    serve(create_app(secret=secret, callback_url=told.get("CALLBACK_URL") or None), told, port=8002)


if __name__ == "__main__":
    main()
