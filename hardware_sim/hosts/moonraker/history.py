"""Moonraker's job history, told from what print_stats shows each time it is looked at.

Source: moonraker/components/history.py, job_state.py, docs/external_api/history.md.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hardware_sim.hosts.web import Json

IDLE = ("standby", "complete", "cancelled", "error")
NO_USER = "No User"


@dataclass(slots=True)
class Record:
    number: int
    user: str
    filename: str
    start_time: float
    """Wall clock, Unix, s."""
    status: str = "in_progress"
    end_time: float | None = None
    print_duration: float = 0.0
    total_duration: float = 0.0
    filament_used: float = 0.0

    @property
    def job_id(self) -> str:
        return f"{self.number:06X}"

    def take(self, stats: Json) -> None:
        self.print_duration = _number(stats, "print_duration")
        self.total_duration = _number(stats, "total_duration")
        self.filament_used = _number(stats, "filament_used")


def _number(stats: Json, key: str) -> float:
    value = stats[key]
    assert isinstance(value, float)
    return value


@dataclass(slots=True)
class Records:
    """What is kept on disk."""

    jobs: list[Record] = field(default_factory=list)

    def find(self, job_id: str) -> Record | None:
        return next((job for job in self.jobs if job.job_id == job_id.upper()), None)

    def last_of(self, filename: str) -> Record | None:
        return next((job for job in reversed(self.jobs) if job.filename == filename), None)


class History:
    def __init__(self, records: Records, changed: Callable[[str, Record], None]) -> None:
        """`changed` is told `added` or `finished`, and of which. A job that was under way has been interrupted."""
        self.records = records
        self.user = NO_USER
        self._changed = changed
        self._current: Record | None = None
        self._last: Json = {}
        for job in records.jobs:
            if job.status == "in_progress":
                job.status = "interrupted"

    def look(self, stats: Json) -> None:
        """Take in print_stats as it is now."""
        before, self._last = self._last, stats
        if not before or before["state"] == stats["state"]:
            return
        old, new = str(before["state"]), str(stats["state"])
        if old in IDLE and new not in ("standby", "printing"):
            self._start(stats)  # it was too short to be seen under way
        match new:
            case "printing" if not (old == "paused" and before["filename"] == stats["filename"]):
                if self._current is not None:
                    self._finish("cancelled", before)
                self._start(stats)
            case "complete":
                self._finish("completed", stats)
            case "error":
                self._finish("error", stats)
            case "cancelled" | "standby":
                self._finish("cancelled", before)
            case _:
                return

    def requested_by(self, user: str) -> None:
        """Who asked for the print that has just begun."""
        self.user = user
        if self._current is not None:
            self._current.user = user

    def broken_off(self, status: str) -> None:
        """`klippy_shutdown` or `klippy_disconnect`."""
        self._finish(status, self._last)

    def forget(self) -> None:
        """The next look is the first one of a new run of Klipper."""
        self._last = {}

    def _start(self, stats: Json) -> None:
        job = Record(len(self.records.jobs) + 1, self.user, str(stats["filename"]), time.time())
        self.records.jobs.append(job)
        self._current = job
        self._changed("added", job)

    def _finish(self, status: str, stats: Json) -> None:
        job, self._current = self._current, None
        if job is None:
            return
        job.status, job.end_time = status, time.time()
        job.take(stats)
        self.user = NO_USER
        self._changed("finished", job)
