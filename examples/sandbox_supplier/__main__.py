"""Run the sandbox supplier: `python -m examples.sandbox_supplier`.

SANDBOX_SUPPLIER_SECRET signs both ways and must be set; SANDBOX_SUPPLIER_HOST and _PORT say where to listen
(127.0.0.1, 8002); SANDBOX_SUPPLIER_CALLBACK_URL is where finished orders are reported, nowhere when it is empty.
"""

from __future__ import annotations

import os
import sys

import uvicorn

from examples.sandbox_supplier.app import create_app


def main() -> None:
    secret = os.environ.get("SANDBOX_SUPPLIER_SECRET", "")
    if not secret:
        sys.exit("SANDBOX_SUPPLIER_SECRET is missing: it signs orders and callbacks.")
    uvicorn.run(
        create_app(secret=secret, callback_url=os.environ.get("SANDBOX_SUPPLIER_CALLBACK_URL") or None),
        host=os.environ.get("SANDBOX_SUPPLIER_HOST", "127.0.0.1"),
        port=int(os.environ.get("SANDBOX_SUPPLIER_PORT", "8002")),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
