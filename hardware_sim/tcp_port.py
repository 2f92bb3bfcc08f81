"""A serial port behind a plain TCP socket, as a serial device server offers it: `socket://127.0.0.1:PORT`."""

import select
import socket
import struct
from pathlib import Path

from hardware_sim.addresses import LOOPBACK, listen, port_of, publish

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER, on, no time: the peer gets a reset."""


class TcpPort:
    """One client at a time; another one is closed at once, as a busy port would be."""

    def __init__(self, file: Path, tcp_port: int) -> None:
        self.file = file
        self.connected = False
        self._tcp_port = tcp_port
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None

    @property
    def address(self) -> str:
        return f"socket://{LOOPBACK}:{self._tcp_port}"

    @property
    def descriptor(self) -> int:
        return -1 if self._client is None else self._client.fileno()

    def plug(self) -> None:
        """Listen, and say where; always at the same port. Repeating it does nothing."""
        if self._listener is not None:
            return
        self._listener = listen(self._tcp_port)
        self._listener.setblocking(False)
        self._tcp_port = port_of(self._listener)
        publish(self.file, self.address)

    def unplug(self) -> None:
        """The cable comes off: the client's connection is reset, others are refused."""
        if self._listener is None:
            return
        self.file.unlink(missing_ok=True)
        self._listener.close()
        self._listener = None
        self._drop()

    def wakers(self) -> list[int]:
        return [] if self._listener is None else [self._listener.fileno()]

    def opened(self) -> bool:
        """Take in who knocks; True if there is a client now, and there was none before."""
        if self._gone_quietly():
            return False  # what it said last is to be read first; whoever knocks waits in the backlog
        anew = False
        while (caller := self._accept()) is not None:
            if self._client is not None:
                caller.close()
                continue
            caller.setblocking(False)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client, self.connected, anew = caller, True, True
        return anew

    def _accept(self) -> socket.socket | None:
        if self._listener is None:
            return None
        try:
            return self._listener.accept()[0]
        except BlockingIOError:
            return None

    def _gone_quietly(self) -> bool:
        """The client has closed its end, and we haven't read up to there."""
        if self._client is None:
            return False
        poll = select.poll()
        poll.register(self._client, select.POLLRDHUP)
        return bool(poll.poll(0))

    def read(self) -> bytes:
        """What has arrived; empty: nothing, or the client has gone (see `connected`)."""
        if self._client is None:
            return b""
        try:
            data = self._client.recv(4096)
        except BlockingIOError:
            return b""
        except ConnectionError:
            data = b""
        if not data:
            self._drop()
        return data

    def write(self, data: bytes) -> int:
        """How many bytes the line took."""
        if self._client is None:
            return 0
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except ConnectionError:
            self._drop()
            return 0

    def _drop(self) -> None:
        client, self._client, self.connected = self._client, None, False
        if client is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            client.close()
