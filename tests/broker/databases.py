"""Which database the broker's tests run on: SQLite, or with LLAGAR_TEST_DATABASES=postgresql a server of their own."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from broker.database import Database
from broker.migrations.upgrade import upgrade
from broker.settings import Settings
from tests.postgresql.server import Server, server

DATABASES = "LLAGAR_TEST_DATABASES"


class Databases(Protocol):
    @property
    def kind(self) -> str: ...

    def migrated(self, data: Path) -> AbstractContextManager[Settings]:
        """Settings with this data folder and a database with all tables and no rows."""
        ...

    def empty(self, data: Path) -> AbstractContextManager[Settings]:
        """The same without any tables."""
        ...


class SqliteDatabases:
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._template = folder / "broker.sqlite"
        asyncio.run(self._make())

    async def _make(self) -> None:
        database = Database(f"sqlite+aiosqlite:///{self._template}")
        await upgrade(database)
        await database.close()

    @contextmanager
    def migrated(self, data: Path) -> Iterator[Settings]:
        shutil.copyfile(self._template, data / "broker.sqlite")
        yield Settings(data=data)

    @contextmanager
    def empty(self, data: Path) -> Iterator[Settings]:
        yield Settings(data=data)


class PostgresqlDatabases:
    kind = "postgresql"

    def __init__(self, running: Server) -> None:
        self._server = running

    def migrated(self, data: Path) -> AbstractContextManager[Settings]:
        return self._fresh(data, migrated=True)

    def empty(self, data: Path) -> AbstractContextManager[Settings]:
        return self._fresh(data, migrated=False)

    @contextmanager
    def _fresh(self, data: Path, *, migrated: bool) -> Iterator[Settings]:
        name = self._server.make(migrated=migrated)
        try:
            yield Settings(data=data, database_url=self._server.url(name))
        finally:
            self._server.drop(name)


@contextmanager
def opened_databases(folder: Path) -> Iterator[Databases]:
    """`folder` is the session's own."""
    match os.environ.get(DATABASES, "sqlite"):
        case "sqlite":
            yield SqliteDatabases(folder)
        case "postgresql":
            with server() as running:
                yield PostgresqlDatabases(running)
        case other:
            raise ValueError(f"{DATABASES} is {other!r}: say sqlite or postgresql")
