"""Tells all connections of this process what the rows say their agents should know; nothing is queued for them.

A ring names the workshops that are looked at again; at least every two seconds all are, for rings may be lost, and what
isn't acted upon is told again.
"""

import asyncio
import logging

from broker.clock import Clock
from broker.database import UNREACHABLE, Workshops
from broker.runs.book import Books
from broker.runs.briefing import briefings
from broker.runs.link.registry import Registry

_log = logging.getLogger(__name__)
LOOK_EVERY_S = 2.0
_SHARE = 0.1
"""Of its time that the teller may be at work, however often it is rung for."""
_MOST_NAMED = 500
"""Beyond this many workshops it is less to look at all."""


class Teller:
    def __init__(self, books: Books, clock: Clock, registry: Registry) -> None:
        self._books = books
        self._clock = clock
        self._registry = registry
        self._rung: set[str] | None = set()
        """None: everybody."""
        self._bell = asyncio.Event()

    def ring(self, among: Workshops) -> None:
        """These workshops, or all, are looked at soon."""
        if among is None or self._rung is None:
            self._rung = None
        else:
            self._rung |= set(among)
            if len(self._rung) > _MOST_NAMED:
                self._rung = None
        self._bell.set()

    async def run(self) -> None:
        """Until cancelled."""
        all_at_s = asyncio.get_running_loop().time()
        while True:
            began_s = asyncio.get_running_loop().time()
            among, self._rung = (None if began_s >= all_at_s else self._rung), set()
            self._bell.clear()
            try:
                await self.look(among)
            except UNREACHABLE as error:
                _log.warning("agents can't be told what is new: %s", error or type(error).__name__)
            ended_s = asyncio.get_running_loop().time()
            rest_s = (ended_s - began_s) * (1 / _SHARE - 1)
            if among is None:
                all_at_s = ended_s + max(LOOK_EVERY_S, rest_s)
            await asyncio.sleep(rest_s)
            try:
                async with asyncio.timeout(max(0.0, all_at_s - asyncio.get_running_loop().time())):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def look(self, among: Workshops) -> None:
        """Tell what is new, or was told long ago, to connections of these workshops or of all."""
        if not len(self._registry) or (among is not None and not among):
            return
        async with self._books.reading() as book:
            found = await briefings(book, among, self._clock.now())
        at_s = asyncio.get_running_loop().time()
        for connection in self._registry:
            if (among is None or connection.workshop_id in among) and connection.may_be_told:
                connection.post(connection.to_tell(found.get(connection.workshop_id, ()), at_s))
