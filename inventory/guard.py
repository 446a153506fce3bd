"""Refuses a server whose settings would lose plays, and names the setting."""

from __future__ import annotations

from core.errors import Refusal
from inventory.connection import Connection, InventoryAway, RedisError

SERVER_VERSION_MIN = (7, 0)


class ServerUnfit(Refusal, code="server-unfit"):
    """The Redis-compatible server has a setting under which plays could be lost or stock deleted."""

    def __init__(self, *, setting: str, value: str, wanted: str) -> None:
        super().__init__(setting=setting, value=value, wanted=wanted)


async def check_server(connection: Connection) -> None:
    """Raises ServerUnfit on the first setting that is wrong, InventoryAway when the server does not answer."""
    try:
        config = await connection.calm.config_get("maxmemory-policy", "appendonly", "appendfsync")
        info = {**await connection.calm.info("server"), **await connection.calm.info("replication")}
        info |= await connection.calm.info("persistence")
    except (RedisError, OSError) as error:
        raise InventoryAway(reason=str(error)) from error
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < SERVER_VERSION_MIN:
        raise ServerUnfit(setting="version", value=version, wanted="7.0 or later")
    _expect("role", str(info.get("role")), ("master",))
    _expect("maxmemory-policy", str(config.get("maxmemory-policy")), ("noeviction",))
    _expect("appendonly", str(config.get("appendonly")), ("yes",))
    _expect("appendfsync", str(config.get("appendfsync")), ("always", "everysec"))
    _expect("aof_last_write_status", str(info.get("aof_last_write_status", "ok")), ("ok",))


def _expect(setting: str, value: str, wanted: tuple[str, ...]) -> None:
    if value not in wanted:
        raise ServerUnfit(setting=setting, value=value, wanted=" or ".join(wanted))
