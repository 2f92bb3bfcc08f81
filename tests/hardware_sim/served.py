"""A machine of the rig as a process, for tests that reach it over TCP and HTTP."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import httpx

PATIENCE_S = 20.0
KEY = "KEY"
Seen = TypeVar("Seen")


class Served:
    """Ends with its standard input."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = folder / "port"
        self.control = folder / "control"
        config = {
            "name": "machine",
            "firmware": "marlin",
            "port": str(self.port),
            "folder": str(folder / "truth"),
            "control": str(self.control),
            "speed": 600,
            "boot_s": 0.05,
            "idle_s": 0.2,
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hardware_sim.firmware", "serve", json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().decode()

    @property
    def url(self) -> str:
        return self.port.read_text().strip()

    def web(self, key: str = KEY) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"X-Api-Key": key}, timeout=PATIENCE_S)

    def ask(self, command: str, **arguments: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as answers:
            link.connect(str(self.control))
            link.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            reply: dict[str, object] = json.loads(answers.readline())
            return reply

    def does(self, command: str, **arguments: object) -> None:
        assert self.ask(command, **arguments) == {"ok": True}

    def count(self, counter: str) -> int:
        counters = self.ask("summary")["counters"]
        assert isinstance(counters, dict)
        return int(counters[counter])

    def at_rest(self) -> bool:
        return self.ask("summary")["episode"] is None

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE_S)


def program(moves: int) -> str:
    """Deposits once a move but for the first."""
    body = "".join(f"G1 X{10 + n % 2 * 60} Y{10 + n % 7} Z0.3 E{n * 0.5:.2f} F1200\n" for n in range(moves))
    return f"; a comment\nG28\nM104 S200\nM109 S200 ; and wait\nG92 E0\n\n{body}M400\nM104 S0\nM84\n"
