"""Rows of which there are hundreds in one transaction are written in a statement a kind, not one by one."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError

from broker.many_rows import ManyRows
from broker.runs.models import Run
from broker.workshops.models import Agent, Machine

_ITS_ID, _ITS_VERSION = "its_id", "its_version"
_STATEMENTS_KEPT = 200
Many = Agent | Machine | Run
_KINDS: tuple[type[Many], ...] = (Agent, Machine, Run)
Columns = tuple[str, ...]


async def write_changed(session: AsyncSession) -> None:
    """What was set of agents, machines and runs; call it last in a transaction, for the rows leave the session.

    A run is written over the version that was read, or StaleDataError is raised.
    """
    alike: dict[tuple[type[Many], Columns], list[Many]] = defaultdict(list)
    others = bool(session.deleted)
    for row in session.dirty:
        if isinstance(row, _KINDS):
            if columns := tuple(sorted(instance_state(row).committed_state)):
                alike[type(row), columns].append(row)
        else:
            others = True
    for (kind, columns), rows in alike.items():
        await _write(session, kind, columns, rows)
    _let_go(session, [row for rows in alike.values() for row in rows], others=others)


def _let_go(session: AsyncSession, rows: Sequence[Many], *, others: bool) -> None:
    """The session would write them once more."""
    if not others:  # rows that are new can be added again: that is less than to take out each of those that aren't
        new = list(session.new)
        session.expunge_all()
        session.add_all(new)
        return
    for row in rows:
        session.expunge(row)


async def _write(session: AsyncSession, kind: type[Many], columns: Columns, rows: Sequence[Many]) -> None:
    result = await _statement(kind, columns).execute(session, [_values(row, columns) for row in rows])
    # A driver that doesn't count has to be believed: the rows were locked when they were read.
    if result.supports_sane_multi_rowcount() and result.rowcount != len(rows):
        raise StaleDataError(f"of {len(rows)} rows of {kind.__name__} {result.rowcount} were as they had been read")


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _statement(kind: type[Many], columns: Columns) -> ManyRows:
    table = cast(Table, kind.__table__)
    statement = update(table).where(table.c.id == bindparam(_ITS_ID))
    keys = [_ITS_ID]
    if kind is Run:
        statement = statement.where(table.c.version == bindparam(_ITS_VERSION))
        keys.append(_ITS_VERSION)
    return ManyRows(statement.values({name: bindparam(name) for name in columns}), (*columns, *keys))


def _values(row: Many, columns: Columns) -> tuple[object, ...]:
    """In the statement's order."""
    values = [getattr(row, name) for name in columns]
    values.append(row.id)
    if isinstance(row, Run):
        values.append(instance_state(row).committed_state.get("version", row.version))
    return tuple(values)
