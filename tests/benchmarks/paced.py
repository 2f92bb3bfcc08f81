"""Printers that take lines as a 115,200 baud link and a busy planner do: one answer every so often, never sooner.

`python -m tests.benchmarks.paced COUNT LINES_PER_S` prints a port a line, serves until its standard input ends, then
prints as JSON how many moves came and how long the gaps between them were.
"""

import json
import os
import select
import sys
import time
import tty
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np

from tests.benchmarks.responder import marlin

_SOONEST_S = 0.0002
"""Answers this close to their time are given at once: select() is no finer."""


@dataclass(slots=True)
class Printer:
    fd: int
    path: str
    free_s: float = 0.0
    rest: bytes = b""
    waiting: list[bytes] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)


def plugged() -> Printer:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    return Printer(ours, os.ttyname(theirs))


class Shop:
    def __init__(self, count: int, lines_per_s: float) -> None:
        self.printers = [plugged() for _ in range(count)]
        self._by_fd = {printer.fd: printer for printer in self.printers}
        self._every_s = 1.0 / lines_per_s
        self._due: list[tuple[float, int]] = []

    def serve(self) -> None:
        """Until standard input ends."""
        poll = select.epoll()
        for fd in (0, *self._by_fd):
            poll.register(fd, select.EPOLLIN)
        while True:
            now_s = time.monotonic()
            self._answer(now_s + _SOONEST_S)
            wait_s = self._due[0][0] - now_s if self._due else 1.0
            for fd, _ in poll.poll(max(0.0, wait_s)):
                if fd == 0:
                    return
                self._take(self._by_fd[fd])

    def _take(self, printer: Printer) -> None:
        now_s = time.monotonic()
        *lines, printer.rest = (printer.rest + os.read(printer.fd, 65536)).split(b"\n")
        for line in lines:
            if b" G1 " in line:
                printer.arrived.append(now_s)
            printer.free_s = max(printer.free_s + self._every_s, now_s)
            printer.waiting.append(line + b"\n")
            heappush(self._due, (printer.free_s, printer.fd))

    def _answer(self, until_s: float) -> None:
        while self._due and self._due[0][0] <= until_s:
            _, fd = heappop(self._due)
            printer = self._by_fd[fd]
            out = marlin(printer.waiting.pop(0))
            if out:
                os.write(fd, out)

    def result(self) -> dict[str, float]:
        gaps_s = np.concatenate([np.diff(printer.arrived) for printer in self.printers])
        began_s = min(printer.arrived[0] for printer in self.printers)
        ended_s = max(printer.arrived[-1] for printer in self.printers)
        moves = sum(len(printer.arrived) for printer in self.printers)
        return {
            "moves": moves,
            "lines_per_s": moves / len(self.printers) / (ended_s - began_s),
            "gap_p99_s": float(np.quantile(gaps_s, 0.99)),
            "gap_max_s": float(gaps_s.max()),
        }


def main(count: int, lines_per_s: float) -> None:
    shop = Shop(count, lines_per_s)
    sys.stdout.write("".join(f"{printer.path}\n" for printer in shop.printers))
    sys.stdout.flush()
    shop.serve()
    sys.stdout.write(json.dumps(shop.result()) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
