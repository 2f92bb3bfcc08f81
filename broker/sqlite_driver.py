"""SQLite for the broker: a statement is one visit to the connection's thread, its rows included.

SQLAlchemy's own adapter of aiosqlite goes there for a cursor, for the statement, for its rows and to close the cursor.
Each time the event loop turns twice, which took more than most statements do. Cursors are made and dropped here in
the loop's thread, where they touch nothing of SQLite's: whatever was executed has been read to its end.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import EMPTY_DICT

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import _DBAPIMultiExecuteParams, _DBAPISingleExecuteParams

Rows = Sequence[tuple[object, ...]]


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()
        try:
            self._cursor = self._connection._conn.cursor()
        except ValueError as error:  # the connection is closed
            adapt_connection._handle_exception(error)

    async def _execute_async(self, operation: Any, parameters: "_DBAPISingleExecuteParams | None") -> None:
        await self._visit(self._cursor.execute, operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: "_DBAPIMultiExecuteParams") -> None:
        await self._visit(self._cursor.executemany, operation, seq_of_parameters)

    async def _visit(self, execute: Callable[..., object], operation: Any, parameters: object) -> None:
        async with self._adapt_connection._execute_mutex:
            rows = await self._connection._execute(_executed, self._cursor, execute, operation, parameters)
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """There is nothing left to close."""

    def close(self) -> None:
        self._rows.clear()


def _executed(cursor: sqlite3.Cursor, execute: Callable[..., object], operation: str, parameters: object) -> Rows:
    execute(operation, parameters)
    return cursor.fetchall() if cursor.description else ()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor


class _Dbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        return _Connection(self, super().connect(*arg, **kw)._connection)


def driver() -> AsyncAdapt_aiosqlite_dbapi:
    """What `create_async_engine` takes as its `module`."""
    return _Dbapi(aiosqlite, sqlite3)
