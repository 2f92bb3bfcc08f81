from collections.abc import AsyncIterator, Iterator

import pytest

from broker.database import Database
from tests.postgresql.server import Server, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    """A fresh database with all tables."""
    name = postgresql.make()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
async def processes(url: str) -> AsyncIterator[list[Database]]:
    """The same rows as three processes hold them."""
    processes = [Database(url) for _ in range(3)]
    yield processes
    for one in processes:
        await one.close()
