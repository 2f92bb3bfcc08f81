"""What both databases promise to whoever reads and writes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, StatementError

from broker.accounts.models import Account, Role
from broker.accounts.repository import account_by_name
from broker.accounts.service import add_account
from broker.database import Database
from broker.errors import Conflict
from broker.many_rows import one_of
from broker.settings import Settings
from tests.broker.conftest import HandClock, Town


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[list[Database]]:
    """The same rows as three processes hold them: each with connections of its own."""
    processes = [Database(settings.url) for _ in range(3)]
    yield processes
    for one in processes:
        await one.close()


async def _count(database: Database) -> int:
    async with database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(Account))).one()


async def test_writers_wait_for_each_other_and_lose_nothing(processes: list[Database], clock: HandClock) -> None:
    async def count_up(database: Database) -> None:
        for _ in range(5):
            async with database.writing() as session:
                account = (await session.scalars(select(Account))).one()
                known = int(account.address)
                await asyncio.sleep(0)
                account.address = str(known + 1)

    async with processes[0].writing() as session:
        (await add_account(session, "ana", Role.PRODUCER, "0", clock.now())).address = "0"
    await asyncio.gather(*[count_up(database) for database in processes for _ in range(3)])
    async with processes[0].reading() as session:
        assert (await session.scalars(select(Account.address))).one() == "45"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], []),
        (["ana", "ana", "nobody"], ["ana"]),
        (["b\0b", *(f"n{at}" for at in range(40_000)), "ana"], ["ana", "b\ufffdb"]),
        (['a"]b', "a,b", "'"], ['a"]b']),
    ],
    ids=["none", "twice", "more than a statement has parameters", "odd characters"],
)
async def test_rows_are_found_by_any_number_of_names(
    processes: list[Database], clock: HandClock, values: list[str], found: list[str]
) -> None:
    async with processes[0].writing() as session:
        for name in ("ana", "b\0b", 'a"]b', "eva"):
            await add_account(session, name, Role.PRODUCER, "0", clock.now())
    async with processes[1].reading() as session:
        query = select(Account.name).where(one_of(Account.name, values)).order_by(Account.name)
        assert sorted(await session.scalars(query)) == sorted(found)


async def test_who_looks_before_writing_sees_what_others_wrote(processes: list[Database], clock: HandClock) -> None:
    """A row that is not there yet can't be locked; of many that would make it one does."""

    async def make(database: Database) -> bool:
        async with database.writing() as session:
            if await account_by_name(session, "ana") is not None:
                return False
            await add_account(session, "ana", Role.PRODUCER, "", clock.now())
            return True

    made = await asyncio.gather(*[make(database) for database in processes for _ in range(4)])
    assert sum(made) == 1


async def test_a_reader_sees_one_moment(processes: list[Database], clock: HandClock) -> None:
    here, there, _ = processes
    async with here.reading() as session:
        before = (await session.scalars(select(Account.id))).all()
        async with there.writing() as other:
            await add_account(other, "ana", Role.PRODUCER, "", clock.now())
        assert (await session.scalars(select(Account.id))).all() == before
    assert await _count(here) == len(before) + 1


async def test_what_fails_leaves_nothing(database: Database, clock: HandClock) -> None:
    async def twice() -> None:
        async with database.writing() as session:
            await add_account(session, "eva", Role.PRODUCER, "", clock.now())
            await add_account(session, "eva", Role.PRODUCER, "", clock.now())

    with pytest.raises(Conflict):
        await twice()
    assert await _count(database) == 0


async def test_times_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    there = timezone(timedelta(hours=5, minutes=45))
    at = datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=there)
    async with database.writing() as session:
        await add_account(session, "ana", Role.PRODUCER, "", at)
    async with database.reading() as session:
        known = (await session.scalars(select(Account.created_at))).one()
        assert (known, known.tzinfo) == (at, UTC)
        assert (await session.scalars(select(Account.id).where(Account.created_at <= at))).one()
        with pytest.raises(StatementError, match="naive"):
            await session.scalars(select(Account.id).where(Account.created_at <= datetime(2026, 3, 29)))  # noqa: DTZ001


async def test_a_nul_breaks_nothing(town: Town) -> None:
    async with town.ana.client(town.url) as client:
        assert (await client.get("/orders/ord_%00")).status_code == 404
    async with town.database.writing() as session:
        account = await session.get_one(Account, town.ana.id)
        account.address = "Uría\0 1"
    async with town.database.reading() as session:
        assert (await session.get_one(Account, town.ana.id)).address == "Uría\ufffd 1"


async def test_a_reader_can_not_write(database: Database, clock: HandClock) -> None:
    async with database.reading() as session:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await add_account(session, "ana", Role.PRODUCER, "", clock.now())
    async with database.writing() as session:
        await add_account(session, "ana", Role.PRODUCER, "", clock.now())
