"""The one outbound WebSocket to the broker: carries a conversation, and connects again for ever.

Not responsible for what anything means, nor for its order: that is the conversation's.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from broker.wire.messages import AgentFrame, BrokerFrame, Conflict, Signed
from shop_agent.errors import LinkRefused
from shop_agent.link.conversation import HELLO_S, Conversation, Dice, reconnect_s
from shop_agent.link.frames import from_text, to_text
from shop_agent.settings import is_local
from shop_agent.state.instructions import Instruction
from shop_agent.state.records import Now

MAX_FRAME_BYTES = 16_000_000
_LOG = logging.getLogger("llagar.link")


class Link:
    def __init__(
        self,
        broker: str,
        conversation: Conversation[Signed],
        carry_out: Callable[[list[Instruction]], None],
        clock: Callable[[], Now],
        dice: Dice = random.uniform,
    ) -> None:
        parts = urlsplit(broker)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v1/agents/socket"
        self._local = is_local(broker)
        self._conversation = conversation
        self._carry_out = carry_out
        self._clock = clock
        self._dice = dice
        self._wake = asyncio.Event()

    def send(self, frame: AgentFrame) -> None:
        """After every event that is in the log by now; lost if the link is down."""
        self._conversation.send(frame)
        self._wake.set()

    def told(self) -> None:
        """There are events to send, and what a heartbeat tells has changed."""
        self._conversation.beat_now()
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
            except (OSError, WebSocketException, TimeoutError) as error:
                failures += 1
                _LOG.info("no link to %s: %s", self._url, str(error) or type(error).__name__)
            await asyncio.sleep(reconnect_s(failures, self._dice))

    async def _connected(self) -> bool:
        """One connection, from its challenge to its end; whether it was welcomed, however it ended then."""
        proxy: Literal[True] | None = None if self._local else True
        async with connect(self._url, open_timeout=HELLO_S, max_size=MAX_FRAME_BYTES, proxy=proxy) as socket:
            self._conversation.opened(self._clock())
            try:
                await self._converse(socket)
            finally:
                was_welcomed = self._conversation.welcomed
                self._carry_out(self._conversation.closed(self._clock()))
        if self._conversation.refusal:
            raise LinkRefused(self._conversation.refusal)
        return was_welcomed

    async def _converse(self, socket: ClientConnection) -> None:
        tasks = [asyncio.create_task(self._say(socket)), asyncio.create_task(self._listen(socket))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, ConnectionClosed):
                self._ended(result)
            elif isinstance(result, Exception):
                raise result

    def _ended(self, error: ConnectionClosed) -> None:
        """Raises LinkRefused if the broker closed before it had welcomed us."""
        reason = error.rcvd.reason or str(error.rcvd.code) if error.rcvd else "it went away"
        if not self._conversation.welcomed:
            raise LinkRefused(f"the broker refused us: {reason}") from error
        _LOG.info("the link ended: %s", reason)

    async def _listen(self, socket: ClientConnection) -> None:
        while not self._conversation.refusal:
            self._hear(from_text(await socket.recv()))

    def _hear(self, frame: BrokerFrame) -> None:
        was_welcomed = self._conversation.welcomed
        if isinstance(frame, Conflict):
            _LOG.warning("run %s: the broker has it as %s: %s", frame.run, frame.state, frame.reason)
        self._carry_out(self._conversation.receive(frame, self._clock()))
        if self._conversation.welcomed and not was_welcomed:
            _LOG.info("welcomed by %s", self._url)
        self._wake.set()

    async def _say(self, socket: ClientConnection) -> None:
        while not self._conversation.refusal:
            self._wake.clear()
            while frames := self._conversation.due(self._clock()):
                for frame in frames:
                    await socket.send(to_text(frame))
            try:
                # wait_for of Python 3.11 may swallow a cancellation that comes with the event.
                async with asyncio.timeout(self._conversation.wait_s(self._clock())):
                    await self._wake.wait()
            except TimeoutError:
                continue
