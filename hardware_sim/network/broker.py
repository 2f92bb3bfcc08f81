"""The demo's broker as a process: its embedded database in a folder, its address in a file."""

import json
from dataclasses import dataclass
from pathlib import Path

import httpx

from hardware_sim.network.processes import Processes, executable
from hardware_sim.network.waiting import until

NAME = "broker"


@dataclass(frozen=True, slots=True)
class BrokerProcess:
    processes: Processes
    data: Path

    def _argv(self, *words: str) -> list[str]:
        return [executable("llagar-broker"), *words, "--data", str(self.data)]

    def begin(self, port: int = 0) -> int:
        """Start it, and wait for nothing; returns its process id."""
        (self.data / "address").unlink(missing_ok=True)
        return self.processes.start(NAME, self._argv("serve", "--port", str(port))).popen.pid

    def start(self, port: int = 0) -> str:
        """Start it and return its URL once it answers; `port` 0 takes a free one."""
        self.begin(port)
        address = self.data / "address"
        until(lambda: address.exists() and bool(address.read_text().strip()), "the broker's address", self.processes)
        url = address.read_text().strip()
        until(lambda: _answers(url), "the broker's first answer", self.processes)
        return url

    def add_user(self, name: str, *words: str) -> str:
        """A new account's bearer token."""
        said = self.processes.run(self._argv("user", "add", name, *words, "--json"))
        return str(json.loads(said)["token"])

    def invite(self, workshop: str) -> str:
        """A one-time enrolment code."""
        return str(json.loads(self.processes.run(self._argv("invite", workshop, "--json")))["code"])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/health", timeout=2.0).is_success
    except httpx.TransportError:
        return False
