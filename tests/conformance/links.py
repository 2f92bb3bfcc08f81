"""Cables between a driver and a machine, and what they do to the bytes on them: serial lines and TCP alike."""

import os
import pty
import random
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

SERIAL_BYTES_PER_S = 11_520
"""115,200 baud, 8 data bits, a start and a stop bit."""
NETWORK_BYTES_PER_S = 60_000
"""A workshop's far corner, by radio."""
_PIECE_BYTES = 64

Passing = Callable[[bytes], Iterator[bytes]]
"""What of a stretch of bytes comes out at the other end, piece by piece; raises Torn."""


class Torn(Exception):
    """The connection is cut here."""


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def one_by_one(data: bytes) -> Iterator[bytes]:
    for byte in data:
        yield bytes([byte])


class Slow:
    """As long as such a line takes for it."""

    def __init__(self, quit_asked: threading.Event, bytes_per_s: int) -> None:
        self._quit = quit_asked
        self._bytes_per_s = bytes_per_s

    def __call__(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            self._quit.wait(len(piece) / self._bytes_per_s)
            yield piece


class Damaging:
    """A bit flips, or a byte is gone, in one byte of `every`; line ends too."""

    def __init__(self, seed: int, every: int) -> None:
        self._random = random.Random(seed)
        self._every = every

    def __call__(self, data: bytes) -> Iterator[bytes]:
        damaged = bytearray()
        for byte in data:
            chance = self._random.randrange(2 * self._every)
            if chance == 0:
                damaged.append(byte ^ 1 << self._random.randrange(7))
            elif chance > 1:
                damaged.append(byte)
        yield bytes(damaged)


class Tearing:
    """The connection breaks after so many bytes."""

    def __init__(self, after_bytes: int) -> None:
        self._left = after_bytes

    def __call__(self, data: bytes) -> Iterator[bytes]:
        if len(data) > self._left:
            yield data[: self._left]
            raise Torn
        self._left -= len(data)
        yield data


class Pump:
    """One direction of a cable, in a thread of its own. `ended` is called once, from that thread."""

    def __init__(self, source: int, sink: int, passing: Passing, ended: Callable[[], None]) -> None:
        self._source, self._sink, self._passing, self._ended = source, sink, passing, ended
        self._quit, self._quitter = os.pipe()
        self._thread = threading.Thread(target=self._run, name="cable")
        self._thread.start()

    def _run(self) -> None:
        with suppress(OSError, Torn):  # one end was unplugged: so is the other
            while True:
                ready, _, _ = select.select([self._source, self._quit], [], [])
                if self._quit in ready:
                    break
                data = os.read(self._source, 4096)
                if not data:
                    break
                for piece in self._passing(data):
                    self._write(piece)
        self._ended()

    def _write(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[os.write(self._sink, left) :]

    def end(self) -> None:
        os.write(self._quitter, b"q")
        self._thread.join()
        os.close(self._quit)
        os.close(self._quitter)


class SerialCable:
    """Between a machine's pty and another one, whose path is `url`."""

    def __init__(self, port: str, out: Passing, back: Passing) -> None:
        self._machine = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._machine)
        self._host, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.url = os.ttyname(self._slave)
        self._pumps = (
            Pump(self._host, self._machine, out, lambda: None),
            Pump(self._machine, self._host, back, lambda: None),
        )

    def end(self) -> None:
        for pump in self._pumps:
            pump.end()
        for fd in (self._machine, self._host, self._slave):
            os.close(fd)


class NetworkCable:
    """Between a host and whoever connects to `url` instead; `make` gives both directions of each connection."""

    def __init__(self, url: str, make: Callable[[], tuple[Passing, Passing]]) -> None:
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self._make = make
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[tuple[socket.socket, socket.socket, tuple[Pump, Pump]]] = []
        self._quit, self._quitter = os.pipe()
        self._thread = threading.Thread(target=self._accept, name="cable")
        self._thread.start()

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener.fileno(), self._quit], [], [])
            if self._quit in ready:
                return
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                near.close()  # the host is not reached: neither are we
                continue
            self._connect(near, far)

    def _connect(self, near: socket.socket, far: socket.socket) -> None:
        for end in (near, far):
            end.setblocking(True)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def torn() -> None:
            for end in (near, far):
                with suppress(OSError):  # the other direction was first
                    end.shutdown(socket.SHUT_RDWR)

        out, back = self._make()
        pumps = (Pump(near.fileno(), far.fileno(), out, torn), Pump(far.fileno(), near.fileno(), back, torn))
        self._connections.append((near, far, pumps))

    def end(self) -> None:
        os.write(self._quitter, b"q")
        self._thread.join()
        for fd in (self._quit, self._quitter):
            os.close(fd)
        self._listener.close()
        for near, far, pumps in self._connections:
            for pump in pumps:
                pump.end()
            near.close()
            far.close()


@contextmanager
def plain(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _cable(url: str, make: Callable[[], tuple[Passing, Passing]]) -> Iterator[str]:
    cable = NetworkCable(url, make) if "://" in url else SerialCable(url, *make())
    try:
        yield cable.url
    finally:
        cable.end()


@contextmanager
def byte_by_byte(url: str) -> Iterator[str]:
    with _cable(url, lambda: (one_by_one, one_by_one)) as relayed:
        yield relayed


@contextmanager
def slow(url: str) -> Iterator[str]:
    over, bytes_per_s = threading.Event(), NETWORK_BYTES_PER_S if "http" in url else SERIAL_BYTES_PER_S
    try:
        with _cable(url, lambda: (Slow(over, bytes_per_s), Slow(over, bytes_per_s))) as relayed:
            yield relayed
    finally:
        over.set()


LOST_EVERY = 1500
"""Bytes; one in thirty lines or so, and as many answers."""
TORN_AFTER = (3_000, 30_000)
"""Bytes of one direction."""


@contextmanager
def lossy(url: str) -> Iterator[str]:
    """A serial line damages bytes; a network loses none, but connections."""
    seeds = random.Random(7)

    def make() -> tuple[Passing, Passing]:
        if "http" in url:
            return Tearing(seeds.randint(*TORN_AFTER)), Tearing(seeds.randint(*TORN_AFTER))
        return Damaging(seeds.randrange(1000), LOST_EVERY), Damaging(seeds.randrange(1000), LOST_EVERY)

    with _cable(url, make) as relayed:
        yield relayed


LINKS = {"plain": plain, "byte by byte": byte_by_byte, "slow": slow, "lossy": lossy}
