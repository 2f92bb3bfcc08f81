"""The broker's side of the link on virtual time: uvicorn's protocol, switchboard and timers, on rows in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from broker.database import Waker
from broker.planning.background import TIMERS_S
from broker.runs.inbox import Inbox
from broker.runs.link.router import router
from broker.runs.link.switchboard import Switchboard
from broker.runs.models import InboxEvent
from broker.runs.timers import RESTART_GRACE, Timers
from broker.shipping import service as shipping
from broker.wire.messages import Availability
from broker.wire.tracking import Link
from broker.workshops.checking import Seal, holds
from broker.workshops.liveness import link
from broker.workshops.models import Agent, Machine, Workshop
from tests.simulation.books import MemoryBooks
from tests.virtual_time.loop import Factory, VirtualLoop
from tests.virtual_time.shops import HOST, PORT


@dataclass
class LoopClock:
    loop: VirtualLoop

    def now(self) -> datetime:
        return self.loop.now().at


async def _check(seals: Sequence[Seal]) -> Sequence[bool]:
    """On the loop: whatever is done beside it takes none of its time."""
    return [holds(seal) for seal in seals]


class RealBroker:
    """Knows one workshop, by its agent's key."""

    def __init__(self, loop: VirtualLoop, public_key: str) -> None:
        self.clock = LoopClock(loop)
        self.books = MemoryBooks()
        inbox = Inbox(self.books, self.clock, shipping, _check)
        self.switchboard = Switchboard(Waker(), self.books, self.clock, inbox)
        self._public_key = public_key

    @asynccontextmanager
    async def serving(self, loop: VirtualLoop) -> AsyncIterator["RealBroker"]:
        now = self.clock.now()
        async with self.books.writing() as book:
            book.add(Workshop(id="ws1", name="Nava", created_at=now))
            book.add(Agent(id="agt_1", workshop_id="ws1", public_key=self._public_key, created_at=now))
        server = await loop.create_server(self._protocol(loop), HOST, PORT)
        lapsing = loop.create_task(self._lapse())
        async with self.switchboard.at_work():
            try:
                await asyncio.sleep(RESTART_GRACE.total_seconds())
                yield self
            finally:
                lapsing.cancel()
                await asyncio.wait([lapsing])
                server.close()

    def _protocol(self, loop: VirtualLoop) -> Factory:
        app = FastAPI()
        app.include_router(router(self.switchboard), prefix="/api/v1")
        config = uvicorn.Config(
            app, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="off", log_config=None
        )
        config.load()
        state = ServerState()
        return lambda: H11Protocol(config, state, {}, loop)

    async def _lapse(self) -> None:
        timers = Timers(self.books, self.clock)
        while True:
            await timers.run_due()
            await asyncio.sleep(TIMERS_S)

    @property
    def agent(self) -> Agent:
        return next(iter(self.books.tables.all(Agent)))

    def standing(self) -> Availability:
        """Of the workshop's machine."""
        return next(iter(self.books.tables.all(Machine))).availability

    def link(self) -> Link:
        return link(self.agent.last_seen_at, self.clock.now())

    def events(self) -> list[tuple[str, int]]:
        return [(row.epoch, row.seq) for row in self.books.tables.all(InboxEvent)]
