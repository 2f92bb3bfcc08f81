"""The agents' WebSocket: challenge, hello, welcome; then frame after frame.

A connection is one task, and a plain ASGI application without the framework's layers: a broker holds thousands.
"""

import asyncio
import logging

from pydantic import TypeAdapter, ValidationError
from starlette.types import Message, Receive, Scope, Send

from broker.database import UNREACHABLE
from broker.runs.errors import Refused
from broker.runs.link.connection import REFUSED, TRY_AGAIN, Connection, Parted
from broker.runs.link.switchboard import Switchboard
from broker.wire.messages import PROTOCOL, AgentFrame, BrokerFrame

_log = logging.getLogger(__name__)
_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)
_HELLO_WITHIN_S = 10.0
_CLOSE_WITHIN_S = 2.0
_GONE = (OSError, RuntimeError)
"""What an ASGI server raises for what is sent once the peer has gone, or once the server has closed by itself."""
_REASON_BYTES = 120
"""A close frame has room for 123."""


class AgentSocket:
    """The ASGI application of one path."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """One connection from its first to its last frame."""
        channel = SocketChannel(receive, send)
        connection = None
        try:
            connection = await self._welcome(channel)
            while True:
                answers = await self._switchboard.hear(connection, await channel.receive())
                await channel.send(answers)
        except Parted:
            _log.info("agent's connection ended: %s", connection.agent_id if connection else "before its hello")
        except Refused as error:
            _log.warning("refused %s: %s", connection.agent_id if connection else "a hello", error)
            await channel.close(REFUSED, str(error))
        except UNREACHABLE as error:
            # It said nothing that was kept, and says it again when it comes again.
            who = connection.agent_id if connection else "a stranger"
            _log.warning("the connection of %s ends: the database failed: %s", who, error, exc_info=True)
            await channel.close(TRY_AGAIN, "the broker's database failed; come again")
        except asyncio.CancelledError:
            if not channel.abandoned:
                raise
        finally:
            if connection is not None:
                self._switchboard.part(connection)

    async def _welcome(self, channel: "SocketChannel") -> Connection:
        await channel.accept()
        challenge = self._switchboard.challenge()
        await channel.send((challenge,))
        try:
            async with asyncio.timeout(_HELLO_WITHIN_S):
                frame = await channel.receive()
        except TimeoutError as error:
            raise Refused("no hello within 10 s") from error
        connection, welcome = await self._switchboard.greet(frame, challenge, channel)
        await channel.send((welcome,))
        self._switchboard.begin(connection)
        return connection


class SocketChannel:
    """One WebSocket, served by the task that makes this."""

    __slots__ = ("_is_open", "_receive", "_send", "_task", "abandoned")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._task = asyncio.current_task()
        self._is_open = False
        self.abandoned = False
        """The peer doesn't take what it is sent: the task that serves it was ended."""

    async def accept(self) -> None:
        """Raises Parted."""
        if (await self._receive())["type"] != "websocket.connect":
            raise Parted
        self._is_open = True
        await self._out({"type": "websocket.accept"})

    async def receive(self) -> AgentFrame:
        """Raises Refused for what is no frame, Parted at the end."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._is_open = False
            raise Parted
        text = message.get("text")
        if text is None:
            raise Refused(f"that is no frame of protocol {PROTOCOL}: frames are text")
        try:
            return _FRAME.validate_json(text)
        except ValidationError as error:
            raise Refused(f"that is no frame of protocol {PROTOCOL}: {error.errors()[0]['msg']}") from error

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        """Raises Parted if this side or the other has closed."""
        for frame in frames:
            await self._out({"type": "websocket.send", "text": frame.model_dump_json()})

    async def close(self, code: int, reason: str) -> None:
        """A peer that doesn't read isn't waited for."""
        if not self._is_open:
            _log.debug("the peer had closed before")
            return
        self._is_open = False
        text = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._send({"type": "websocket.close", "code": code, "reason": text})
        except TimeoutError:
            self.abandoned = True
            if self._task is not None:
                self._task.cancel()
        except _GONE:
            _log.debug("the peer closed meanwhile")

    async def _out(self, message: Message) -> None:
        if not self._is_open:
            raise Parted
        try:
            await self._send(message)
        except _GONE as error:
            self._is_open = False
            raise Parted from error
