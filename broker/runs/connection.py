"""One agent's conversation after its welcome: frames in, in order; frames out, as the rows say."""

import logging
from dataclasses import dataclass, field
from typing import assert_never

from broker.clock import Clock
from broker.runs.book import Book, Books
from broker.runs.briefing import Told, briefing
from broker.runs.errors import Forged, Superseded
from broker.runs.history import to_forbid
from broker.runs.inbox import EventStream, Inbox, require_current
from broker.runs.permits import grant
from broker.runs.presence import hear_heartbeat, hear_progress
from broker.wire.messages import (
    Ack,
    AgentFrame,
    BrokerFrame,
    Events,
    Heartbeat,
    Hello,
    LotOffer,
    LotReady,
    PermitRequest,
    Progress,
)
from broker.workshops.models import Agent

_log = logging.getLogger(__name__)
_REPEAT_AFTER_S = 15.0
"""What an agent was told and hasn't acted upon is told again after so long."""
_PROGRESS_EVERY_S = 1.0


@dataclass(slots=True)
class Connection:
    """What one socket knows beyond the rows; lost with it, and nothing depends on it."""

    stream: EventStream
    workshop_id: str
    told: dict[tuple[str, str], tuple[Told, float]] = field(default_factory=dict)
    progress_at: dict[str, float] = field(default_factory=dict)


class Conversation:
    def __init__(self, books: Books, clock: Clock, inbox: Inbox) -> None:
        self._books = books
        self._clock = clock
        self._inbox = inbox

    async def hear(self, connection: Connection, frame: AgentFrame) -> tuple[BrokerFrame, ...]:
        """The answers to a frame. Raises Refused where the connection must end."""
        match frame:
            case Events():
                received = await self._inbox.receive(connection.stream, frame.events)
                return (*received.conflicts, Ack(epoch=connection.stream.epoch, seq=received.acked))
            case Heartbeat():
                return await self._heartbeat(connection, frame)
            case Progress():
                await self._progress(connection, frame)
                return ()
            case PermitRequest():
                async with self._books.writing() as book:
                    agent = await _still_its_own(book, connection)
                    answer = await grant(book, agent, frame, self._clock.now())
                self._books.ring()
                return (answer,)
            case Hello():
                raise Forged("a connection says hello once")
            case _:
                assert_never(frame)

    async def to_tell(self, connection: Connection, at_s: float) -> tuple[Told, ...]:
        """What the rows say the agent should know and was not told lately; `at_s` on a monotonic clock.

        Raises Superseded for an agent that isn't the workshop's any more.
        """
        async with self._books.reading() as book:
            agent = await book.agent(connection.stream.agent_id)
            if agent is None:
                raise Superseded("the workshop was enrolled anew: this connection is over")
            require_current(agent, connection.stream)
            all_told = await self._all_told(book, agent)
        fresh, told = [], {}
        for frame in all_told:
            key = _key(frame)
            before = connection.told.get(key)
            if before is not None and before[0] == frame and at_s - before[1] < _REPEAT_AFTER_S:
                told[key] = before
            else:
                told[key] = (frame, at_s)
                fresh.append(frame)
        connection.told = told
        return tuple(fresh)

    async def _all_told(self, book: Book, agent: Agent) -> tuple[Told, ...]:
        """Nothing to an agent that has to tell first, after a restore."""
        if agent.behind:
            return ()
        forbidden = await to_forbid(book, agent)
        return (*forbidden, *await briefing(book, agent.workshop_id, self._clock.now()))

    async def _heartbeat(self, connection: Connection, beat: Heartbeat) -> tuple[BrokerFrame, ...]:
        async with self._books.writing() as book:
            agent = await _still_its_own(book, connection)
            changed, lost = await hear_heartbeat(book, agent, beat, self._clock.now())
        if changed:
            self._books.ring()
        return lost

    async def _progress(self, connection: Connection, progress: Progress) -> None:
        now = self._clock.now()
        at_s = now.timestamp()
        if at_s - connection.progress_at.get(progress.run, 0.0) < _PROGRESS_EVERY_S:
            return
        connection.progress_at[progress.run] = at_s
        async with self._books.writing() as book:
            agent = await _still_its_own(book, connection)
            await hear_progress(book, agent, progress, now)


async def _still_its_own(book: Book, connection: Connection) -> Agent:
    """The connection's agent, held until the transaction's end. Raises Superseded for one that was replaced."""
    agent = await book.locked_agent(connection.stream.agent_id)
    require_current(agent, connection.stream)
    return agent


def _key(frame: Told) -> tuple[str, str]:
    return frame.type, frame.lot if isinstance(frame, LotOffer | LotReady) else frame.run
