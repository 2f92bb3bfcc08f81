"""What an agent's frames do, and what answers them; frames of one connection come one after the other."""

from typing import assert_never

from broker.clock import Clock
from broker.runs import errors
from broker.runs.book import Books
from broker.runs.errors import Forged
from broker.runs.inbox import require_current
from broker.runs.link.connection import Connection
from broker.runs.link.signs import Signs
from broker.runs.permits import grant
from broker.wire.messages import (
    Ack,
    AgentFrame,
    BrokerFrame,
    Events,
    Heartbeat,
    Hello,
    Permit,
    PermitRefused,
    PermitRequest,
    Progress,
)
from broker.wire.rolled_back import RolledBack


class Conversation:
    def __init__(self, books: Books, clock: Clock, signs: Signs) -> None:
        self._books = books
        self._clock = clock
        self._signs = signs

    async def hear(self, connection: Connection, frame: AgentFrame) -> tuple[BrokerFrame, ...]:
        """The answers to a frame. Raises Refused where the connection must end."""
        match frame:
            case Events():
                try:
                    received = await self._signs.with_events(connection, frame.events)
                except errors.RolledBack as error:
                    return (RolledBack(epoch=connection.stream.epoch, reason=str(error)),)
                return (*received.conflicts, Ack(epoch=connection.stream.epoch, seq=received.acked))
            case Heartbeat():
                await self._signs.beat(connection, frame)
                return ()
            case Progress():
                self._signs.progress(connection, frame)
                return ()
            case PermitRequest():
                return (await self._permit(connection, frame),)
            case Hello():
                raise Forged("a connection says hello once")
            case _:
                assert_never(frame)

    async def _permit(self, connection: Connection, request: PermitRequest) -> Permit | PermitRefused:
        async with self._books.writing() as book:
            agent = await book.locked_agent(connection.agent_id)
            require_current(agent, connection.stream)
            answer = await grant(book, agent, request, self._clock.now())
        self._books.ring([connection.workshop_id])
        return answer
