from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from broker.database import Database
from broker.migrations.upgrade import require_head, upgrade
from broker.settings import Settings


async def open_database(database: Database, settings: Settings) -> None:
    """The embedded database is brought up to date by itself; a shared one by `llagar-broker migrate`."""
    if settings.database_url is None:
        await upgrade(database)
    else:
        await require_head(database)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.url)
    try:
        await open_database(database, settings)
        yield database
    finally:
        await database.close()
