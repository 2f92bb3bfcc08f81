"""OctoPrint's uploads folder: files, and how their prints went.

Source: OctoPrint 1.11 server/api/files.py _getFileList (`prints`), filemanager/storage.py (sha1; a changed file loses
its history), docs/api/datamodel.rst.
"""

import time
from dataclasses import dataclass, field
from urllib.parse import quote

from hardware_sim.hosts.disk import Disk, Stored

SUFFIXES = (".gcode", ".gco", ".g")
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Print:
    date: float
    """Wall clock, Unix, s."""
    success: bool
    print_time_s: float | None
    """Known only of those that came to their end."""


@dataclass(slots=True)
class Uploads:
    disk: Disk
    prints: dict[str, list[Print]] = field(default_factory=dict)

    def put(self, path: str, data: bytes) -> Stored:
        """Raises BadPath."""
        before = self.disk.files.get(path)
        stored = self.disk.put(path, data)
        if before is not None and before.sha1 != stored.sha1:
            self.prints.pop(stored.path, None)
        return stored

    def remove(self, path: str) -> None:
        self.disk.remove(path)
        self.prints.pop(path, None)

    def log(self, path: str, *, success: bool, print_time_s: float) -> None:
        entry = Print(time.time(), success, print_time_s if success else None)
        self.prints.setdefault(path, []).append(entry)

    def described(self, stored: Stored, base: str) -> Json:
        """A file information item."""
        item: Json = {
            "name": stored.name,
            "display": stored.name,
            "path": stored.path,
            "type": "machinecode",
            "typePath": ["machinecode", "gcode"],
            "origin": "local",
            "hash": stored.sha1,
            "size": stored.size_bytes,
            "date": int(stored.date),
            "refs": references(stored, base),
        }
        prints = self.prints.get(stored.path)
        if prints:
            item["prints"] = _summed(prints)
        return item


def references(stored: Stored, base: str) -> Json:
    path = quote(stored.path)
    return {
        "resource": f"{base}/api/files/local/{path}",
        "download": f"{base}/downloads/files/local/{path}",
    }


def _summed(prints: list[Print]) -> Json:
    latest = max(prints, key=lambda entry: entry.date)
    last: Json = {"success": latest.success, "date": latest.date}
    if latest.print_time_s is not None:
        last["printTime"] = latest.print_time_s
    success = sum(entry.success for entry in prints)
    return {"success": success, "failure": len(prints) - success, "last": last}
