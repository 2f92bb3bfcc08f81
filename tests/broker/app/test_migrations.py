import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from broker.database import Database
from broker.migrations.tables import metadata
from broker.migrations.upgrade import WrongRevision, head, require_head, upgrade
from broker.settings import Settings
from tests.broker.databases import Databases


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_revisions_make_exactly_the_models_tables(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    await upgrade(database)
    await require_head(database)


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    with databases.empty(tmp_path) as settings:
        yield settings


@pytest.fixture
async def empty_database(empty: Settings) -> AsyncIterator[Database]:
    database = Database(empty.url)
    yield database
    await database.close()


async def test_an_empty_database_is_refused_until_it_is_migrated(empty_database: Database) -> None:
    with pytest.raises(WrongRevision, match=head()):
        await require_head(empty_database)
    await asyncio.gather(upgrade(empty_database), upgrade(empty_database))
    await require_head(empty_database)


async def test_a_newer_programs_database_is_refused(database: Database) -> None:
    async with database.migrating() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongRevision, match="9999"):
        await upgrade(database)
