"""What is measured: a broker as administrators start it, or the prototype; and the load generator beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.app.serving import ADDRESS_NAME
from tests.benchmarks.processes import cpu_s

_START_S = 120.0
_END_S = 120.0
"""Thousands of connections are closed one after the other."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """A server's own process, without its children."""

    process: "subprocess.Popen[str]"
    url: str

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)

    def resident_kb(self) -> float:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE_BYTES / 1000

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def broker(data: Path, database: str | None = None, *, port: int = 0) -> Iterator[Measured]:
    """`llagar-broker serve`, answering; ended in order unless it was killed. `database`: of a PostgreSQL."""
    address = data / ADDRESS_NAME
    address.unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if name != "LLAGAR_DATABASE_URL"}
    command = [str(Path(sys.executable).parent / "llagar-broker"), "serve", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        text=True,
        env=kept | ({"LLAGAR_DATABASE_URL": database} if database else {}),
    )
    try:
        deadline = time.monotonic() + _START_S
        while not address.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the broker does not answer; the reason is above")
            time.sleep(0.02)
        yield Measured(process, address.read_text(encoding="utf-8").strip())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        finally:
            process.kill()
            process.wait()


@contextmanager
def prototype(url: str, *, verify: bool) -> Iterator[Measured]:
    """`url`: of a database with a broker's tables."""
    words = [sys.executable, "-m", "tests.benchmarks.agents.prototype", url, *(["--verify"] if verify else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Measured(process, process.stdout.readline().strip())
        finally:
            process.kill()


class Load:
    """A load generator whose agents are all connected."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def cpu_s(self) -> float:
        return cpu_s(self._process.pid)

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, float]:
        """Waits for its end."""
        assert self._process.stdout is not None
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def load(scene: str, url: str, agents: int, *words: str) -> Iterator[Load]:
    command = [sys.executable, "-m", "tests.benchmarks.agents.load", scene, url, "--agents", str(agents), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline().strip() != "connected":
                raise RuntimeError("the load generator did not connect; the reason is above")
            yield Load(process)
        finally:
            process.kill()
