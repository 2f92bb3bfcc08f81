"""What the broker's way to SQLite promises: rows, counts and errors as the library's, with one visit a statement."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from broker.sqlite_driver import driver


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite'}", module=driver())
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TABLE pieces (name TEXT PRIMARY KEY, number INTEGER)"))
        yield connection
    await engine.dispose()


async def _insert(connection: AsyncConnection, *rows: tuple[str, int]) -> int:
    done = await connection.exec_driver_sql("INSERT INTO pieces VALUES (?, ?)", list(rows))
    return done.rowcount


async def test_rows_and_counts_come_as_they_are(connection: AsyncConnection) -> None:
    assert await _insert(connection, ("a", 1), ("b", 2), ("c", 3)) == 3
    changed = await connection.execute(text("UPDATE pieces SET number = number + 1 WHERE number > 1"))
    assert changed.rowcount == 2
    found = await connection.execute(text("SELECT name, number FROM pieces ORDER BY name"))
    assert list(found.keys()) == ["name", "number"]
    assert found.first() == ("a", 1)
    returned = await connection.execute(text("DELETE FROM pieces WHERE number = 4 RETURNING name"))
    assert returned.all() == [("c",)]
    none = await connection.execute(text("SELECT name FROM pieces WHERE number = 99"))
    assert none.all() == []


async def test_what_is_streamed_comes_too(connection: AsyncConnection) -> None:
    await _insert(connection, *((f"n{at:04}", at) for at in range(1000)))
    async with connection.stream(text("SELECT number FROM pieces ORDER BY name")) as rows:
        assert [number async for (number,) in rows] == list(range(1000))


async def test_refusals_are_told_by_their_kind(connection: AsyncConnection) -> None:
    await _insert(connection, ("a", 1))
    await connection.commit()
    with pytest.raises(IntegrityError, match="UNIQUE"):
        await _insert(connection, ("b", 2), ("a", 3))
    await connection.rollback()
    with pytest.raises(OperationalError, match="no such table"):
        await connection.execute(text("SELECT * FROM plates"))
    assert (await connection.execute(text("SELECT count(*) FROM pieces"))).scalar_one() == 1


async def test_a_connection_that_ended_says_so(connection: AsyncConnection) -> None:
    raw = await connection.get_raw_connection()
    assert isinstance(raw.driver_connection, aiosqlite.Connection)
    await raw.driver_connection.close()
    with pytest.raises(OperationalError, match="no active connection"):
        await connection.execute(text("SELECT 1"))


async def test_a_statement_is_one_visit_to_the_thread(
    connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = 0
    go = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, *words: object, **named: object) -> object:
        nonlocal visits
        visits += 1
        return await go(self, *words, **named)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    await _insert(connection, ("a", 1), ("b", 2))
    assert visits == 1
    assert len((await connection.execute(text("SELECT * FROM pieces"))).all()) == 2
    assert visits == 2
