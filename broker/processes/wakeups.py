"""LISTEN and NOTIFY: what rings in one broker process rings in all. Rings may be lost: every waiter looks by itself."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from broker.database import Database, Workshops

_log = logging.getLogger(__name__)
CHANNEL = "llagar_rows"
_MOST_BYTES = 7000
"""PostgreSQL takes less than 8000."""
_AGAIN_S = 2.0
_CHECK_S = 20.0
"""How often a silent connection is asked whether it still is one."""
_ANSWER_S = 5.0


class WakeUps:
    """`run` for as long as the process serves."""

    def __init__(self, database: Database, process: str) -> None:
        self._database = database
        self._process = process
        self._stirred = asyncio.Event()
        self._rung = False
        self._workshops: set[str] | None = set()
        """Of the rings that others haven't been told of; None: everybody."""
        database.waker.relays.append(self._ring)

    def _ring(self, workshops: Workshops) -> None:
        self._rung = True
        self._workshops = None if workshops is None or self._workshops is None else self._workshops | set(workshops)
        self._stirred.set()

    async def run(self) -> None:
        """Until cancelled; connects again for ever."""
        while True:
            try:
                async with self._listening() as connection:
                    # Something may have been missed.
                    self._database.waker.heard(None)
                    await self._relay(connection)
            except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("no wake-ups from other processes: %s", error or type(error).__name__)
            await asyncio.sleep(_AGAIN_S)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncpg.Connection]:
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as held:
            connection = (await held.get_raw_connection()).driver_connection
            assert isinstance(connection, asyncpg.Connection)
            try:
                connection.add_termination_listener(lambda _: self._stirred.set())
                await connection.add_listener(CHANNEL, self._heard)
                yield connection
            finally:
                # It listens: nobody else may get it from the pool.
                await held.invalidate()

    async def _relay(self, connection: asyncpg.Connection) -> None:
        """Returns when the connection has ended."""
        while not connection.is_closed():
            try:
                async with asyncio.timeout(_CHECK_S):
                    await self._stirred.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=_ANSWER_S)
            self._stirred.clear()
            if self._rung and not connection.is_closed():
                payload = self._payload()
                self._rung, self._workshops = False, set()
                await connection.fetchval("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=_ANSWER_S)

    def _payload(self) -> str:
        workshops = None if self._workshops is None else sorted(self._workshops)
        text = json.dumps([self._process, workshops])
        return text if len(text.encode()) <= _MOST_BYTES else json.dumps([self._process, None])

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        process, workshops = json.loads(str(payload))
        if process != self._process:
            self._database.waker.heard(workshops)
