"""`python -m examples.demo_mall`: serve the demo mall."""

from __future__ import annotations

import uvicorn

from examples.demo_mall.app import build
from examples.demo_mall.settings import MallSettings


def main() -> None:
    """Serve until stopped."""
    settings = MallSettings()
    uvicorn.run(build(settings), host=settings.host, port=settings.port, log_level="warning")


if __name__ == "__main__":
    main()
