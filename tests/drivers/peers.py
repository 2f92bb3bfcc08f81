"""The machine's end of a pty, scripted: for what a whole simulated firmware is too much."""

import os
import pty
import select
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.base import PortSettings, Status, Watch

Answer = Callable[[bytes], bytes]
Realtime = Callable[[int], bytes]
REALTIME = frozenset(b"?!~\x18\x84") | frozenset(range(0x90, 0x9F))


class Peer:
    """Answers each complete line and, if told how, each realtime byte, from a thread of its own."""

    def __init__(self, answer: Answer, realtime: Realtime | None = None) -> None:
        self.answer = answer
        self.realtime = realtime
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.url = os.ttyname(slave)
        self._slave = slave
        self._quit, self._quitter = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def settings(self, answer_s: float = 2.0) -> PortSettings:
        return PortSettings(self.url, answer_s=answer_s, long_s=20.0)

    def say(self, data: bytes) -> None:
        os.write(self._master, data)

    def _serve(self) -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([self._master, self._quit], [], [])
            if self._quit in ready:
                return
            data = os.read(self._master, 4096)
            out = b""
            if self.realtime is not None:
                out = b"".join(self.realtime(byte) for byte in data if byte in REALTIME)
                data = bytes(byte for byte in data if byte not in REALTIME)
            *lines, rest = (rest + data).split(b"\n")
            out += b"".join(self.answer(line) for line in lines)
            if out:
                os.write(self._master, out)

    def unplug(self) -> None:
        """As a cable that is pulled; may be repeated."""
        if self._thread.is_alive():
            os.write(self._quitter, b"q")
            self._thread.join()
            for fd in (self._master, self._slave, self._quit, self._quitter):
                os.close(fd)


@contextmanager
def peer(answer: Answer, realtime: Realtime | None = None) -> Iterator[Peer]:
    served = Peer(answer, realtime)
    try:
        yield served
    finally:
        served.unplug()


@dataclass
class Seen:
    """What a run told its watch."""

    started: list[str] = field(default_factory=list)
    progress: list[Status] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    resumed: int = 0
    is_started: threading.Event = field(default_factory=threading.Event)
    is_held: threading.Event = field(default_factory=threading.Event)
    is_resumed: threading.Event = field(default_factory=threading.Event)
    progress_hook: Callable[[Status], None] | None = None

    def watch(self) -> Watch:
        return Watch(self._started, self._progress, self._held, self._resumed)

    def _progress(self, status: Status) -> None:
        self.progress.append(status)
        if self.progress_hook is not None:
            self.progress_hook(status)

    def _started(self, what: str) -> None:
        self.started.append(what)
        self.is_started.set()

    def _held(self, reason: str) -> None:
        self.held.append(reason)
        self.is_held.set()

    def _resumed(self) -> None:
        self.resumed += 1
        self.is_resumed.set()


def allow(line: str) -> str | None:
    """The checker that lets everything pass."""
    return None
