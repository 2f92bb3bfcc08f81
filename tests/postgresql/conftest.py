from collections.abc import Iterator

import pytest

from tests.postgresql.server import Server, server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running
