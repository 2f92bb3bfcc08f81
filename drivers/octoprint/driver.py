"""Printers behind OctoPrint, by its REST API.

`start` with no file selected answers 204 and prints nothing, and a lost serial link deselects: so a program is always
selected and printed in one request, and counts as begun once OctoPrint says `Printing` with its path. How it ended is
told by the file's history; `Operational` tells nothing.
"""

import hashlib
import time
from collections.abc import Callable

from drivers.base import Capabilities, LostLink, PortSettings
from drivers.errors import HostRefused, LinkLost, NoAnswer, UploadFailed
from drivers.hosting.driver import HostedDriver
from drivers.hosting.host import Heater, Host, Outcome, Phase, View
from drivers.octoprint.answers import CANCELLING, File, Port, outcome, phase, view
from drivers.octoprint.client import Client

DETAILS = (
    "emergency stop: M112 through OctoPrint, which closes its port",
    "OctoPrint's own script after a cancel runs too, as the shop has it set up: by default it releases the motors",
    "objects can't be skipped: nothing tells whether the firmware has taken an M486",
)


class OctoPrintHost(Host):
    name = "OctoPrint"

    def __init__(self, port: PortSettings) -> None:
        self._port = port
        self._opened: Client | None = None
        self._machine = Port()
        self._cancelled = ""
        """The program that was seen being cancelled."""
        self._commanded_s = 0
        """Only what the firmware reports after this moment of the host's clock shows what a command did."""

    def _connect(self) -> Client:
        return Client(self._port.url, self._port.api_key, self._port.answer_s)

    @property
    def _client(self) -> Client:
        if self._opened is None:
            raise LinkLost(f"{self.name} is not open")
        return self._opened

    def open(self) -> Capabilities:
        self._opened = self._connect()
        version = self._client.version()
        self._machine = self._client.connection().current
        return Capabilities(
            firmware=version.text,
            hold=True,
            skip_object=False,
            executed_lines=False,
            lost_link=LostLink.HOST_GOES_ON,
            volume_mm=self._volume_mm(),
            details=DETAILS,
        )

    def _volume_mm(self) -> tuple[float, float, float] | None:
        try:
            return self._client.profiles().volume_mm()
        except (HostRefused, NoAnswer):
            return None  # keys may be kept from it, and nothing depends on it

    def look(self) -> View:
        job = self._client.job()
        heaters = () if phase(job) in (Phase.OFFLINE, Phase.HALTED) else self._heaters()
        seen = view(job, heaters)
        if job.state == CANCELLING:
            self._cancelled = seen.path
        return seen

    def _heaters(self) -> tuple[Heater, ...]:
        try:
            printer = self._client.printer()
        except HostRefused:
            return ()  # it went offline between two questions
        if self._commanded_s and printer.reported_s() <= self._commanded_s:
            return ()  # OctoPrint shows the target that was sent; the firmware hasn't spoken since
        self._commanded_s = 0
        return printer.heaters()

    def upload(self, name: str, program: bytes) -> None:
        self._client.upload(name, program, self._port.long_s)
        stored = self._client.file(name)
        if stored.size != len(program):
            raise UploadFailed(f"{self.name} holds {stored.size} of {len(program)} bytes of {name}")
        if stored.hash is not None and stored.hash != hashlib.sha1(program, usedforsecurity=False).hexdigest():
            raise UploadFailed(f"{self.name} holds other bytes of {name} than were sent")

    def start(self, name: str) -> None:
        self._cancelled = ""
        self._client.select_and_print(name)

    def pause(self) -> None:
        self._client.pause()

    def resume(self) -> None:
        self._client.resume()

    def cancel(self) -> None:
        self._client.cancel()

    def stop_now(self) -> None:
        client = self._connect()
        try:
            client.gcode("M112")
        finally:
            client.close()

    def outcome(self, name: str) -> Outcome | None:
        file: File = self._client.file(name)
        return outcome(file, self._cancelled == name)

    def discard(self, name: str) -> None:
        self._client.delete(name)

    def heaters_off(self, heaters: tuple[Heater, ...]) -> None:
        """M108 first: it ends a wait for a temperature, where the firmware hears it."""
        tools = sorted(heater.name.removeprefix("tool") for heater in heaters if heater.name.startswith("tool"))
        off = [f"M104 T{tool} S0" for tool in tools] if len(tools) > 1 else ["M104 S0"]
        chamber = ["M141 S0"] if any(heater.name == "chamber" for heater in heaters) else []
        self._client.gcode("M108", *off, "M140 S0", *chamber, "M105")
        self._commanded_s = self._client.printer().reported_s()

    def command(self, line: str) -> None:
        self._client.gcode(line)

    def recover_machine(self) -> bool:
        self._client.connect(self._machine.port, self._machine.baudrate)
        return True

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class OctoPrintDriver(HostedDriver):
    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(OctoPrintHost(port), port, clock)
