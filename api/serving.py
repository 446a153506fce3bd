"""The API process: the application under uvicorn, tuned for short answers."""

from __future__ import annotations

import uvicorn

from api.app import create_app
from api.settings import Settings

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 30
STOP_SECONDS_MAX = 10
CONNECTIONS_MAX = 10_000


def serve_api(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in hand."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        forwarded_allow_ips=settings.trusted_proxies,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    uvicorn.Server(config).run()
