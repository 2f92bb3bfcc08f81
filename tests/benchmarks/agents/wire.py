"""An agent's side of the socket with next to no cost: what the load generator uses on its thousands of links."""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

from broker.wire.base import Wire
from broker.wire.messages import Hello
from broker.wire.signing import hello_text
from tests.benchmarks.agents.population import Member

_PATH = "/api/v1/agents/socket"
_HEAD_END = b"\r\n\r\n"
_LENGTH_16, _LENGTH_64 = 126, 127
Heard = dict[str, object]


def framed(message: Wire) -> bytes:
    """A masked text frame, ready to be sent."""
    return Frame(Opcode.TEXT, message.model_dump_json().encode()).serialize(mask=True)


class Link(asyncio.Protocol):
    """One connection: it upgrades, says hello, then hands every frame to `hear`; `gone` at its end."""

    def __init__(self, member: Member, epoch: str, hear: Callable[[Heard], None], gone: Callable[[], None]) -> None:
        self._member = member
        self._epoch = epoch
        self._hear = hear
        self._gone = gone
        self._buffer = b""
        self._upgraded = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {_PATH} HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        transport.write(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None
        self._gone()

    def send(self, frame: bytes) -> None:
        if self.transport is not None:
            self.transport.write(frame)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(_HEAD_END)
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.abort()
                return
            self._upgraded, self._buffer = True, rest
        while self._take():
            pass

    def _take(self) -> bool:
        """The next frame, if all of it is there."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        at, length = 2, buffer[1] & 0x7F
        if length in (_LENGTH_16, _LENGTH_64):
            at = 4 if length == _LENGTH_16 else 10
            if len(buffer) < at:
                return False
            length = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + length:
            return False
        data, self._buffer = buffer[at : at + length], buffer[at + length :]
        self._heed(Opcode(buffer[0] & 0x0F), data)
        return True

    def _heed(self, opcode: Opcode, data: bytes) -> None:
        if opcode is Opcode.PING:
            self.send(Frame(Opcode.PONG, data).serialize(mask=True))
        elif opcode is Opcode.CLOSE:
            self.abort()
        elif opcode is Opcode.TEXT:
            frame: Heard = json.loads(data)
            if frame["type"] == "challenge":
                self._greet(str(frame["nonce"]))
            else:
                self._hear(frame)

    def _greet(self, nonce: str) -> None:
        agent = self._member.agent
        signature = self._member.sign(hello_text(nonce, agent, self._epoch))
        self.send(framed(Hello(agent=agent, epoch=self._epoch, software="load", signature=signature)))


async def dial(url: str, make: Callable[[], Link]) -> Link:
    """Raises OSError."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    _, link = await asyncio.get_running_loop().create_connection(make, parts.hostname, parts.port)
    return link
