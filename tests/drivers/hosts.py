"""Hosts of printers, scripted: real HTTP and WebSockets on loopback, for what a whole simulated host is too much.

One scripted printer, shown by three hosts' APIs. A test sets its state; the driver under test hears of it.
"""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp

from drivers.base import PortSettings, SafeEnd
from tests.waiting import eventually

KEY = "a-key"
PATIENCE_S = 20.0


def _as_sent(data: bytes) -> bytes:
    return data


@dataclass
class ScriptedPrinter:
    """`state`: idle, printing, paused, cancelling, attention, offline, halted."""

    state: str = "idle"
    path: str = ""
    owner: str = ""
    error: str = ""
    share: float = 0.0
    targets: dict[str, float] = field(default_factory=lambda: {"tool": 0.0, "bed": 0.0})
    tool_c: float = 21.0
    files: dict[str, bytes] = field(default_factory=dict)
    history: dict[str, str] = field(default_factory=dict)
    """finished, cancelled or failed, by file."""
    commands: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """start, pause, resume, cancel, stop."""
    objects: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    added_bytes: int = 0
    """Written into the program by the host itself."""
    reporting: bool = True
    """The firmware goes on reporting temperatures."""
    store: Callable[[bytes], bytes] = _as_sent
    """What becomes of an upload."""
    obeys: frozenset[str] = frozenset({"start", "pause", "resume", "cancel", "stop"})
    """What is asked for in vain isn't here: it is answered with yes, and not done."""
    status: int = 0
    """Everything is answered with this HTTP status, if not 0."""
    garbage: bool = False
    """Everything is answered with a web page."""
    answering: threading.Event = field(default_factory=threading.Event)
    """While cleared, nothing is answered."""
    printing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    def ask(self, what: str, name: str = "") -> bool:
        """Whether it is to be done."""
        self.asked.append(what)
        if what not in self.obeys:
            return False
        match what:
            case "start":
                self.print(name)
            case "pause":
                self.state = "paused"
            case "resume":
                self.state = "printing"
            case "cancel":
                self.end("cancelled")
            case "stop":
                self.halt("stopped on request")
        return True

    def print(self, name: str, owner: str = "") -> None:
        self.path, self.owner, self.share = name, owner, 0.0
        self.targets["tool"] = 200.0
        self.state = "printing"
        self.printing.set()

    def end(self, how: str) -> None:
        """Heaters stay on, as after a program that leaves them on."""
        self.history[self.path] = how
        self.share = 1.0 if how == "finished" else self.share
        self.state = "idle"

    def halt(self, error: str) -> None:
        self.history[self.path] = "failed"
        self.state, self.error = "halted", error

    def command(self, line: str) -> None:
        self.commands.append(line)
        match line.split(maxsplit=1)[0]:
            case "M104" | "TURN_OFF_HEATERS":
                self.targets["tool"] = 0.0
            case "EXCLUDE_OBJECT":
                self.skipped.append(line.partition("NAME=")[2])
        if line.startswith(("M140", "TURN_OFF_HEATERS")):
            self.targets["bed"] = 0.0

    def put(self, name: str, data: bytes) -> str:
        """Store an upload; its SHA-256."""
        self.files[name] = self.store(data)
        return hashlib.sha256(self.files[name]).hexdigest()

    def begun(self) -> str:
        """The file of our own job, once it prints."""
        assert self.printing.wait(PATIENCE_S)
        return self.path


class HostServer:
    """One address of loopback; down it refuses connections, as a host that restarts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        listening.listen(64)
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app, ws="websockets-sansio", log_level="critical", access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        eventually(lambda: server.started)

    def down(self) -> None:
        """May be repeated."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        server.should_exit = server.force_exit = True
        thread.join()
        self._server = self._thread = None


@dataclass(frozen=True)
class Site:
    printer: ScriptedPrinter
    server: HostServer

    def settings(
        self, answer_s: float = 2.0, long_s: float = 20.0, key: str = KEY, safe_end: SafeEnd | None = None
    ) -> PortSettings:
        return PortSettings(
            self.server.url, answer_s=answer_s, long_s=long_s, api_key=key, safe_end=safe_end or SafeEnd()
        )


@contextmanager
def serving(make: Callable[[ScriptedPrinter], ASGIApp], printer: ScriptedPrinter | None = None) -> Iterator[Site]:
    printer = printer or ScriptedPrinter()
    server = HostServer(make(printer))
    try:
        yield Site(printer, server)
    finally:
        printer.answering.set()
        server.down()
