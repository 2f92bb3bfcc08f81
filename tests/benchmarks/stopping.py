"""From a fault that the shop notices to the bytes on the wire that stop the machine."""

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console

from drivers.base import Driver, LineCheck, PortSettings, Watch
from drivers.errors import DriverError
from drivers.registry import make
from tests.benchmarks.responder import Grbl, marlin
from tests.benchmarks.rows import Row
from tests.benchmarks.sample_programs import printer, router
from tests.drivers.peers import allow

ROUNDS = 20
"""p99 of so few is the slowest but for a breath."""
AFTER_LINES = 50
"""The fault comes in mid-stream."""
WAIT_S = 20.0


@dataclass
class Wire:
    """The machine's end of a pty: answers, says something of its own once, and notes when `stop` first arrives."""

    answer: Callable[[bytes], bytes]
    stop: tuple[bytes, ...]
    fault: bytes = b""
    """Said after so many lines; empty: nothing is said."""
    lines: int = 0
    said_s: float = 0.0
    stopped_s: float = 0.0
    under_way: threading.Event = field(default_factory=threading.Event)
    armed: bool = False

    def take(self, data: bytes) -> bytes:
        if self.said_s and not self.stopped_s and any(stop in data for stop in self.stop):
            self.stopped_s = time.monotonic()
        if not self.armed:
            return self.answer(data)
        self.lines += data.count(b"\n")
        if self.lines < AFTER_LINES or self.under_way.is_set():
            return self.answer(data)
        self.under_way.set()
        if self.fault:
            self.said_s = time.monotonic()
        return self.fault + self.answer(data)


Act = Callable[[Driver, Wire], LineCheck]
"""What a person or the checker does in a case."""


@contextmanager
def plugged(wire: Wire) -> Iterator[str]:
    """The port's path."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    quits, quitter = os.pipe()

    def serve() -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([ours, quits], [], [])
            if quits in ready:
                return
            data = rest + os.read(ours, 65536)
            end = len(data) if b"\n" not in data else data.rfind(b"\n") + 1
            whole, rest = data[:end], data[end:]
            out = wire.take(whole)
            if out:
                os.write(ours, out)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.write(quitter, b"q")
        thread.join()
        for fd in (ours, theirs, quits, quitter):
            os.close(fd)


_WATCH = Watch(started=lambda _: None, progress=lambda _: None, held=lambda _: None, resumed=lambda: None)


def _run(driver: Driver, program: list[str], check: LineCheck) -> None:
    try:
        driver.run(program, check, _WATCH)
    except DriverError:
        return
    raise AssertionError("the run did not end in a fault")


def _delay_s(firmware: str, wire: Wire, act: Act) -> float:
    with plugged(wire) as port:
        driver = make(firmware, PortSettings(port, answer_s=2.0))
        driver.open()
        program = printer(2000) if firmware == "marlin" else router(2000)
        if firmware == "grbl":
            # Before its first run a program is checked, with nothing that moves and would have to be stopped.
            driver.run(program, allow, _WATCH)
        check = act(driver, wire)
        wire.armed = True
        _run(driver, program, check)
        driver.close()
    if not wire.stopped_s:
        raise AssertionError(f"no stop came: {wire.stop!r}")
    return wire.stopped_s - wire.said_s


def _watching(_driver: Driver, _wire: Wire) -> LineCheck:
    return allow


def _refusing(_driver: Driver, wire: Wire) -> LineCheck:
    """The checker says no to a line in mid-stream."""

    def check(line: str) -> str | None:
        if not wire.under_way.is_set():
            return None
        wire.said_s = time.monotonic()
        return "refused"

    return check


def _asking(driver: Driver, wire: Wire) -> LineCheck:
    """A person asks for a stop."""

    def ask() -> None:
        if not wire.under_way.wait(WAIT_S):
            return
        wire.said_s = time.monotonic()
        driver.stop_now()

    threading.Thread(target=ask).start()
    return allow


_MARLIN_OFF = (b"M104 S0", b"M112")
_CASES = (
    ("marlin", "firmware's error to heaters off", b"Error:Probing failed\n", _MARLIN_OFF, _watching),
    ("marlin", "refused line to heaters off", b"", _MARLIN_OFF, _refusing),
    ("marlin", "stop asked to M112", b"", (b"M112",), _asking),
    ("grbl", "error:n to feed hold", b"error:2\r\n", (b"!",), _watching),
    ("grbl", "ALARM:n to reset", b"ALARM:1\r\n", (b"\x18",), _watching),
    ("grbl", "refused line to feed hold", b"", (b"!",), _refusing),
    ("grbl", "stop asked to reset", b"", (b"\x18",), _asking),
)


def measure() -> list[Row]:
    rows = []
    for firmware, case, fault, stop, act in _CASES:
        Console(stderr=True).print(f"{ROUNDS} times, {firmware}: {case}", style="dim")
        began_s, cpu_s = time.monotonic(), time.process_time()
        delays_s = []
        for _ in range(ROUNDS):
            answer = marlin if firmware == "marlin" else Grbl()
            delays_s.append(_delay_s(firmware, Wire(answer, stop, fault), act))
        p99_ms = float(np.quantile(delays_s, 0.99)) * 1e3
        wall_s = time.monotonic() - began_s
        spent_s = time.process_time() - cpu_s
        name = f"{firmware}: {case}"
        rows.append(Row("stop", name, "p99", "ms", p99_ms, goal="<= 100", cpu_s=spent_s, wall_s=wall_s))
    return rows
