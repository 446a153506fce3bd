"""Commands that start something."""

from __future__ import annotations

import logging
import sys

import typer
import uvloop
from rich.console import Console

from api.cli.sentences import sentences
from api.migrating import migrate as migrate_database
from api.serving import serve_api
from api.settings import Settings, load_settings
from api.supervisor import run as run_everything
from api.worker import run_worker
from core.log import configure_logging

console = Console()


def add_commands(app: typer.Typer) -> None:
    for command in (run, api, worker, migrate):
        app.command()(command)


def run() -> None:
    """Run everything on this machine: servers, worker, demo mall and sandbox supplier. Ctrl-C stops it all."""
    with sentences():
        run_everything(_prepared(), console)


def api() -> None:
    """Run the API alone."""
    with sentences():
        serve_api(_prepared())


def worker() -> None:
    """Run the worker alone."""
    with sentences():
        uvloop.run(run_worker(_prepared()))


def migrate() -> None:
    """Bring the database to the newest shape."""
    with sentences():
        migrate_database(_prepared().database_url)


def _prepared() -> Settings:
    settings = load_settings()
    configure_logging(level=settings.log_level, json_lines=not sys.stderr.isatty())
    for chatty in ("uvicorn", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    return settings
