"""A Marlin board as its host sees it: a serial port, one numbered line in flight, and what comes back.

Source: Marlin 2.1 gcode/queue.cpp (numbers, checksums, Resend), and how OctoPrint deals with it (`resendOk`).
"""

import asyncio
import os
import re
import termios
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Protocol

GREETING_S = 1.5
"""How long to wait for a banner: a board that isn't restarted by the opening has none."""
HELLO_S = 1.0
HELLOS = 10
RESEND_OK_S = 0.1
"""How long after `Resend` an `ok` still belongs to it; some firmware sends one, some doesn't."""

_TEMPERATURES = re.compile(r"T:(-?[\d.]+) /(-?[\d.]+) B:(-?[\d.]+) /(-?[\d.]+)(?: @:(\d+) B@:(\d+))?")
_RESEND = re.compile(r"(?:Resend: ?|rs N?)(\d+)")
_REPAIRED = ("Line Number is not Last Line", "checksum mismatch", "No Checksum with line number")


class BoardGone(Exception):
    """The serial link is closed: `args[0]` says why."""


class BoardRestarted(Exception):
    """The board said `start`: what it had been told is forgotten."""


@dataclass(frozen=True, slots=True)
class Temperatures:
    """°C; power from 0 to 1."""

    hotend: float = 0.0
    hotend_target: float = 0.0
    bed: float = 0.0
    bed_target: float = 0.0
    hotend_power: float = 0.0
    bed_power: float = 0.0


class Listener(Protocol):
    """Who wants to know what a board says unasked. Called from the event loop, must not block."""

    def heard(self, line: str) -> None: ...

    def restarted(self) -> None: ...

    def halted(self, error: str) -> None:
        """The firmware said `Error:`, and not about a damaged line."""
        ...

    def lost(self, reason: str) -> None:
        """The link broke, by nobody's wish."""
        ...


def framed(number: int, text: str) -> bytes:
    body = f"N{number} {text}".encode("latin-1", "replace")
    return body + f"*{reduce(xor, body)}\n".encode()


class Board:
    def __init__(self, path: Path, listener: Listener) -> None:
        self.path = path
        self.temperatures = Temperatures()
        self.heard_at = time.monotonic()
        """When the board was last heard, on the steady clock, s."""
        self._listener = listener
        self._descriptor = -1
        self._turn = asyncio.Lock()
        self._received = bytearray()
        self._unsent = bytearray()
        self._pending: deque[asyncio.Future[None] | None] = deque()
        """Acknowledgements to come, in order; None: nobody waits for it."""
        self._reply: list[str] = []
        self._number = 0
        self._in_flight = b""
        self._resending: asyncio.TimerHandle | None = None
        self._banner = asyncio.Event()
        self._greeted = False
        """Until then, what comes may be meant for whoever had the port before."""

    @property
    def is_open(self) -> bool:
        return self._descriptor >= 0

    async def open(self) -> None:
        """Open the port and greet the board. Raises OSError, BoardGone, TimeoutError."""
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(self._descriptor, termios.TCIOFLUSH)  # what an earlier connection left unread
        asyncio.get_running_loop().add_reader(self._descriptor, self._readable)
        await _within(self._banner.wait(), GREETING_S)
        for _ in range(HELLOS):
            if await _within(self._hello(), HELLO_S):
                self._greeted = True
                return
            self._pending.clear()
        raise TimeoutError(f"no answer from {self.path}")

    async def _hello(self) -> None:
        await self._ask(b"M110 N0\n")
        self._number = 0

    async def send(self, text: str) -> list[str]:
        """One line, numbered, once those before it are acknowledged; returns what came until its `ok`.

        Raises BoardGone, BoardRestarted.
        """
        async with self._turn:
            self._number += 1
            self._in_flight = framed(self._number, text)
            self._reply = []
            await self._ask(self._in_flight)
            return self._reply

    async def _ask(self, line: bytes) -> None:
        if not self.is_open:
            raise BoardGone("the port is closed")
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(acknowledged)
        self._write(line)
        await acknowledged

    def shout(self, text: str) -> None:
        """A line ahead of everything, without number; its `ok` is waited for by nobody."""
        if self.is_open:
            self._pending.append(None)
            self._write(text.encode() + b"\n")

    def shout_numbered(self, text: str) -> None:
        if self.is_open:
            self._number += 1
            self._pending.append(None)
            self._write(framed(self._number, text))

    def close(self, reason: str = "the port was closed") -> None:
        """Give the port back; whoever waits for an answer gets BoardGone. Repeating it does nothing."""
        if not self.is_open:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._descriptor)
        loop.remove_writer(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        self._stop_resending()
        self._forget(BoardGone(reason))

    def _forget(self, why: Exception) -> None:
        pending, self._pending = self._pending, deque()
        for acknowledged in pending:
            if acknowledged is not None and not acknowledged.done():
                acknowledged.set_exception(why)

    def _lose(self, reason: str) -> None:
        self.close(reason)
        self._listener.lost(reason)

    # Bytes.

    def _write(self, data: bytes) -> None:
        self._unsent += data
        self._flush()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            del self._unsent[: os.write(self._descriptor, self._unsent)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._lose(error.strerror or "write failed")
            return
        if self._unsent:
            loop.add_writer(self._descriptor, self._flush)
        else:
            loop.remove_writer(self._descriptor)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error.strerror or "read failed")
            return
        if not data:
            self._lose("device disconnected")
            return
        self.heard_at = time.monotonic()
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = rest
        for line in lines:
            if self.is_open:
                self._line(line.decode("latin-1").strip())

    # Lines.

    def _line(self, line: str) -> None:
        if line == "start":
            self._restarted()
        elif line.startswith("ok"):
            self._ok(line)
        elif (resend := _RESEND.match(line)) is not None:
            self._resend(int(resend.group(1)))
        elif line.startswith("Error:"):
            if self._greeted and not line.startswith(_REPAIRED, 6):
                self._listener.halted(line[6:].strip())
        else:
            self._reply.append(line)
        if "T:" in line:
            self._take_temperatures(line)
        self._listener.heard(line)

    def _ok(self, line: str) -> None:
        if self._resending is not None:
            self._again()
            return
        if len(line) > 3:
            self._reply.append(line)
        if self._pending:
            acknowledged = self._pending.popleft()
            if acknowledged is not None and not acknowledged.done():
                acknowledged.set_result(None)

    def _resend(self, number: int) -> None:
        if number != self._number:
            self._lose(f"the board wants line {number} again, and {self._number} is the only one in flight")
        elif self._resending is None:
            self._resending = asyncio.get_running_loop().call_later(RESEND_OK_S, self._again)

    def _again(self) -> None:
        self._stop_resending()
        self._write(self._in_flight)

    def _stop_resending(self) -> None:
        if self._resending is not None:
            self._resending.cancel()
            self._resending = None

    def _restarted(self) -> None:
        self._banner.set()
        self._number = 0
        self._stop_resending()
        if self._greeted:
            self._forget(BoardRestarted())
            self._listener.restarted()

    def _take_temperatures(self, line: str) -> None:
        found = _TEMPERATURES.search(line)
        if found is None:
            return
        hotend, hotend_target, bed, bed_target, power, bed_power = (float(text or 0) for text in found.groups())
        self.temperatures = Temperatures(hotend, hotend_target, bed, bed_target, power / 127, bed_power / 127)


async def _within(waited_for: Coroutine[None, None, object], seconds: float) -> bool:
    """Whether it came about in that time."""
    try:
        await asyncio.wait_for(waited_for, seconds)
    except TimeoutError:
        return False
    return True
