"""The file on Klipper's virtual SD card, and what its status objects say of it."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

_OBJECT = re.compile(r"EXCLUDE_OBJECT_(DEFINE|START|END)(?:\s+NAME=(\S+))?")


@dataclass(slots=True)
class Job:
    """`state` is that of print_stats. Lines go to the firmware without comments; those of excluded objects don't."""

    name: str = ""
    path: str | None = None
    state: str = "standby"
    message: str = ""
    lines: tuple[bytes, ...] = ()
    size: int = 0
    position: int = 0
    next_line: int = 0
    objects: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    current: str | None = None
    began_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None

    @classmethod
    def of(cls, path: Path, name: str) -> "Job":
        lines = tuple(path.read_bytes().splitlines(keepends=True))
        return cls(name, str(path), "printing", lines=lines, size=sum(map(len, lines)))

    @property
    def is_active(self) -> bool:
        return self.state in ("printing", "paused")

    def advance(self) -> str | None:
        """The next line for the firmware, empty if there is nothing for it to do; None at the end."""
        if self.next_line == len(self.lines):
            return None
        raw = self.lines[self.next_line]
        self.next_line += 1
        self.position += len(raw)
        line = raw.decode().partition(";")[0].strip()
        marked = _OBJECT.match(line)
        if marked is not None:
            self._mark(marked[1], marked[2] or "")
            return ""
        return "" if self.current in self.excluded else line

    def _mark(self, what: str, name: str) -> None:
        match what:
            case "DEFINE":
                self.objects.append(name)
            case "START":
                self.current = name
            case _:
                self.current = None

    def exclude(self, name: str) -> None:
        if name not in self.excluded:
            self.excluded.append(name)

    def end(self, state: str, message: str = "") -> None:
        self.state, self.message = state, message
        self.path = None
        self.ended_s = time.monotonic()

    def status(self) -> dict[str, dict[str, object]]:
        ended_s = time.monotonic() if self.ended_s is None else self.ended_s
        lasted_s = ended_s - self.began_s if self.name else 0.0
        progress = self.position / self.size if self.size else 0.0
        return {
            "print_stats": {
                "filename": self.name,
                "state": self.state,
                "message": self.message,
                "total_duration": lasted_s,
                "print_duration": lasted_s,
                "filament_used": 0.0,
                "info": {"total_layer": None, "current_layer": None},
            },
            "virtual_sdcard": {
                "file_path": self.path,
                "progress": progress,
                "is_active": self.state == "printing",
                "file_position": self.position,
                "file_size": self.size,
            },
            "pause_resume": {"is_paused": self.state == "paused"},
            "display_status": {"progress": progress, "message": None},
            "exclude_object": {
                "objects": [{"name": name} for name in self.objects],
                "excluded_objects": list(self.excluded),
                "current_object": self.current,
            },
        }
