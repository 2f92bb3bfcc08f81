"""The real OctoPrint, of its own environment: one server on loopback, its virtual printer inside, nothing beyond."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from tests.peers.environments import environment
from tests.peers.processes import alone, free_port, serving
from tests.waiting import eventually

KEY = "a-key-of-thirty-two-letters-only"
PATIENCE_S = 60.0
_ANSWER_S = 20.0
_OF_NO_USE = [
    "achievements",
    "announcements",
    "backup",
    "discovery",
    "errortracking",
    "file_check",
    "firmware_check",
    "gcodeviewer",
    "health_check",
    "pi_support",
    "pluginmanager",
    "softwareupdate",
    "tracking",
]
"""Plugins that would ask the network, or that only cost time."""

Found = TypeVar("Found")


def config(ports: Sequence[str], virtual_printer: Mapping[str, object], *, serial_log: bool) -> dict[str, object]:
    """What `config.yaml` says; `ports` may be patterns of further serial ports."""
    return {
        "api": {"key": KEY},
        "server": {"firstRun": False, "onlineCheck": {"enabled": False}, "pluginBlacklist": {"enabled": False}},
        "serial": {
            "autoconnect": False,
            "additionalPorts": list(ports),
            "log": serial_log,
            # A tenth of the usual, so that a silent printer is given up within seconds.
            "timeout": {"communication": 3, "communicationBusy": 3},
            "maxCommunicationTimeouts": {"printing": 3},
        },
        "gcodeAnalysis": {"runAt": "never"},
        "plugins": {
            "virtual_printer": {
                "enabled": True,
                "sendWait": False,
                "simulated_errors": [],
                **virtual_printer,
            },
            "_disabled": _OF_NO_USE,
        },
    }


@dataclass(frozen=True)
class Api:
    """OctoPrint's, as any client sees it; answers are taken as they are, good or bad."""

    url: str

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        return httpx.request(method, f"{self.url}/api/{path}", json=body, headers={"X-Api-Key": KEY}, timeout=_ANSWER_S)

    def upload(self, name: str, program: Sequence[str]) -> httpx.Response:
        return httpx.post(
            f"{self.url}/api/files/local",
            files={"file": (name, "\n".join(program) + "\n")},
            headers={"X-Api-Key": KEY},
            timeout=_ANSWER_S,
        )

    def flags(self) -> set[str]:
        """Of the connected printer, those that are set; of a closed one `closedOrError`."""
        answer = self.ask("GET", "printer?exclude=temperature,sd")
        if answer.status_code == 409:
            return {"closedOrError"}
        return {name for name, is_set in answer.raise_for_status().json()["state"]["flags"].items() if is_set}

    def state(self) -> str:
        """As its pages show it: Operational, Printing, Offline after error …"""
        return str(self.ask("GET", "job").raise_for_status().json()["state"])

    def connect(self, port: str = "VIRTUAL", baudrate: int = 0) -> None:
        """Raises AssertionError unless the printer is operational in the end."""
        wish = {"command": "connect", "port": port, "baudrate": baudrate}
        self.ask("POST", "connection", wish).raise_for_status()
        eventually(lambda: "operational" in self.flags())

    def disconnect(self) -> None:
        self.ask("POST", "connection", {"command": "disconnect"}).raise_for_status()
        eventually(lambda: "closedOrError" in self.flags())

    def print_file(self, name: str, program: Sequence[str]) -> None:
        """Upload, select and start it; returns once it is under way or over."""
        self.upload(name, program).raise_for_status()
        self.ask("POST", f"files/local/{name}", {"command": "select", "print": True}).raise_for_status()

    def command(self, *commands: str) -> None:
        self.ask("POST", "printer/command", {"commands": list(commands)}).raise_for_status()

    def completion(self) -> float | None:
        """Percent of the file's bytes that were sent."""
        found = self.ask("GET", "job").raise_for_status().json()["progress"]["completion"]
        return None if found is None else float(found)


@dataclass(frozen=True)
class OctoPrint(Api):
    """The real one."""

    folder: Path
    pid: int

    def terminal(self) -> str:
        """What went over the serial line, since the server was started."""
        return (self.folder / "logs" / "serial.log").read_text()


def _program(words: Sequence[str], folder: Path) -> list[str]:
    return [str(environment("octoprint") / "bin" / "octoprint"), "--basedir", str(folder), *words]


@contextmanager
def octoprint(
    folder: Path,
    ports: Sequence[str] = (),
    virtual_printer: Mapping[str, object] | None = None,
    *,
    serial_log: bool = True,
) -> Iterator[OctoPrint]:
    """A server that answers; it ends with the block, and with this process however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(json.dumps(config(ports, virtual_printer or {}, serial_log=serial_log)))
    user = _program(["user", "add", "llagar", "--password", "llagar", "--admin"], folder)
    subprocess.run(user, env=alone(folder), check=True, capture_output=True, timeout=PATIENCE_S)
    port = free_port()
    serve = _program(["serve", "--host", "127.0.0.1", "--port", str(port), "--iknowwhatimdoing"], folder)
    with serving(serve, folder, "Listening on") as pid:
        yield OctoPrint(f"http://127.0.0.1:{port}", folder, pid)
