"""A child process that is started, watched, started again when it dies, and never outlives us."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from inventory.embedded import die_with_parent

ROOT = Path(__file__).parents[1]
STEADY_SECONDS = 60
BACKOFF_SECONDS_FIRST = 0.5
BACKOFF_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 25


@dataclass
class Child:
    """One process. `url` answers anything below 500 once the process can serve; empty when it serves nothing."""

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    url: str = ""
    failures: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _started: float = 0.0
    _again_at: float = 0.0

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own modules)
            [sys.executable, "-m", self.module, *self.arguments],
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent, who stops us in order
            preexec_fn=die_with_parent(),  # noqa: PLW1509 (one system call, no lock taken)
        )
        self._started = time.monotonic()
        self._again_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def ended(self) -> int | None:
        """How the process ended (negative: by that signal), or None while it runs."""
        return self._process.poll() if self._process else None

    def ready(self, client: httpx.Client) -> bool:
        if not self.url:
            return self.ended is None
        try:
            return client.get(self.url).status_code < 500  # noqa: PLR2004
        except httpx.TransportError:
            return False

    def revive(self) -> str | None:
        """Start again what died, after a pause that grows with every early death; a sentence when one is begun."""
        ended, now = self.ended, time.monotonic()
        if ended is None:
            return None
        if self._again_at:
            if now >= self._again_at:
                self.start()
            return None
        self.failures = 0 if now - self._started > STEADY_SECONDS else self.failures + 1
        pause = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2 ** max(0, self.failures - 1))
        self._again_at = now + pause
        how = f"signal {-ended}" if ended < 0 else f"status {ended}"
        return f"The {self.name} ended with {how}; starting it again in {pause:g} s."

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_stopped(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then end it by force."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
