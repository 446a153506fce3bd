"""`windfall` with labelled places to die at: `python -m tests.chaos.process api`.

The project's code knows nothing of this. A few of its functions are wrapped from outside; a wrapped place ends the
process with SIGKILL when the controller has left an order for it, a file that the first to arrive takes away.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import campaigns.plays
import inventory.counters
import inventory.stream
from api.cli import main
from campaigns.ledger import Ledger
from campaigns.plays import Decided, Plays
from inventory.claims import Taken
from prizes.fulfilment.deliveries import Fulfilment
from tests.chaos.points import ABLATION, ANYBODY

NAME = os.environ["CHAOS_PROCESS"]
ORDERS = Path(os.environ["CHAOS_ORDERS"])


def die_if_ordered(point: str) -> None:
    for name in (NAME, ANYBODY):
        try:
            (ORDERS / f"{name}.{point}").unlink()
        except FileNotFoundError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)


Function = Callable[..., Awaitable[Any]]


def dying_after(point: str, function: Function, *, when: Callable[[Any], bool] = lambda _: True) -> Function:
    async def wrapped(*args: Any, **named: Any) -> Any:
        result = await function(*args, **named)
        if when(result):
            die_if_ordered(point)
        return result

    return wrapped


def dying_before(point: str, function: Function) -> Function:
    async def wrapped(*args: Any, **named: Any) -> Any:
        die_if_ordered(point)
        return await function(*args, **named)

    return wrapped


def install() -> None:
    taken: Callable[[Any], bool] = lambda verdict: isinstance(verdict, Taken)  # noqa: E731 (a predicate in its place)
    campaigns.plays.claim = dying_after("after-script", campaigns.plays.claim, when=taken)
    Ledger.commit = dying_after("after-commit", Ledger.commit, when=bool)  # type: ignore[method-assign]
    load = dying_before("before-load", inventory.counters.load)
    inventory.counters.load = dying_after("after-load", load)
    inventory.stream.trim = dying_before("after-drain", inventory.stream.trim)
    Fulfilment._call = dying_after("after-supplier-call", Fulfilment._call)  # type: ignore[method-assign]


def show_before_the_commit() -> None:
    """An ablation: what Redis decided is shown at once. The checks must find it, or they check nothing."""

    async def settle(_plays: Plays, _decided: Decided) -> bool:
        return True

    Plays.settle = settle  # type: ignore[method-assign]


if __name__ == "__main__":
    install()
    if os.environ.get(ABLATION):
        show_before_the_commit()
    main()
