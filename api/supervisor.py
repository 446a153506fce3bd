"""`windfall run`: everything on one machine, started in order, kept alive, and stopped without a trace."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import httpx
from rich.console import Console
from rich.table import Table

from api.demo import Demo, seed_demo, supplier_secret, write_demo
from api.engines import need_engines
from api.migrating import migrate
from api.processes import STOP_SECONDS_MAX, Child
from api.sentences import Failure
from api.settings import Settings, child_environment
from inventory.embedded import EmbeddedServer, EmbeddedServerError, find_server, socket_for

POLL_SECONDS = 0.1
READY_SECONDS_MAX = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotRun(Failure):
    """Something on this machine is in the way; the message is one sentence."""


class _Stop(KeyboardInterrupt):
    """Somebody asked us to stop. An event loop lets this kind through, and swallows any other out of a callback."""


class _Signals:
    """The first signal unwinds the stack, which stops everything in order; later ones change nothing."""

    def __init__(self) -> None:
        self._asked = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Stop now if the signal came where nothing could be raised, as in a finalizer."""
        if self._asked:
            raise _Stop

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        self._asked = True
        raise _Stop


def run(settings: Settings, console: Console) -> None:
    """Serve until Ctrl-C or SIGTERM. CannotRun when a port is taken or a part does not come up."""
    signals = _Signals()
    with signals.heard():
        try:
            _run(settings, console, signals)
        except _Stop:
            console.print("Stopped.")


def _run(settings: Settings, console: Console, signals: _Signals) -> None:
    _need_free_ports(settings)
    with _redis(settings) as server:
        asyncio.run(need_engines(settings))
        migrate(settings.database_url)
        demo = asyncio.run(seed_demo(settings))
        children = _children(settings, demo)
        try:
            for child in children:
                child.start()
            _wait_until_ready(children, signals)
            write_demo(settings, demo)
            _greet(settings, demo, console)
            _watch(children, server, console, signals)
        finally:
            _stop(children)


def _children(settings: Settings, demo: Demo) -> Sequence[Child]:
    """The processes of the house, in the order they start."""
    secret = settings.topup_secret.get_secret_value() or supplier_secret(settings)
    ours = child_environment(
        environment=settings.environment,
        host=settings.host,
        port=str(settings.port),
        var=str(settings.var.resolve()),
        database_url=settings.database_url,
        redis_url=settings.redis_address,
        base_url=settings.base_url,
        topup_url=settings.topup_url or settings.supplier_url,
        topup_secret=secret,
    )
    supplier = {
        **child_environment(),
        "SANDBOX_SUPPLIER_SECRET": secret,
        "SANDBOX_SUPPLIER_HOST": settings.host,
        "SANDBOX_SUPPLIER_PORT": str(settings.supplier_port),
        "SANDBOX_SUPPLIER_CALLBACK_URL": f"{settings.own_url}/v1/suppliers/topup/callbacks",
    }
    mall = {
        **child_environment(),
        "DEMO_MALL_KEY": demo.mall_key,
        "DEMO_MALL_SECRET": demo.mall_secret,
        "DEMO_MALL_HOST": settings.host,
        "DEMO_MALL_PORT": str(settings.demo_mall_port),
        "DEMO_MALL_WINDFALL_URL": settings.base_url,
        "DEMO_MALL_CAMPAIGNS": json.dumps(dict(demo.campaigns)),
    }
    return [
        Child("sandbox supplier", "examples.sandbox_supplier", [], supplier, settings.supplier_url),
        Child("API", "api.cli", ["api"], ours, f"{settings.own_url}/readyz"),
        Child("worker", "api.cli", ["worker"], ours),
        Child("demo mall", "examples.demo_mall", [], mall, settings.demo_mall_url),
    ]


def _need_free_ports(settings: Settings) -> None:
    for port in range(settings.port, settings.port + 3):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise CannotRun(_port_sentence(settings, port, error)) from None


def _port_sentence(settings: Settings, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: set WINDFALL_PORT to the first of three free ports."
    return f"WINDFALL_HOST {settings.host} and port {port} cannot be used: {error.strerror}."


@contextmanager
def _redis(settings: Settings) -> Iterator[EmbeddedServer | None]:
    """The embedded server, or None when the settings name another."""
    if not settings.embeds_redis:
        yield None
        return
    try:
        server = EmbeddedServer(find_server(), settings.redis_dir, socket_for(settings.redis_dir))
        server.start()
    except EmbeddedServerError as error:
        raise CannotRun(str(error)) from None
    try:
        yield server
    finally:
        server.stop()


def _wait_until_ready(children: Sequence[Child], signals: _Signals) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    with httpx.Client(timeout=2, trust_env=False) as client:
        for child in children:
            while not child.ready(client):
                signals.check()
                if child.ended is not None or time.monotonic() > deadline:
                    raise CannotRun(f"The {child.name} did not come up; its messages are above.")
                time.sleep(POLL_SECONDS)


def _watch(children: Sequence[Child], server: EmbeddedServer | None, console: Console, signals: _Signals) -> None:
    """Revive whatever dies, until a signal says stop."""
    while True:
        signals.check()
        if server is not None and not server.alive:
            console.print("The Redis-compatible server ended; starting it again.")
            server.start()
        for child in children:
            sentence = child.revive()
            if sentence:
                console.print(sentence)
        time.sleep(POLL_SECONDS)


def _stop(children: Sequence[Child]) -> None:
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for child in reversed(children):
        child.ask_to_stop()
    for child in children:
        child.wait_stopped(deadline)


def _greet(settings: Settings, demo: Demo, console: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("Demo mall", settings.demo_mall_url)
    table.add_row("API", f"{settings.base_url}/docs")
    for name, operator in demo.operators.items():
        table.add_row(name.capitalize(), f"{operator.email}  {operator.password}")
    table.add_row("For programs", str(settings.var / "demo.json"))
    console.print(table)
    console.print("Ctrl-C stops everything.")
