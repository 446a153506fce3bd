"""Run the sandbox wallet: `python -m examples.sandbox_wallet`.

SANDBOX_WALLET_SECRET signs the calls of both dialects and must be set; SANDBOX_WALLET_APP_KEY is the name under which the
兑吧 dialect calls (sandbox); SANDBOX_WALLET_HOST and _PORT say where to listen (127.0.0.1, 8003).
"""

from __future__ import annotations

import os
import sys

import uvicorn

from examples.sandbox_wallet.app import create_app


def main() -> None:
    secret = os.environ.get("SANDBOX_WALLET_SECRET", "")
    if not secret:
        sys.exit("SANDBOX_WALLET_SECRET is missing: it signs every call.")
    uvicorn.run(
        create_app(secret=secret, app_key=os.environ.get("SANDBOX_WALLET_APP_KEY", "sandbox")),
        host=os.environ.get("SANDBOX_WALLET_HOST", "127.0.0.1"),
        port=int(os.environ.get("SANDBOX_WALLET_PORT", "8003")),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
