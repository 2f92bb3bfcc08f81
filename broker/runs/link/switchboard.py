"""All agents' connections of one broker process, whatever carries them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from broker.clock import Clock
from broker.database import Waker
from broker.runs.book import Books
from broker.runs.errors import Refused
from broker.runs.inbox import Inbox
from broker.runs.link.admission import Admission
from broker.runs.link.connection import SUPERSEDED, Channel, Connection
from broker.runs.link.conversation import Conversation
from broker.runs.link.registry import Registry
from broker.runs.link.signs import Signs
from broker.runs.link.teller import Teller
from broker.runs.link.watch import Watch
from broker.wire.messages import AgentFrame, BrokerFrame, Challenge, Hello, Welcome
from broker.workshops.liveness import HEARTBEAT_S

_PROGRESS_S = 2.0
"""How often a running machine's progress is wanted, by few agents; pages show it live."""
_PROGRESS_MOST_S = 30.0
_PROGRESS_PER_S = 250.0
"""Frames that all agents together may send with running machines."""


class Switchboard:
    """`at_work` for as long as the process serves. A transport greets, then hands in frame after frame, then parts."""

    def __init__(self, waker: Waker, books: Books, clock: Clock, inbox: Inbox) -> None:
        self._waker = waker
        self._registry = Registry()
        self._admission = Admission(books, clock)
        self._signs = Signs(inbox, clock)
        self._conversation = Conversation(books, clock, self._signs)
        self._teller = Teller(books, clock, self._registry)
        self._watch = Watch(books, self._registry)

    def __len__(self) -> int:
        return len(self._registry)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        self._waker.listeners.append(self._teller.ring)
        tasks = [asyncio.create_task(self._teller.run()), asyncio.create_task(self._watch.run())]
        try:
            yield
        finally:
            self._waker.listeners.remove(self._teller.ring)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await self._admission.end()
            await self._signs.close()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    @staticmethod
    def challenge() -> Challenge:
        return Challenge(nonce=secrets.token_hex(16))

    async def greet(self, frame: AgentFrame, challenge: Challenge, channel: Channel) -> tuple[Connection, Welcome]:
        """The agent's connection from now on; an earlier one ends. Raises Refused."""
        if not isinstance(frame, Hello):
            raise Refused("the first frame must be a hello")
        admitted = await self._admission.admit(frame, challenge.nonce)
        connection = Connection(
            admitted.stream, admitted.workshop_id, channel, heard_s=asyncio.get_running_loop().time()
        )
        earlier = self._registry.add(connection)
        if earlier is not None:
            earlier.end(SUPERSEDED, "another connection of this agent took over")
        # Progress may be lost: the more agents there are, the less of it is asked for.
        progress_s = min(_PROGRESS_MOST_S, max(_PROGRESS_S, len(self._registry) / _PROGRESS_PER_S))
        welcome = Welcome(
            broker_epoch=admitted.broker_epoch, acked=admitted.acked, heartbeat_s=HEARTBEAT_S, progress_s=progress_s
        )
        return connection, welcome

    def begin(self, connection: Connection) -> None:
        """Its welcome is out: whatever else there is may be told."""
        connection.welcomed = True
        self._teller.ring([connection.workshop_id])

    async def hear(self, connection: Connection, frame: AgentFrame) -> tuple[BrokerFrame, ...]:
        """The answers. Raises Refused where the connection must end."""
        connection.heard_s = asyncio.get_running_loop().time()
        return await self._conversation.hear(connection, frame)

    def part(self, connection: Connection) -> None:
        """The transport has ended, whoever ended it; may be repeated."""
        self._registry.remove(connection)
