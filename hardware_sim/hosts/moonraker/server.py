"""Moonraker itself: looks at Klipper four times a second, keeps the history, and tells everybody connected.

Source: moonraker/components/klippy_connection.py, websockets.py, file_manager/file_manager.py.
"""

import asyncio
import time
from dataclasses import dataclass, field

from hardware_sim.hosts.disk import Disk, Stored
from hardware_sim.hosts.moonraker.callers import Door
from hardware_sim.hosts.moonraker.connection import Connection
from hardware_sim.hosts.moonraker.history import History, Record, Records
from hardware_sim.hosts.moonraker.klippy import Klippy, KlippyState
from hardware_sim.hosts.moonraker.status import Status, status
from hardware_sim.hosts.web import Json

REFRESH_S = 0.25
"""Klipper's SUBSCRIPTION_REFRESH_TIME."""


@dataclass(slots=True)
class Server:
    klippy: Klippy
    disk: Disk
    records: Records
    door: Door
    connections: set[Connection] = field(default_factory=set)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.records, self._history_changed)
        self.klippy.changed = self._klippy_changed
        self.klippy.respond = lambda line: self.notify("gcode_response", line)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.klippy.run())
            while True:
                await asyncio.sleep(REFRESH_S)
                self._refresh()

    def status(self) -> Status:
        return status(self.klippy)

    def notify(self, name: str, *params: object) -> None:
        for connection in self.connections:
            connection.notify(name, *params)

    def _refresh(self) -> None:
        if self.klippy.state is KlippyState.DISCONNECTED:
            return
        now = self.status()
        if self.klippy.state is KlippyState.READY:
            self.history.look(now["print_stats"])
        for connection in self.connections:
            changes = connection.changes(now)
            if changes:
                connection.notify("status_update", changes, time.monotonic())

    def _klippy_changed(self, state: KlippyState) -> None:
        match state:
            case KlippyState.READY:
                self.history.look(self.status()["print_stats"])
                self.notify("klippy_ready")
            case KlippyState.SHUTDOWN:
                self.notify("klippy_shutdown")
                self.history.broken_off("klippy_shutdown")
            case KlippyState.DISCONNECTED:
                self.notify("klippy_disconnected")
                self.history.broken_off("klippy_disconnect")
                self.history.forget()
                for connection in self.connections:
                    connection.subscription = {}
            case KlippyState.STARTUP | KlippyState.ERROR:
                return

    # Files.

    def in_use(self, path: str) -> bool:
        stats = self.klippy.interpreter.sd.stats
        return self.printing() and stats.filename == path

    def printing(self) -> bool:
        stats = self.klippy.interpreter.sd.stats
        return self.klippy.state is KlippyState.READY and stats.state in ("printing", "paused")

    def changed_file(self, action: str, item: Json) -> None:
        self.notify("filelist_changed", {"action": action, "item": item})

    # What is shown.

    def item(self, stored: Stored) -> Json:
        return {
            "path": stored.path,
            "root": "gcodes",
            "modified": stored.date,
            "size": stored.size_bytes,
            "permissions": "rw",
        }

    @staticmethod
    def _of_program(stored: Stored) -> Json:
        """What a job's record keeps of it, too."""
        return {
            "size": stored.size_bytes,
            "modified": stored.date,
            "uuid": stored.sha1,
            "file_processors": [],
            "slicer": "Unknown",
            "gcode_start_byte": 0,
            "gcode_end_byte": stored.size_bytes,
        }

    def metadata(self, stored: Stored) -> Json:
        last = self.records.last_of(stored.path)
        return {
            **self._of_program(stored),
            "print_start_time": None if last is None else last.start_time,
            "job_id": None if last is None else last.job_id,
            "filename": stored.path,
        }

    def record(self, job: Record) -> Json:
        stored = self.disk.files.get(job.filename)
        return {
            "job_id": job.job_id,
            "exists": stored is not None,
            "end_time": job.end_time,
            "filament_used": job.filament_used,
            "filename": job.filename,
            "metadata": {} if stored is None else self._of_program(stored),
            "print_duration": job.print_duration,
            "status": job.status,
            "start_time": job.start_time,
            "total_duration": job.total_duration,
            "user": job.user,
            "auxiliary_data": [],
        }

    def _history_changed(self, action: str, job: Record) -> None:
        self.notify("history_changed", {"action": action, "job": self.record(job)})
