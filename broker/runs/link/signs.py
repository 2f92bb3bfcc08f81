"""Signs of life are collected and written together: rows may be a second behind what agents have said.

A heartbeat by which a machine is no longer as it was is written at once, together with all that wait.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from broker.clock import Clock
from broker.database import UNREACHABLE
from broker.runs.book import Books
from broker.runs.errors import Superseded
from broker.runs.inbox import require_current
from broker.runs.link.connection import SUPERSEDED, Connection
from broker.runs.presence import Heeded, Sign, heed
from broker.wire.messages import Heartbeat, Progress

_log = logging.getLogger(__name__)
GATHER_S = 1.0
PROGRESS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Heard:
    connection: Connection
    sign: Sign


class Signs:
    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._heard: dict[str, _Heard] = {}
        self._writing = asyncio.Lock()
        self._in_hand: frozenset[str] = frozenset()
        self._next: asyncio.Task[None] | None = None
        """Takes in hand whatever has been heard, once what is in hand is written: all that wait share it."""
        self._soon: asyncio.Task[None] | None = None

    async def beat(self, connection: Connection, beat: Heartbeat) -> None:
        """Raises what the database raises, where it is written at once."""
        self._note(connection, replace(self._sign_of(connection), at=self._clock.now(), beat=beat))
        if beat.machines == connection.standing:
            self._write_soon()
        else:
            await self.write()

    def progress(self, connection: Connection, progress: Progress) -> None:
        """Lossy: of a run's progress one a second is taken."""
        now = self._clock.now()
        at_s = now.timestamp()
        if at_s - connection.progress_s.get(progress.run, 0.0) < PROGRESS_EVERY_S:
            return
        connection.progress_s = {**connection.progress_s, progress.run: at_s}
        sign = self._sign_of(connection)
        others = tuple(one for one in sign.progress if one.run != progress.run)
        self._note(connection, replace(sign, at=now, progress=(*others, progress)))
        self._write_soon()

    async def settle(self, connection: Connection) -> None:
        """Write what this agent has said, if that isn't done: what it says next comes after it."""
        if connection.agent_id in self._heard or connection.agent_id in self._in_hand:
            await self.write()

    async def write(self) -> None:
        """Until what has been heard so far is written. Raises what the database raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._write_all())
        await asyncio.shield(self._next)

    async def _write_all(self) -> None:
        async with self._writing:
            self._next = None
            heard, self._heard = list(self._heard.values()), {}
            if not heard:
                return
            self._in_hand = frozenset(one.connection.agent_id for one in heard)
            try:
                heeded, over = await self._write(heard)
            finally:
                self._in_hand = frozenset()
        changed = {one.connection.workshop_id for one in heard if _has_changed(heeded, one)}
        if changed:
            self._books.ring(changed)
        for one in heard:
            _answer(one, heeded, over)

    async def _write(self, heard: Sequence[_Heard]) -> tuple[dict[str, Heeded], dict[str, Superseded]]:
        """By agent: what follows, and whose connection is over."""
        over: dict[str, Superseded] = {}
        async with self._books.writing() as book:
            agents = dict(await book.locked_agents(one.connection.agent_id for one in heard))
            for one in heard:
                try:
                    require_current(agents[one.connection.agent_id], one.connection.stream)
                except Superseded as error:
                    over[one.connection.agent_id] = error
                    del agents[one.connection.agent_id]
            heeded = await heed(book, agents, [one.sign for one in heard])
        return heeded, over

    def _sign_of(self, connection: Connection) -> Sign:
        heard = self._heard.get(connection.agent_id)
        if heard is not None and heard.connection is connection:
            return heard.sign
        return Sign(connection.agent_id, self._clock.now())

    def _note(self, connection: Connection, sign: Sign) -> None:
        self._heard[connection.agent_id] = _Heard(connection, sign)

    def _write_soon(self) -> None:
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._write_after())

    async def _write_after(self) -> None:
        await asyncio.sleep(GATHER_S)
        try:
            await self.write()
        except UNREACHABLE as error:
            _log.warning("signs of life were lost, and will come again: %s", error or type(error).__name__)

    async def close(self) -> None:
        """Write what waits."""
        if self._soon is not None:
            self._soon.cancel()
            await asyncio.gather(self._soon, return_exceptions=True)
        await self.write()


def _has_changed(heeded: dict[str, Heeded], one: _Heard) -> bool:
    found = heeded.get(one.connection.agent_id)
    return found is not None and found.changed


def _answer(one: _Heard, heeded: dict[str, Heeded], over: dict[str, Superseded]) -> None:
    connection = one.connection
    if (error := over.get(connection.agent_id)) is not None:
        connection.end(SUPERSEDED, str(error))
        return
    if one.sign.beat is not None:
        connection.standing = one.sign.beat.machines
    connection.post(heeded[connection.agent_id].lost)
