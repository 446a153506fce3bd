"""Failures on the command line: one sentence on standard error, and exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from api.sentences import Failure

FAILED = 2
_errors = Console(stderr=True)


@contextmanager
def sentences() -> Iterator[None]:
    try:
        yield
    except Failure as failure:
        _errors.print(str(failure), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(FAILED) from None
