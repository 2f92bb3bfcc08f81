from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.database import Database
from broker.migrations.upgrade import upgrade


class HandClock:
    """A clock that only moves when a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def forward(self, **by: float) -> None:
        self._now += timedelta(**by)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh SQLite file with all tables."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite'}")
    await upgrade(database)
    yield database
    await database.close()
