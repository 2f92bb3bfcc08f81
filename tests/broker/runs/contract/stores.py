"""What may keep the rows, each made empty for one world."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from broker.database import Database
from broker.runs.book import Books
from broker.runs.sql_book import SqlBooks
from tests.broker.databases import Databases
from tests.simulation.books import MemoryBooks

Found = TypeVar("Found")
Play = Callable[[Books], Coroutine[Any, Any, Found]]


class Store(Protocol):
    def run(self, play: Play[Found]) -> Found:
        """What `play` returns on empty books."""
        ...


class InMemory:
    def run(self, play: Play[Found]) -> Found:
        """Raises RuntimeError if the rules await anything but the book."""
        coroutine = play(MemoryBooks())
        try:
            coroutine.send(None)
        except StopIteration as ended:
            found: Found = ended.value
            return found
        coroutine.close()
        raise RuntimeError("the rules waited for something else than the book")


class InDatabase:
    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def run(self, play: Play[Found]) -> Found:
        with tempfile.TemporaryDirectory() as folder, self._databases.migrated(Path(folder)) as settings:
            return asyncio.run(self._played(settings.url, play))

    async def _played(self, url: str, play: Play[Found]) -> Found:
        database = Database(url)
        try:
            return await play(SqlBooks(database))
        finally:
            await database.close()
