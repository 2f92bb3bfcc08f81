"""Which of several broker processes plans and runs the timers: the holder of a lease with a fencing token.

A lease, not a lock of a session: a leader that hangs keeps its connection open, and would keep its lock. Whoever
takes the lead raises the token while no writer runs, and a leader's writer looks at the token first; so a leader that
was stopped, or cut off, and goes on finds that it may not write.
"""

import logging
from datetime import timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import Database
from broker.processes import repository

_log = logging.getLogger(__name__)
PLANNER = "planner"
LEASE = timedelta(seconds=8)
LOOK_S = 1.5
"""How often a leader renews its lease, and others look whether it ran out."""
_NOW = timedelta(0)


class Deposed(Exception):
    """Another process leads by now: nothing of this may be written."""


class Leadership(Protocol):
    @property
    def leads(self) -> bool:
        """Whether this process leads, as far as it knows."""
        ...

    @property
    def leader(self) -> str | None:
        """The process that leads, as last heard; None if nobody does."""
        ...

    async def look(self) -> None:
        """Renew the lease, or take it if it is free."""
        ...

    async def guard(self, session: AsyncSession) -> None:
        """Raises Deposed unless this process still leads; call it first in a writing transaction."""
        ...

    async def resign(self) -> None:
        """Let another lead at once."""
        ...


class Alone:
    """The one process of an embedded database."""

    leads = True

    def __init__(self, process: str) -> None:
        self.leader = process

    async def look(self) -> None:
        return

    async def guard(self, session: AsyncSession) -> None:
        return

    async def resign(self) -> None:
        return


class Lease:
    def __init__(self, database: Database, process: str, life: timedelta = LEASE) -> None:
        self._database = database
        self._process = process
        self._life = life
        self._token: int | None = None
        self.leader: str | None = None

    @property
    def leads(self) -> bool:
        return self._token is not None

    async def look(self) -> None:
        if self._token is not None and await self._renewed(self._token, self._life):
            return
        if self._token is not None:
            _log.warning("process %s leads no more: another took over while it was away", self._process)
            self._token = None
        async with self._database.reading() as session:
            self.leader = await repository.holder(session, PLANNER)
        if self.leader is None:
            await self._take()

    async def _take(self) -> None:
        await self._database.end_hung_writer()
        async with self._database.writing() as session:
            token = await repository.take(session, PLANNER, self._process, self._life)
        if token is not None:
            self._token, self.leader = token, self._process
            _log.info("process %s leads, the %d. to do so", self._process, token)

    async def _renewed(self, held: int, life: timedelta) -> bool:
        """Not as a writer: a lease must not wait for the plan that it stands for."""
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            return await repository.renew(connection, PLANNER, held, life)

    async def guard(self, session: AsyncSession) -> None:
        if self._token is None or await repository.token(session, PLANNER) != self._token:
            raise Deposed("another broker process leads by now")

    async def resign(self) -> None:
        if self._token is not None:
            held, self._token = self._token, None
            await self._renewed(held, _NOW)


def leadership(database: Database, process: str) -> Leadership:
    return Lease(database, process) if database.is_shared else Alone(process)
