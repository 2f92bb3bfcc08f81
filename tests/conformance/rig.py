"""Simulated machines as the suite sees them: a process of their own, a port, a control socket."""

import json
import os
import pty
import select
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Config = Mapping[str, object]
Seen = TypeVar("Seen")
PATIENCE_S = 20.0


def eventually(look: Callable[[], Seen | None]) -> Seen:
    """What `look` finds, asked again and again until it finds something."""
    deadline_s = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        found = look()
        if found:
            return found
        pause.wait(0.02)
    raise AssertionError(f"not within {PATIENCE_S:g} s")


class RigMachine:
    """One machine of the rig. `url` is what a driver opens."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.url = str(folder / "port")
        self._control = folder / "control"
        self._log = folder / "log.jsonl"
        text = json.dumps(
            {"name": "under-test", "port": self.url, "folder": str(folder), "control": str(self._control), **config}
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hardware_sim.firmware", "serve", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert b"serving" in self._process.stdout.readline()

    def command(self, **command: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.connect(str(self._control))
            control.sendall(json.dumps(command).encode() + b"\n")
            reply: dict[str, object] = json.loads(control.makefile().readline())
        assert reply["ok"], reply
        return reply

    def inject(self, **fault: object) -> None:
        self.command(command="fault", fault=fault)

    def count(self, counter: str) -> int:
        counters = self.command(command="summary")["counters"]
        assert isinstance(counters, dict)
        return int(counters[counter])

    def logged(self, event: str) -> int:
        """How often the machine's own log names it; complete after a `summary`."""
        self.command(command="summary")
        return sum(json.loads(line)["event"] == event for line in self._log.read_text().splitlines())

    def at_rest(self) -> bool:
        """Physically: heaters and spindle off, nothing moving, held or queued."""
        return self.command(command="summary")["episode"] is None

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


class Relay:
    """A cable that passes one byte at a time, both ways; ends when either side does."""

    def __init__(self, port: str) -> None:
        self._machine = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._machine)
        self._host, slave = pty.openpty()
        tty.setraw(slave)
        self.url = os.ttyname(slave)
        self._slave = slave
        self._quit, self._quitter = os.pipe()
        self._thread = threading.Thread(target=self._pass)
        self._thread.start()

    def _pass(self) -> None:
        ways = {self._machine: self._host, self._host: self._machine}
        with suppress(OSError):  # the machine's end was unplugged: so is ours
            while True:
                ready, _, _ = select.select([*ways, self._quit], [], [])
                if self._quit in ready:
                    break
                for source in ready:
                    for byte in os.read(source, 4096):
                        os.write(ways[source], bytes([byte]))
        for fd in (self._machine, self._host, self._slave):
            os.close(fd)

    def end(self) -> None:
        os.write(self._quitter, b"q")
        self._thread.join()
        os.close(self._quit)
        os.close(self._quitter)


@contextmanager
def plain(port: str) -> Iterator[str]:
    yield port


@contextmanager
def byte_by_byte(port: str) -> Iterator[str]:
    relay = Relay(port)
    try:
        yield relay.url
    finally:
        relay.end()


LINKS = {"plain": plain, "byte by byte": byte_by_byte}
