"""A closed-loop load over loopback: so many connections, each asking again as soon as it is answered."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CONNECTIONS = 200  # enough to keep the endpoint under test busy while batches commit
REQUESTS_MAX = 500_000


@dataclass
class Outcome:
    """How many were answered as expected, in how many seconds; answers of any other status are counted apart."""

    answered: int = 0
    unexpected: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Asker(asyncio.Protocol):
    """One connection. Answers are told apart by content-length, which every endpoint under test sends."""

    def __init__(self, requests: Iterator[bytes], status: bytes, outcome: Outcome, until: float) -> None:
        self._requests = requests
        self._expected = b"HTTP/1.1 " + status
        self._outcome = outcome
        self._until = until
        self._buffer = b""
        self._asked_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        self._note(head)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def _note(self, head: bytes) -> None:
        if head.startswith(self._expected):
            self._outcome.answered += 1
            self._outcome.latencies_ms.append((time.perf_counter() - self._asked_at) * 1000)
        else:
            self._outcome.unexpected += 1

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        request = next(self._requests, None) if self._asked_at < self._until else None
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)


async def press(port: int, request: Callable[[int], bytes], *, status: int, seconds: float, first: int = 0) -> Outcome:
    """Ask `request(first)`, `request(first + 1)`, … on every connection for so many seconds."""
    outcome = Outcome()
    requests = (request(number) for number in itertools.islice(itertools.count(first), REQUESTS_MAX))
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    askers = []
    for _ in range(CONNECTIONS):
        _, asker = await loop.create_connection(
            lambda: _Asker(requests, str(status).encode(), outcome, begun + seconds), "127.0.0.1", port
        )
        askers.append(asker)
    await asyncio.gather(*(asker.done for asker in askers))
    outcome.seconds = time.perf_counter() - begun
    return outcome
