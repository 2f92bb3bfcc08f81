"""A strict Marlin and a bad cable, in virtual time: thousands of lines a second, and every outcome repeatable.

From Marlin 2.1 `queue.cpp`: RX buffer, BUFSIZE, numbers, checksums, drained buffers, duplicates passed over in silence,
ADVANCED_OK; a planner whose blocks take their time. It shares no code with the drivers or the rig.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from functools import reduce
from math import inf
from operator import xor
from random import Random

BUFSIZE = 4
PLANNER = 15
RX_BYTES = 128


@dataclass(slots=True)
class Queued:
    number: int | None
    text: str


@dataclass
class MarlinModel:
    advanced_ok: bool = False
    resend_ok: bool = True
    """Resend is followed by `ok`."""
    passes_over: bool = True
    """Of the last two lines a repetition is ignored without a word."""
    extra_ok: int = 0
    """Each so-manieth line is acknowledged twice; 0: none."""
    block_s: float = 0.002
    blocks: dict[str, int] = field(default_factory=dict)
    """How many a line gives, where it isn't one for a move."""
    heeds_hosts: bool = True
    """False: a wait ends by the machine's own button alone."""
    busy_every_s: float = 2.0
    heat_s: float = 0.0
    """How long an M109 takes, which tells its temperatures each second meanwhile."""
    waits: dict[str, str] = field(default_factory=dict)
    """Lines that wait until they are `released`, and what they say first."""
    now: float = 0.0
    moves: list[str] = field(default_factory=list)
    """As taken from the queue, in order."""
    executed: list[str] = field(default_factory=list)
    """Whose last block was made."""
    texts: list[str] = field(default_factory=list)
    target: str = "0"
    hotend_c: float = 21.0
    last_number: int = 0
    overflown: int = 0
    _out: bytearray = field(default_factory=bytearray)
    _rx: bytearray = field(default_factory=bytearray)
    _line: bytearray = field(default_factory=bytearray)
    _queue: deque[Queued] = field(default_factory=deque)
    _planner: deque[tuple[float, list[str]]] = field(default_factory=deque)
    """When each block is made, and the lines that are executed then."""
    _waiting: bool = False
    busy_s: float = inf
    """When it says next that it is busy."""
    _begun: bool = False
    """The line that is first in the queue is under way."""
    _heated_s: float = inf
    _told_s: float = inf
    _acks: int = 0

    def receive(self, data: bytes) -> None:
        room = RX_BYTES - len(self._rx) if len(self._queue) >= BUFSIZE else len(data)
        self.overflown += max(0, len(data) - room)
        self._rx += data[:room]
        self._pump()

    def advance(self, now: float) -> None:
        while self._next() <= now:
            self.now = self._next()
            if self.now >= self._told_s:
                self._told_s = self.now + 1.0
                self._out += f" T:100.0 /{self.target} B:20.0 /0 W:?\n".encode()
            if self.now >= self.busy_s:
                self.busy_s = self.now + self.busy_every_s
                self._out += b"echo:busy: paused for user\n" if self._waiting else b"echo:busy: processing\n"
            self._pump()
        self.now = now
        self._pump()

    def _next(self) -> float:
        return min(self._planner[0][0] if self._planner else inf, self.busy_s, self._told_s, self._heated_s)

    def next_s(self) -> float:
        """When it has something to do next."""
        return self._next()

    def said(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def release(self) -> None:
        self._waiting = self._waiting and not self.heeds_hosts
        if self._heated_s < inf:
            self._heated_s = self.now
        self._pump()

    # From bytes to lines --------------------------------------------------------------------------

    def _pump(self) -> None:
        before = None
        while before != (len(self._rx), len(self._queue), len(self._planner), self._waiting):
            before = (len(self._rx), len(self._queue), len(self._planner), self._waiting)
            while self._planner and self._planner[0][0] <= self.now:
                self.executed += self._planner.popleft()[1]
            self._read()
            self._execute()

    def _read(self) -> None:
        while self._rx and len(self._queue) < BUFSIZE:
            byte = self._rx[0]
            del self._rx[0]
            if byte not in b"\r\n":
                self._line.append(byte)
                continue
            line = self._line.decode("latin-1").partition(";")[0].lstrip(" ")[:95]
            self._line.clear()
            if line:
                self._accept(line)

    def _accept(self, line: str) -> None:
        if line[0] != "N":
            if line.startswith(("M108", "M876")):
                self.release()
            self._queue.append(Queued(None, line.partition("*")[0].strip()))
            return
        numbering = "M110" in line
        second = line.find("N", 4) if numbering else -1
        number = _strtol(line[(second if second >= 0 else 0) + 1 :])
        if number != self.last_number + 1 and not numbering:
            if not (self.passes_over and self.last_number - 1 <= number <= self.last_number):
                self._refuse("Line Number is not Last Line Number+1")
            return
        body, star, checksum = line.rpartition("*")
        if not star:
            return self._refuse("No Checksum with line number")
        if _strtol(checksum) != reduce(xor, body.encode("latin-1")):
            return self._refuse("checksum mismatch")
        self.last_number = number
        self._queue.append(Queued(number, re.sub(r"^N-?\d+ *", "", body).partition("*")[0].strip()))

    def _refuse(self, problem: str) -> None:
        self._rx.clear()
        self._line.clear()
        self._out += f"Error:{problem}, Last Line: {self.last_number}\nResend: {self.last_number + 1}\n".encode()
        if self.resend_ok:
            self._out += b"ok\n"

    # From lines to motion ---------------------------------------------------------------------------

    def _execute(self) -> None:
        while self._queue:
            text = self._queue[0].text
            if not self._begun:
                self._begun = True
                self._begin(text)
            if self._waiting or not self._done(text):
                self.busy_s = min(self.busy_s, self.now + self.busy_every_s)
                return
            self._begun, self.busy_s, self._told_s, self._heated_s = False, inf, inf, inf
            self._acknowledge(self._queue.popleft())

    def _begin(self, text: str) -> None:
        if text in self.waits:
            self._out += self.waits[text].encode()
            self._waiting = True
        if text.startswith("M109"):
            self.target = text.partition("S")[2]
            self._told_s, self._heated_s = self.now + 1.0, self.now + self.heat_s

    def _done(self, text: str) -> bool:
        if text == "M400":
            return not self._planner
        if text.startswith("M109"):
            return self.now >= self._heated_s
        if re.match(r"G[01] ", text):
            if len(self._planner) >= PLANNER:
                return False
            self._plan(text)
        return True

    def _plan(self, text: str) -> None:
        self.moves.append(text)
        end_s = max(self.now, self._planner[-1][0]) if self._planner else self.now
        for _ in range(self.blocks.get(text, 1 if re.search("[XYZE]", text) else 0)):
            end_s += self.block_s
            self._planner.append((end_s, []))
        (self._planner[-1][1] if self._planner else self.executed).append(text)

    def _acknowledge(self, command: Queued) -> None:
        text = command.text
        self.texts.append(text)
        if text.startswith("M104"):
            self.target = text.partition("S")[2]
        if text == "M105":
            self._out += f"ok T:{self.hotend_c} /{self.target} B:20.0 /0 @:0\n".encode()
            return
        if text == "M115":
            self._out += b"FIRMWARE_NAME:Marlin 2.1\nCap:EMERGENCY_PARSER:1\nCap:AUTOREPORT_TEMP:0\n"
        elif not re.match(r"[GMT]\d", text):
            self._out += f'echo:Unknown command: "{text}"\n'.encode("latin-1")
        self._acks += 1
        for _ in range(2 if self.extra_ok and self._acks % self.extra_ok == 0 else 1):
            self._out += self._ok(command.number)

    def _ok(self, number: int | None) -> bytes:
        if not self.advanced_ok:
            return b"ok\n"
        name = "" if number is None else f" N{number}"
        return f"ok{name} P{max(0, PLANNER - len(self._planner))} B{BUFSIZE - 1 - len(self._queue)}\n".encode()


def _strtol(text: str) -> int:
    found = re.match(r"\s*-?\d+", text)
    return int(found.group()) if found else 0


@dataclass
class BadCable:
    """Damages at most one byte of a line: Marlin's checksum, a mere XOR, can't see every pair of damages."""

    random: Random
    share: float
    """Of the bytes, each way."""

    def out(self, data: bytes) -> bytes:
        return b"".join(self._line(line, None) for line in data.splitlines(keepends=True))

    def back(self, data: bytes) -> bytes:
        return b"".join(self._line(line, self.random) for line in data.splitlines(keepends=True))

    def _line(self, line: bytes, doubling: Random | None) -> bytes:
        if self.random.random() >= self.share * len(line):
            return line
        at = self.random.randrange(len(line))
        kind = self.random.randrange(3 if doubling else 2)
        if kind == 0:
            return line[:at] + line[at + 1 :]
        if kind == 1:
            other = self.random.choice([byte for byte in range(32, 127) if byte != line[at]])
            return line[:at] + bytes([other]) + line[at + 1 :]
        return line[: at + 1] + line[at:]
