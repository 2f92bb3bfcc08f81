"""Simulated machines as the suite sees them: a process of their own, a port, a control socket."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

Config = Mapping[str, object]
Seen = TypeVar("Seen")
PATIENCE_S = 20.0


class RigMachine:
    """One machine of the rig. `url` is what a driver opens."""

    def __init__(self, folder: Path, config: Config) -> None:
        port = folder / "port"
        self._control = folder / "control"
        self._log = folder / "log.jsonl"
        text = json.dumps(
            {"name": "under-test", "port": str(port), "folder": str(folder), "control": str(self._control), **config}
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hardware_sim.firmware", "serve", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert b"serving" in self._process.stdout.readline()
        self.url = str(port) if port.is_symlink() else port.read_text().strip()

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
