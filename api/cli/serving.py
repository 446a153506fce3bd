"""Commands that start something. Each imports what it starts, so that the other commands start quickly."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio

import typer
from rich.console import Console

from api.cli.preparing import prepared
from api.cli.sentences import sentences

console = Console()


def add_commands(app: typer.Typer) -> None:
    for command in (run, api, worker, migrate):
        app.command()(command)


def run() -> None:
    """Run everything on this machine: servers, worker, demo mall and sandbox supplier. Ctrl-C stops it all."""
    from api.supervisor import run as run_everything

    with sentences():
        run_everything(prepared(), console)


def api() -> None:
    """Run the API alone."""
    from api.engines import need_engines
    from api.serving import serve_api

    with sentences():
        settings = prepared()
        asyncio.run(need_engines(settings))
        serve_api(settings)


def worker() -> None:
    """Run the worker alone."""
    import uvloop

    from api.engines import need_engines
    from api.worker import run_worker

    with sentences():
        settings = prepared()
        asyncio.run(need_engines(settings))
        uvloop.run(run_worker(settings))


def migrate() -> None:
    """Bring the tables of the database up to date."""
    from api.migrating import migrate as migrate_database

    with sentences():
        migrate_database(prepared().database_url)
