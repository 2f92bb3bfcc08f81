"""Ends connections that are over: their agent was revoked or has another connection, or nothing comes any more."""

import asyncio
import logging

from broker.database import UNREACHABLE
from broker.runs.book import Books
from broker.runs.link.connection import SILENT, SUPERSEDED
from broker.runs.link.registry import Registry
from broker.workshops.liveness import DISCONNECTED_AFTER

_log = logging.getLogger(__name__)
LOOK_EVERY_S = 2.0
"""A revoked agent's connection ends within 5 s, at whichever process."""


class Watch:
    def __init__(self, books: Books, registry: Registry) -> None:
        self._books = books
        self._registry = registry

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look(asyncio.get_running_loop().time())
            except UNREACHABLE as error:
                _log.warning("whose connections are over can't be seen: %s", error or type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, at_s: float) -> None:
        """`at_s` on the clock of the connections' `heard_s`."""
        watched = list(self._registry)  # what is welcomed while the rows are read isn't in them yet
        if not watched:
            return
        async with self._books.reading() as book:
            latest = await book.connections()
        for connection in watched:
            if connection.agent_id not in latest:
                connection.end(SUPERSEDED, "the agent was revoked: enrol it with a new code")
            elif latest[connection.agent_id] != connection.stream.connection:
                connection.end(SUPERSEDED, "another connection of this agent took over")
            elif at_s - connection.heard_s > DISCONNECTED_AFTER.total_seconds():
                connection.end(SILENT, f"nothing was heard for {DISCONNECTED_AFTER.total_seconds():.0f} s")
