"""Before anything serves: do the two engines answer, and are they fit to keep plays?"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.sentences import Failure
from api.settings import Settings
from core.db import Database
from inventory.connection import Connection, InventoryAway
from inventory.guard import ServerUnfit, check_server


async def need_engines(settings: Settings) -> None:
    """Failure, naming the setting, when the database or the Redis-compatible server cannot be used."""
    await _need_database(settings)
    await _need_server(settings)


async def _need_database(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise Failure(f"WINDFALL_DATABASE_URL cannot be used: {reason}.") from None
    finally:
        await database.close()


async def _need_server(settings: Settings) -> None:
    connection = Connection(settings.redis_address)
    try:
        await check_server(connection)
    except InventoryAway as away:
        if settings.embeds_redis:
            raise Failure(
                f"No server runs in {settings.redis_dir}: start `windfall run`, or set WINDFALL_REDIS_URL."
            ) from None
        raise Failure(f"WINDFALL_REDIS_URL cannot be used: {away.facts['reason'].rstrip('.')}.") from None
    except ServerUnfit as unfit:
        facts = unfit.facts
        raise Failure(
            f"WINDFALL_REDIS_URL cannot be used: the server's {facts['setting']} is {facts['value']!r}"
            f" and must be {facts['wanted']}."
        ) from None
    finally:
        await connection.close()
