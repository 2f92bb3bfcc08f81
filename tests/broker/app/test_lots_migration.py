"""Lots from when a shop had one of a line for ever: what refers to them stays, and one that has gone is followed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from broker.database import Database
from broker.migrations.upgrade import require_head, upgrade
from broker.orders import lots
from broker.orders.models import Lot, LotState
from broker.runs.sql_book import SqlBooks
from tests.broker.app.revisions import to_revision
from tests.broker.conftest import HandClock
from tests.broker.databases import Databases
from tests.broker.runs.contract.seeded import LOTS, RUNS, seed


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    with databases.empty(tmp_path) as settings:
        yield settings.url


async def test_lots_stay_and_a_shop_may_follow_one_that_has_gone(url: str) -> None:
    now = HandClock().now()
    database = Database(url)
    async with database.migrating() as connection:
        await connection.run_sync(to_revision, "0008")
    books = SqlBooks(database)
    async with books.writing() as book:
        await seed(book, now)
    await upgrade(database)
    await require_head(database)

    async with books.reading() as book:
        assert set(await book.lots_by_id(LOTS)) == set(LOTS)
        held = await book.plate_lots(f"plate-{run}" for run in RUNS)
        assert sum(len(rows) for rows in held.values()) == len(RUNS)
    async with books.writing() as book:
        first = await book.locked_lot("lot1")
        assert first is not None
        assert await lots.open_lot(book, "line1", "w1") is first
        lots.hand_over(first, now)
        await book.flush()
        second = await lots.open_lot(book, "line1", "w1")
        assert (second.id != first.id, second.state) == (True, LotState.WITHDRAWN)
    with pytest.raises(IntegrityError):
        async with books.writing() as book:
            book.add(Lot(id="third", line_id="line1", workshop_id="w1", quantity=0))
    await database.close()
