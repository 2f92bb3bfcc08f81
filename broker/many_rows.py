"""One statement for hundreds of rows: compiled once, and each value turned straight into what the driver takes.

SQLAlchemy does the same with a dictionary a row, and that was a third of what keeping an event cost; and for those that
are looked up, with a parameter each.
"""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, CursorResult, Dialect, String, TypeDecorator, bindparam
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, TypeEngine

from broker.database import NO_NUL, NUL

Make = Callable[[object], object] | None
_KINDS_KEPT = 200


class ManyRows:
    """`statement` with a bound parameter for each of `names`, in the order in which rows give them."""

    def __init__(self, statement: Insert | Update, names: Iterable[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._compiled = lru_cache(maxsize=_KINDS_KEPT)(self._compile)

    async def execute(self, session: AsyncSession, rows: Iterable[tuple[object, ...]]) -> CursorResult[object]:
        """What the session has in hand isn't flushed first."""
        connection = await session.connection()
        text, order, makers = self._compiled(connection.dialect)
        made = [
            tuple([row[at] if make is None else make(row[at]) for at, make in zip(order, makers, strict=True)])
            for row in rows
        ]
        return await connection.exec_driver_sql(text, made)

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[int, ...], tuple[Make, ...]]:
        """The text, which value of a row each of its parameters is, and what makes it the driver's."""
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._names))
        parameters = compiled.positiontup or ()
        makers = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in parameters]
        return str(compiled), tuple(self._names.index(name) for name in parameters), tuple(makers)


def one_of(column: InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column is one of `values`: one parameter, however many they are. A statement takes 32,766."""
    return _OneOf(column, bindparam(None, list(dict.fromkeys(values)), type_=_Texts()))


class _OneOf(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()


class _Texts(TypeDecorator[list[str]]):
    """An array of PostgreSQL's; on SQLite the text of a JSON array."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(String))

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        texts = [one.replace(NUL, NO_NUL) for one in value or ()]
        return json.dumps(texts) if dialect.name == "sqlite" else texts


@compiles(_OneOf, "sqlite")
def _of_json(element: _OneOf, compiler: SQLCompiler, **words: Any) -> str:
    column, values = (compiler.process(one, **words) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(_OneOf, "postgresql")
def _of_array(element: _OneOf, compiler: SQLCompiler, **words: Any) -> str:
    column, values = (compiler.process(one, **words) for one in element.clauses)
    return f"{column} = ANY ({values})"
