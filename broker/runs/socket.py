"""The agents' WebSocket: challenge, hello, welcome; then one task that listens and one that tells."""

import asyncio
import logging
import secrets
import time

from fastapi import APIRouter, WebSocket
from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from broker.clock import Clock
from broker.database import Database, new_id
from broker.runs import epochs, history
from broker.runs.connection import Connection, Conversation
from broker.runs.errors import Forged, Refused
from broker.runs.inbox import EventStream, Inbox
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import PROTOCOL, AgentFrame, BrokerFrame, Challenge, Hello, Welcome
from broker.wire.signing import hello_text
from broker.workshops.keys import is_signed
from broker.workshops.liveness import HEARTBEAT_S

_log = logging.getLogger(__name__)
_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)
_HELLO_WITHIN_S = 10.0
_TELL_EVERY_S = 2.0
_REFUSED = 4403
_SUPERSEDED = 4409
_REASON_BYTES = 120
"""A close frame has room for 123."""


class AgentSocket:
    """Owns this process's connections of agents. An agent has one at all processes, the latest: its row names it."""

    def __init__(self, database: Database, clock: Clock, inbox: Inbox, progress_s: float) -> None:
        self._database = database
        self._books = SqlBooks(database)
        self._clock = clock
        self._conversation = Conversation(self._books, clock, inbox)
        self._progress_s = progress_s
        self._open: dict[str, WebSocket] = {}

    async def serve(self, socket: WebSocket) -> None:
        """One connection from its first to its last frame."""
        await socket.accept()
        connection = None
        try:
            connection = await self._welcome(socket)
            await self._talk(socket, connection)
        except WebSocketDisconnect:
            _log.info("agent's connection ended: %s", connection.stream.agent_id if connection else "before its hello")
        except Refused as error:
            _log.warning("refused %s: %s", connection.stream.agent_id if connection else "a hello", error)
            await _close(socket, _REFUSED, str(error))
        finally:
            if connection is not None and self._open.get(connection.stream.agent_id) is socket:
                del self._open[connection.stream.agent_id]

    async def _welcome(self, socket: WebSocket) -> Connection:
        nonce = secrets.token_hex(16)
        await _send(socket, Challenge(nonce=nonce))
        try:
            async with asyncio.timeout(_HELLO_WITHIN_S):
                frame = await _receive(socket)
        except TimeoutError as error:
            raise Refused("no hello within 10 s") from error
        if not isinstance(frame, Hello):
            raise Refused("the first frame must be a hello")
        if frame.protocol != PROTOCOL:
            raise Refused(f"this broker speaks protocol {PROTOCOL}, the agent {frame.protocol}: update the older one")
        connection, acked, epoch = await self._admit(frame, nonce)
        earlier = self._open.pop(frame.agent, None)
        if earlier is not None:
            await _close(earlier, _SUPERSEDED, "another connection of this agent took over")
        self._open[frame.agent] = socket
        welcome = Welcome(broker_epoch=epoch, acked=acked, heartbeat_s=HEARTBEAT_S, progress_s=self._progress_s)
        await _send(socket, welcome)
        return connection

    async def _admit(self, hello: Hello, nonce: str) -> tuple[Connection, int, str]:
        async with self._books.writing() as book:
            known = await book.agent(hello.agent)
            text = hello_text(nonce, hello.agent, hello.epoch)
            if known is None or not is_signed(known.public_key, text, hello.signature):
                raise Forged("this agent is not known here, or its key is another: enrol it with a new code")
            agent = await book.locked_agent(hello.agent)
            await epochs.begin(book, agent, hello.epoch, self._clock.now())
            history.greet(agent, hello.last_seq)
            epoch = await history.current_epoch(book)
            agent.last_seen_at = self._clock.now()
            agent.connection = new_id("con")
            stream = EventStream(agent.id, agent.public_key, hello.epoch, agent.connection)
            acked = agent.acked_seq
            workshop_id = agent.workshop_id
        self._database.waker.ring()
        return Connection(stream, workshop_id), acked, epoch

    async def _talk(self, socket: WebSocket, connection: Connection) -> None:
        """Until either task ends; the other one is ended with it."""
        sending = asyncio.Lock()
        tasks = {
            asyncio.create_task(self._listen(socket, connection, sending)),
            asyncio.create_task(self._tell(socket, connection, sending)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _listen(self, socket: WebSocket, connection: Connection, sending: asyncio.Lock) -> None:
        while True:
            frame = await _receive(socket)
            answers = await self._conversation.hear(connection, frame)
            async with sending:
                for answer in answers:
                    await _send(socket, answer)

    async def _tell(self, socket: WebSocket, connection: Connection, sending: asyncio.Lock) -> None:
        heard = self._database.waker.rings
        while True:
            frames = await self._conversation.to_tell(connection, time.monotonic())
            async with sending:
                for frame in frames:
                    await _send(socket, frame)
            heard = await self._database.waker.wait(heard, _TELL_EVERY_S)


def router(database: Database, clock: Clock, inbox: Inbox, progress_s: float = 2.0) -> APIRouter:
    """`progress_s`: how often a running machine's progress is wanted; pages show it live."""
    routes = APIRouter(tags=["agents"])
    agents = AgentSocket(database, clock, inbox, progress_s)

    @routes.websocket("/agents/socket")
    async def socket(websocket: WebSocket) -> None:
        await agents.serve(websocket)

    return routes


async def _receive(socket: WebSocket) -> AgentFrame:
    """Raises Refused for what is no frame, WebSocketDisconnect at the end."""
    try:
        return _FRAME.validate_json(await socket.receive_text())
    except (ValidationError, KeyError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "frames are text"
        raise Refused(f"that is no frame of protocol {PROTOCOL}: {reason}") from error


async def _send(socket: WebSocket, frame: BrokerFrame) -> None:
    """Raises WebSocketDisconnect if this side or the other has closed."""
    if socket.application_state is not WebSocketState.CONNECTED:
        raise WebSocketDisconnect(_SUPERSEDED)
    await socket.send_text(frame.model_dump_json())


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
    except (RuntimeError, WebSocketDisconnect):
        _log.debug("the peer had closed before")
