from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from broker.app.backups.dumps import MARK
from broker.database import Database
from broker.errors import BrokerError
from broker.migrations.upgrade import require_head, upgrade
from broker.settings import Settings


class HalfRestored(BrokerError):
    title = "The database is not whole"


async def open_database(database: Database, settings: Settings) -> None:
    """The embedded database is brought up to date by itself; a shared one by `llagar-broker migrate`."""
    if settings.database_url is None:
        await upgrade(database)
    else:
        await require_head(database)
        await _require_whole(database)


async def _require_whole(database: Database) -> None:
    """Raises HalfRestored."""
    async with database.engine.connect() as connection:
        if await connection.scalar(text("SELECT to_regclass(:mark)"), {"mark": f"public.{MARK}"}) is not None:
            raise HalfRestored(
                "a restore into this database began and didn't end",
                where="database_url",
                fix="run `llagar-broker restore --replace` again",
            )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.url)
    try:
        await open_database(database, settings)
        yield database
    finally:
        await database.close()
