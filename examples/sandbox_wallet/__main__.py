"""Run the sandbox wallet: `python -m examples.sandbox_wallet`.

SANDBOX_WALLET_SECRET signs the calls of both dialects and must be set; SANDBOX_WALLET_APP_KEY is the name under which the
兑吧 dialect calls (sandbox); SANDBOX_WALLET_HOST and _PORT say where to listen (127.0.0.1, 8003).
"""

from __future__ import annotations

from examples.sandbox import Environment, serve
from examples.sandbox_wallet.app import create_app


def main() -> None:
    told = Environment("SANDBOX_WALLET")
    secret = told.secret(signs="every call")
    serve(create_app(secret=secret, app_key=told.get("APP_KEY", "sandbox")), told, port=8003)


if __name__ == "__main__":
    main()
