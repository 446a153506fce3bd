"""Failures that people can act on: one sentence on standard error, and exit status 2; no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from api.settings import SettingsError
from api.supervisor import CannotRun
from inventory.embedded import EmbeddedServerError

errors = Console(stderr=True)
FAILED = 2


class Failure(Exception):
    """What was asked of the service did not happen; the message is one sentence."""


@contextmanager
def sentences() -> Iterator[None]:
    try:
        yield
    except (SettingsError, CannotRun, EmbeddedServerError, Failure) as error:
        errors.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(FAILED) from None
