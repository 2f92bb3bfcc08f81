"""Prusa printers behind PrusaLink.

Its API has neither an emergency stop nor commands for the firmware: `stop_now` stops the job, which the firmware ends
in its own order, and heaters go off because it switches them off. That they are off is read back as everywhere.
"""

import time
from collections.abc import Callable

from drivers.base import Capabilities, LostLink, PortSettings
from drivers.errors import HostRefused, LinkLost, UploadFailed
from drivers.hosting.driver import HostedDriver
from drivers.hosting.host import Heater, Host, Outcome, View
from drivers.hosting.web import Web, read
from drivers.prusalink.answers import File, Job, Status, Storages, Version, outcome, view

DETAILS = (
    "no emergency stop over its API: stop_now stops the job in the firmware's own order",
    "uploads are verified by size, no hash is told",
    "progress in whole percents of the program",
)
INDEXED_S = 0.1
"""PrusaLink on a Raspberry Pi lists a file a moment after its upload."""


class PrusaLinkHost(Host):
    name = "PrusaLink"
    takes_commands = False

    def __init__(self, port: PortSettings) -> None:
        self._port = port
        self._web: Web | None = None
        self._storage = ""
        self._job: Job | None = None
        self._ends: dict[str, Outcome] = {}

    def _connect(self) -> Web:
        headers = {"X-Api-Key": self._port.api_key, "Accept": "application/json"}
        return Web(self.name, self._port.url, self._port.answer_s, headers)

    @property
    def _link(self) -> Web:
        if self._web is None:
            raise LinkLost(f"{self.name} is not open")
        return self._web

    def open(self) -> Capabilities:
        self._web = self._connect()
        version = self._link.read(Version, "/api/version")
        storages = self._link.read(Storages, "/api/v1/storage").storage_list
        usable = [storage.path.strip("/") for storage in storages if storage.available and not storage.read_only]
        if not usable:
            raise HostRefused(f"{self.name} has no storage to upload to: put in a drive")
        self._storage = usable[0]
        return Capabilities(
            firmware=" on ".join(filter(None, (version.name, version.firmware))),
            hold=True,
            skip_object=False,
            executed_lines=False,
            lost_link=LostLink.HOST_GOES_ON,
            details=DETAILS,
        )

    def look(self) -> View:
        status = self._link.read(Status, "/api/v1/status")
        self._job = self._current_job(self._link)
        seen = view(status, self._job)
        end = outcome(seen)
        if end is not None and seen.path:
            self._ends = {seen.path: end}
        return seen

    def _current_job(self, link: Web) -> Job | None:
        answer = link.send("GET", "/api/v1/job")
        return None if answer.status_code == 204 else read(Job, answer.text, link.what)

    def upload(self, name: str, program: bytes) -> None:
        self._link.send(
            "PUT",
            self._file(name),
            content=program,
            headers={"Content-Type": "text/x.gcode", "Print-After-Upload": "?0", "Overwrite": "?0"},
            timeout_s=self._port.long_s,
        )
        size = self._stored_size(name)
        if size != len(program):
            raise UploadFailed(f"{self.name} holds {size} of {len(program)} bytes of {name}")

    def _stored_size(self, name: str) -> int:
        deadline_s = time.monotonic() + self._port.answer_s
        while True:
            try:
                return self._link.read(File, self._file(name)).size
            except HostRefused:
                if time.monotonic() >= deadline_s:
                    raise
                time.sleep(INDEXED_S)

    def start(self, name: str) -> None:
        self._link.send("POST", self._file(name))

    def pause(self) -> None:
        self._link.send("PUT", f"{self._job_path()}/pause")

    def resume(self) -> None:
        self._link.send("PUT", f"{self._job_path()}/resume")

    def cancel(self) -> None:
        self._link.send("DELETE", self._job_path())

    def stop_now(self) -> None:
        link = self._connect()
        try:
            job = self._current_job(link)
            if job is not None:
                link.send("DELETE", f"/api/v1/job/{job.id}")
        finally:
            link.close()

    def outcome(self, name: str) -> Outcome | None:
        return self._ends.get(name)

    def discard(self, name: str) -> None:
        self._link.send("DELETE", self._file(name))

    def heaters_off(self, heaters: tuple[Heater, ...]) -> None:
        """The firmware does it at the end of every job; nothing else can ask for it."""

    def close(self) -> None:
        if self._web is not None:
            self._web.close()
            self._web = None

    def _file(self, name: str) -> str:
        return f"/api/v1/files/{self._storage}/{name}"

    def _job_path(self) -> str:
        if self._job is None:
            raise HostRefused(f"{self.name} has no job")
        return f"/api/v1/job/{self._job.id}"


class PrusaLinkDriver(HostedDriver):
    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(PrusaLinkHost(port), port, clock)
