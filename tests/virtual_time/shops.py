"""A workshop's link and mind on virtual time, and a broker that says what a test wants it to say."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from broker.wire import messages as wire
from broker.wire.rolled_back import RolledBack
from broker.wire.shop import Inventory
from shop_agent import translate
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.journal import Journal
from shop_agent.link.conversation import Conversation
from shop_agent.link.socket import Link
from shop_agent.mind import Mind
from shop_agent.state import events as ev
from shop_agent.state.instructions import AskPermit, Instruction, Tell
from shop_agent.state.records import MachineFacts, MachineView
from tests.shop_agent.core import BOOT, INVENTORY, RULES
from tests.virtual_time.loop import VirtualLoop

HOST, PORT = "127.0.0.1", 80
_FRAMES: TypeAdapter[wire.AgentFrame] = TypeAdapter(wire.AgentFrame)


@dataclass
class Broker:
    """Keeps the agent's events, and when it heard what."""

    loop: VirtualLoop
    challenges: bool = True
    acknowledges: bool = True
    heard: list[tuple[float, wire.AgentFrame]] = field(default_factory=list)
    inbox: dict[int, wire.Envelope] = field(default_factory=dict)
    welcomed_s: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _server: Server | None = None
    _socket: ServerConnection | None = None

    async def begin(self) -> None:
        self._server = await serve(self._talk, HOST, PORT, compression=None)

    async def end(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, socket: ServerConnection) -> None:
        try:
            if self.challenges:
                await self._say(socket, wire.Challenge(nonce="n1"))
            async for text in socket:
                await self._hear(socket, _FRAMES.validate_json(text))
                self.news.set()
                self.news.clear()
        except ConnectionClosed:
            return

    async def _hear(self, socket: ServerConnection, frame: wire.AgentFrame) -> None:
        self.heard.append((self.loop.time(), frame))
        if isinstance(frame, wire.Hello):
            self.welcomed_s.append(self.loop.time())
            self._socket = socket
            await self._say(socket, wire.Welcome(broker_epoch="b1", acked=len(self.inbox)))
        elif isinstance(frame, wire.Events):
            for event in frame.events:
                envelope = wire.Envelope.model_validate_json(event.payload)
                if self.inbox.setdefault(envelope.seq, envelope) != envelope:
                    await self._say(socket, RolledBack(epoch=envelope.epoch, reason="it said something else before"))
                    return
            if self.acknowledges:
                await self._say(socket, wire.Ack(epoch=envelope.epoch, seq=len(self.inbox)))

    async def say(self, frame: wire.BrokerFrame) -> None:
        assert self._socket is not None
        await self._say(self._socket, frame)

    async def _say(self, socket: ServerConnection, frame: wire.BrokerFrame) -> None:
        await socket.send(frame.model_dump_json())

    def times(self, kind: type[wire.AgentFrame]) -> list[float]:
        return [at_s for at_s, frame in self.heard if isinstance(frame, kind)]


class Shop:
    """One printer; its streamer is the test."""

    def __init__(
        self, loop: VirtualLoop, folder: Path, seed: int, tick_s: float, inventory: Inventory = INVENTORY
    ) -> None:
        identity = Identity(agent="agt_1", workshop="Nava", broker=f"http://{HOST}:{PORT}")
        signer = Signer(identity, own_key(folder))
        dice = random.Random(seed).uniform
        self.loop = loop
        self.tick_s = tick_s
        self.journal = Journal(folder / "agent.sqlite", signer)
        self.mind = Mind([MachineFacts("printer", False, ("PLA",), 0.4)], RULES, self.journal, inventory, "tok")
        self.progress: list[wire.Progress] = []
        self.carried_out: list[tuple[float, Instruction]] = []
        conversation = Conversation("agt_1", signer.sign, self.journal, self.mind, lambda: self.progress, dice)
        self.link = Link(identity.broker, conversation, self.carry_out, loop.now, dice)

    def apply(self, event: ev.Event) -> None:
        self.carry_out(self.mind.apply(event, self.loop.now()))

    def carry_out(self, instructions: list[Instruction]) -> None:
        self.carried_out += [(self.loop.time(), one) for one in instructions]
        if any(isinstance(one, Tell) for one in instructions):
            self.link.told()
        for one in instructions:
            if isinstance(one, AskPermit):
                self.link.send(translate.permit_request(one))

    def see(self) -> None:
        self.apply(ev.StreamerOpened("printer", "j1", 0))
        self.apply(ev.MachineSeen("printer", MachineView(True, BOOT)))

    async def run(self) -> None:
        self.carry_out(self.mind.begin(self.loop.now()))
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run())
            group.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            self.apply(ev.Ticked())
            await asyncio.sleep(self.tick_s)


@asynccontextmanager
async def shop_and_broker(loop: VirtualLoop, seed: int = 1, tick_s: float = 1.0) -> AsyncIterator[tuple[Shop, Broker]]:
    broker = Broker(loop)
    await broker.begin()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(loop, Path(folder), seed, tick_s)
        task = loop.create_task(shop.run())
        try:
            yield shop, broker
        finally:
            task.cancel()
            await asyncio.wait([task])
            await broker.end()
            shop.journal.close()
