"""The one outbound link to the broker: carries a conversation, and connects again for ever.

A WebSocket, or plain HTTP for as long as something in between lets no WebSocket through. Not responsible for what
anything means, nor for its order: that is the conversation's.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from broker.wire.messages import AgentFrame, BrokerFrame, Conflict, Signed
from shop_agent.errors import LinkRefused
from shop_agent.link.conversation import HELLO_S, Conversation, Dice, reconnect_s
from shop_agent.link.frames import from_text, to_text
from shop_agent.link.transport import Barred, Dial, Ended, Transport
from shop_agent.settings import is_local
from shop_agent.state.instructions import Instruction
from shop_agent.state.records import Now

MAX_FRAME_BYTES = 16_000_000
SOCKET_AGAIN_S = 600.0
"""How long plain HTTP is used before a WebSocket is tried again."""
_LOG = logging.getLogger("llagar.link")


class SocketTransport:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, texts: Sequence[str]) -> None:
        try:
            for text in texts:
                await self._socket.send(text)
        except ConnectionClosed as error:
            raise Ended(_reason(error)) from error

    async def receive(self) -> BrokerFrame:
        try:
            return from_text(await self._socket.recv())
        except ConnectionClosed as error:
            raise Ended(_reason(error)) from error


def _reason(error: ConnectionClosed) -> str:
    return error.rcvd.reason or str(error.rcvd.code) if error.rcvd else "it went away"


def sockets(broker: str) -> Dial:
    """WebSockets of the broker at this address."""
    parts = urlsplit(broker)
    scheme = "wss" if parts.scheme == "https" else "ws"
    url = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v1/agents/socket"
    proxy: Literal[True] | None = None if is_local(broker) else True

    @asynccontextmanager
    async def dial() -> AsyncIterator[SocketTransport]:
        try:
            socket = await connect(url, open_timeout=HELLO_S, max_size=MAX_FRAME_BYTES, proxy=proxy)
        except (WebSocketException, TimeoutError) as error:
            raise Barred(str(error) or "it was never answered") from error
        async with socket:
            yield SocketTransport(socket)

    return dial


class Link:
    def __init__(
        self,
        broker: str,
        conversation: Conversation[Signed],
        carry_out: Callable[[list[Instruction]], None],
        clock: Callable[[], Now],
        dice: Dice = random.uniform,
        *,
        instead: Dial | None = None,
    ) -> None:
        """`instead`: what is tried where a WebSocket doesn't get through."""
        self._broker = broker
        self._sockets = sockets(broker)
        self._instead = instead
        self._conversation = conversation
        self._carry_out = carry_out
        self._clock = clock
        self._dice = dice
        self._wake = asyncio.Event()
        self._heard = False
        self.transport = ""
        """What carries the link now, in words; empty while there is none."""
        self.renewed: Callable[[], Awaitable[bool]] | None = None
        """Asked after a refusal: whether it has done something about it, and the broker may be tried again at once."""

    def send(self, frame: AgentFrame) -> None:
        """After every event that is in the log by now; lost if the link is down."""
        self._conversation.send(frame)
        self._wake.set()

    def told(self) -> None:
        """There are events to send, and what a heartbeat tells has changed."""
        self._conversation.beat_now()
        self._wake.set()

    def begin_anew(self, why: str) -> None:
        """End the connection, if there is one; another follows."""
        if self._conversation.welcomed:
            self._conversation.refusal = why
            self._wake.set()

    async def run(self) -> None:
        """Connect for ever."""
        failures = 0
        while True:
            try:
                failures = 0 if await self._connected() else failures + 1
            except LinkRefused as error:
                failures += 1
                _LOG.warning("%s", error)
                if failures == 1 and self.renewed is not None and await self.renewed():
                    continue
            except (OSError, Barred, TimeoutError) as error:
                failures += 1
                _LOG.info("no link to %s: %s", self._broker, str(error) or type(error).__name__)
            await asyncio.sleep(reconnect_s(failures, self._dice))

    async def _connected(self) -> bool:
        """One connection, from its challenge to its end; whether it was welcomed, however it ended then."""
        try:
            return await self._over(self._sockets, "WebSocket")
        except Barred as error:
            if self._instead is None:
                raise
            _LOG.info("no WebSocket gets through to %s (%s): plain HTTP is tried", self._broker, error)
            return await self._over(self._instead, "plain HTTP", SOCKET_AGAIN_S)

    async def _over(self, dial: Dial, name: str, most_s: float | None = None) -> bool:
        try:
            async with dial() as transport:
                self._conversation.opened(self._clock())
                self._heard = False
                try:
                    async with asyncio.timeout(most_s):
                        await self._converse(transport, name)
                except TimeoutError:
                    if not self._conversation.welcomed:
                        raise
                finally:
                    self.transport = ""
                    was_welcomed = self._conversation.welcomed
                    self._carry_out(self._conversation.closed(self._clock()))
        except Ended as error:
            raise LinkRefused(f"the broker refused us: {error}") from error
        if self._conversation.refusal and not self._heard:
            raise Barred(self._conversation.refusal)
        if self._conversation.refusal:
            raise LinkRefused(self._conversation.refusal)
        return was_welcomed

    async def _converse(self, transport: Transport, name: str) -> None:
        tasks = [asyncio.create_task(self._say(transport)), asyncio.create_task(self._listen(transport, name))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, Ended) and self._conversation.welcomed:
                _LOG.info("the link ended: %s", result)
            elif isinstance(result, Exception):
                raise result

    async def _listen(self, transport: Transport, name: str) -> None:
        while not self._conversation.refusal:
            self._hear(await transport.receive(), name)

    def _hear(self, frame: BrokerFrame, name: str) -> None:
        self._heard = True
        if isinstance(frame, Conflict):
            _LOG.warning("run %s: the broker has it as %s: %s", frame.run, frame.state, frame.reason)
        self._carry_out(self._conversation.receive(frame, self._clock()))
        if self._conversation.welcomed and not self.transport:
            self.transport = name
            _LOG.info("welcomed by %s over %s", self._broker, name)
        self._wake.set()

    async def _say(self, transport: Transport) -> None:
        while not self._conversation.refusal:
            self._wake.clear()
            while frames := self._conversation.due(self._clock()):
                await transport.send([to_text(frame) for frame in frames])
            try:
                # wait_for of Python 3.11 may swallow a cancellation that comes with the event.
                async with asyncio.timeout(self._conversation.wait_s(self._clock())):
                    await self._wake.wait()
            except TimeoutError:
                continue
