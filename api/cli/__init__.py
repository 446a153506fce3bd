"""`windfall`: one command for people and programs."""

from __future__ import annotations

import typer

from api.cli import admitting, banking, checking, earning, inviting, operating, raffles, redeeming, reviewing, serving

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Prize campaigns for points malls.",
)
serving.add_commands(app)
checking.add_commands(app)
operating.add_commands(app)
admitting.add_commands(app)
banking.add_commands(app)
earning.add_commands(app)
inviting.add_commands(app)
redeeming.add_commands(operating.codes)
reviewing.add_commands(operating.awards)
raffles.add_commands(app)


def main() -> None:
    app()
