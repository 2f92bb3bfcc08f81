"""Signs of life, which go to the inbox with the agent's events, and are written in the same transactions.

Those by which nothing has changed are collected: rows may be a second behind what agents have said. A heartbeat by
which a machine is no longer as it was goes at once, and what an agent has said of itself goes before its next event.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from broker.clock import Clock
from broker.database import UNREACHABLE
from broker.runs.errors import Superseded
from broker.runs.inbox import Inbox, Received
from broker.runs.link.connection import SUPERSEDED, Connection
from broker.runs.presence import Sign
from broker.wire.messages import Heartbeat, Progress, Signed

_log = logging.getLogger(__name__)
GATHER_S = 1.0
PROGRESS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Heard:
    connection: Connection
    sign: Sign


class Signs:
    def __init__(self, inbox: Inbox, clock: Clock) -> None:
        self._inbox = inbox
        self._clock = clock
        self._heard: dict[str, _Heard] = {}
        self._soon: asyncio.Task[None] | None = None

    async def beat(self, connection: Connection, beat: Heartbeat) -> None:
        """Raises what the database raises, where it is written at once."""
        self._note(connection, replace(self._sign_of(connection), at=self._clock.now(), beat=beat))
        if beat.machines == connection.standing:
            self._write_soon()
        else:
            await self._write(connection)

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

    async def with_events(self, connection: Connection, signed: Sequence[Signed]) -> Received:
        """The events, and what the agent has said of itself before. Raises what the inbox raises."""
        heard = self._heard.pop(connection.agent_id, None)
        sign = heard.sign if heard is not None and heard.connection is connection else None
        received = await self._inbox.receive(connection.stream, signed, sign)
        if sign is not None and received.heeded is not None:
            if sign.beat is not None:
                connection.standing = sign.beat.machines
            connection.post(received.heeded.lost)
        return received

    async def close(self) -> None:
        """Write what waits, and wait for what is being written."""
        if self._soon is not None:
            self._soon.cancel()
            await asyncio.gather(self._soon, return_exceptions=True)
        try:
            await self._write_all()
        finally:
            await self._inbox.end()

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
        await self._write_all()

    async def _write_all(self) -> None:
        heard = list(self._heard.values())
        answers = await asyncio.gather(*(self._write(one.connection) for one in heard), return_exceptions=True)
        lost = [answer for answer in answers if isinstance(answer, UNREACHABLE)]
        if lost:
            _log.warning("%d signs of life were lost, and will come again: %r", len(lost), lost[0])
        for answer in answers:
            if answer is not None and not isinstance(answer, UNREACHABLE):
                raise answer

    async def _write(self, connection: Connection) -> None:
        try:
            await self.with_events(connection, ())
        except Superseded as error:
            connection.end(SUPERSEDED, str(error))
