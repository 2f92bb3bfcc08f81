"""The agents' WebSocket: challenge, hello, welcome; then frame after frame.

A connection is one task, and a plain ASGI application without the framework's layers: a broker holds thousands.
"""

import asyncio
import logging

from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from broker.runs.errors import Refused
from broker.runs.link.connection import REFUSED, Connection, Parted
from broker.runs.link.switchboard import Switchboard
from broker.wire.messages import PROTOCOL, AgentFrame, BrokerFrame

_log = logging.getLogger(__name__)
_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)
_HELLO_WITHIN_S = 10.0
_CLOSE_WITHIN_S = 2.0
_REASON_BYTES = 120
"""A close frame has room for 123."""


class AgentSocket:
    """The ASGI application of one path."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection from its first to its last frame."""
        channel = SocketChannel(WebSocket(scope, receive, send))
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

    __slots__ = ("_socket", "_task", "abandoned")

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._task = asyncio.current_task()
        self.abandoned = False
        """The peer doesn't take what it is sent: the task that serves it was ended."""

    async def accept(self) -> None:
        await self._socket.accept()

    async def receive(self) -> AgentFrame:
        """Raises Refused for what is no frame, Parted at the end."""
        try:
            return _FRAME.validate_json(await self._socket.receive_text())
        except WebSocketDisconnect as error:
            raise Parted from error
        except (ValidationError, KeyError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "frames are text"
            raise Refused(f"that is no frame of protocol {PROTOCOL}: {reason}") from error

    async def send(self, frames: tuple[BrokerFrame, ...]) -> None:
        """Raises Parted if this side or the other has closed."""
        for frame in frames:
            if self._socket.application_state is not WebSocketState.CONNECTED:
                raise Parted
            try:
                await self._socket.send_text(frame.model_dump_json())
            except WebSocketDisconnect as error:
                raise Parted from error

    async def close(self, code: int, reason: str) -> None:
        """A peer that doesn't read isn't waited for."""
        text = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._socket.close(code, text)
        except (RuntimeError, WebSocketDisconnect):
            _log.debug("the peer had closed before")
        except TimeoutError:
            self.abandoned = True
            if self._task is not None:
                self._task.cancel()
