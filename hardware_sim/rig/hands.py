"""Talking to machines over their control sockets: one command to one, or one look at all of them together."""

import json
import selectors
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from hardware_sim.firmware.acts import Command, Summary
from hardware_sim.firmware.witness import Counters
from hardware_sim.rig.errors import Refused

ANSWER_S = 20.0
Reply = dict[str, object]
"""As it came over the wire; without `ok`."""

_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)
_LOOK = Summary(command="summary").model_dump_json().encode() + b"\n"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class EpisodeSeen(_Part):
    number: int
    kind: str
    job: int
    deposits: int
    cuts: int


class FaultSeen(_Part):
    kind: str


class Energy(_Part):
    """What a machine's details say of heat and spindle: a printer has the one, a router the other."""

    hotend_c: float = 0.0
    hotend_target_c: float = 0.0
    bed_c: float = 0.0
    bed_target_c: float = 0.0
    spindle: bool | None = None

    def words(self) -> str:
        """Nozzle and bed as `now/target`, or the spindle."""
        if self.spindle is not None:
            return "spindle turns" if self.spindle else "spindle off"
        return f"{self.hotend_c:.0f}/{self.hotend_target_c:.0f} {self.bed_c:.0f}/{self.bed_target_c:.0f} °C"


class Stand(_Part):
    """How a machine stands: the reply to `summary`."""

    state: str
    faulted: bool
    bed: int
    episode: EpisodeSeen | None
    counters: Counters
    details: Energy
    faults_waiting: tuple[FaultSeen, ...]


def ask(machine: str, control: Path, command: Command) -> Reply:
    """Carry out one command. Raises Refused with what the machine says, or if it doesn't answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(ANSWER_S)
            link.connect(str(control))
            link.sendall(command.model_dump_json().encode() + b"\n")
            with link.makefile("rb") as answers:
                line = answers.readline()
    except OSError as error:
        raise Refused(f"{machine} doesn't answer: {error.strerror or error}") from error
    if not line:
        raise Refused(f"{machine} ended before it answered")
    reply = _REPLY.validate_python(json.loads(line))
    if not reply.pop("ok"):
        raise Refused(f"{machine}: {reply['error']}")
    return reply


@dataclass(slots=True)
class _Line:
    link: socket.socket
    received: bytearray = field(default_factory=bytearray)
    asked: bool = False


class Panels:
    """Keeps a connection to each machine, so that a look at a hundred of them costs little. Close it."""

    def __init__(self, controls: Mapping[str, Path]) -> None:
        self._controls = controls
        self._lines: dict[str, _Line] = {}

    def look(self, patience_s: float) -> dict[str, Stand]:
        """How each stands that answers within `patience_s`; a machine that isn't there is left out."""
        found: dict[str, Stand] = {}
        deadline = time.monotonic() + patience_s
        with selectors.DefaultSelector() as selector:
            for name in self._controls:
                line = self._ask(name)
                if line is not None:
                    selector.register(line.link, selectors.EVENT_READ, name)
            while selector.get_map() and (left_s := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left_s):
                    name = str(key.data)
                    stand, whole = self._receive(name)
                    if whole:
                        selector.unregister(key.fileobj)
                    if stand is not None:
                        found[name] = stand
        return found

    def _ask(self, name: str) -> _Line | None:
        """Ask again, unless the last question is still open."""
        line = self._lines.get(name)
        try:
            if line is None:
                line = _Line(_connect(self._controls[name]))
                self._lines[name] = line
            if not line.asked:
                line.link.sendall(_LOOK)
                line.asked = True
        except OSError:
            # Not up yet, or gone: whoever looks sees that it is missing.
            self._drop(name)
            return None
        return line

    def _receive(self, name: str) -> tuple[Stand | None, bool]:
        """The answer, once it is whole; and whether nothing more is to come."""
        line = self._lines[name]
        try:
            data = line.link.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._drop(name)
            return None, True
        line.received += data
        if not line.received.endswith(b"\n"):
            return None, False
        stand = Stand.model_validate_json(bytes(line.received))
        line.received.clear()
        line.asked = False
        return stand, True

    def _drop(self, name: str) -> None:
        line = self._lines.pop(name, None)
        if line is not None:
            line.link.close()

    def close(self) -> None:
        for name in list(self._lines):
            self._drop(name)

    def __enter__(self) -> "Panels":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connect(control: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(ANSWER_S)
        link.connect(str(control))
    except OSError:
        with suppress(OSError):
            link.close()
        raise
    return link
