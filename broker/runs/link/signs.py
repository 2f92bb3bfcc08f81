"""Signs of life are collected and written together: rows may be a second behind what agents have said.

A heartbeat by which a machine is no longer as it was is written at once, together with all that wait; where many
come, ten times a second. An agent's events take with them what it has said before, and both are written together.
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
PACE_S = 0.1
"""From one writing to the next, if many are urgent: after a restart each agent's first heartbeat is."""
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
        self._in_hand: frozenset[str] = frozenset()
        self._writing: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._began_s = -PACE_S
        """When what was written last was taken in hand, by the loop's clock."""

    def beat(self, connection: Connection, beat: Heartbeat) -> None:
        self._note(connection, replace(self._sign_of(connection), at=self._clock.now(), beat=beat))
        if beat.machines == connection.standing:
            self._write_within(GATHER_S)
        else:
            self._write_within(self._began_s + PACE_S - asyncio.get_running_loop().time())

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
        self._write_within(GATHER_S)

    async def take(self, connection: Connection) -> Sign | None:
        """What the agent has said and isn't written yet; whoever takes it writes it, and what comes next after it."""
        while self._writing is not None and connection.agent_id in self._in_hand:
            await asyncio.wait([self._writing])
        heard = self._heard.pop(connection.agent_id, None)
        return heard.sign if heard is not None and heard.connection is connection else None

    async def close(self) -> None:
        """Write what waits."""
        if self._soon is not None:
            self._soon.cancel()
        while self._writing is not None:
            await asyncio.wait([self._writing])
        await self._write_logged()

    def _write_within(self, within_s: float) -> None:
        """Sooner if somebody has asked for it; not beside what is written just now."""
        loop = asyncio.get_running_loop()
        at_s = loop.time() + max(within_s, 0.0)
        if self._soon is not None and self._soon.when() <= at_s:
            return
        if self._soon is not None:
            self._soon.cancel()
        self._soon = loop.call_at(at_s, self._begin)

    def _begin(self) -> None:
        self._soon = None
        if self._writing is not None:
            self._write_within(PACE_S)
            return
        self._began_s = asyncio.get_running_loop().time()
        self._writing = asyncio.create_task(self._write_logged())

    async def _write_logged(self) -> None:
        try:
            await self._write_all()
        except UNREACHABLE as error:
            _log.warning("signs of life were lost, and will come again: %s", error or type(error).__name__)
        finally:
            self._in_hand = frozenset()
            self._writing = None

    async def _write_all(self) -> None:
        heard, self._heard = list(self._heard.values()), {}
        if not heard:
            return
        self._in_hand = frozenset(one.connection.agent_id for one in heard)
        heeded, over = await self._write(heard)
        changed = {one.connection.workshop_id for one in heard if _has_changed(heeded, one)}
        if changed:
            self._books.ring(changed)
        for one in heard:
            if (error := over.get(one.connection.agent_id)) is not None:
                one.connection.end(SUPERSEDED, str(error))
            else:
                answer(one.connection, one.sign, heeded[one.connection.agent_id])

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


def _has_changed(heeded: dict[str, Heeded], one: _Heard) -> bool:
    found = heeded.get(one.connection.agent_id)
    return found is not None and found.changed


def answer(connection: Connection, sign: Sign, heeded: Heeded) -> None:
    """Call it once the sign is written."""
    if sign.beat is not None:
        connection.standing = sign.beat.machines
    connection.post(heeded.lost)
