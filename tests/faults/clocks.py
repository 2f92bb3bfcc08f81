"""Wall clocks of single computers that jump: libfaketime, preloaded, reads each one's offset from a file.

Monotonic clocks go on as they are. A shop's agent, makers and streamers are one computer; the broker is another.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

OFFSETS = {"right": "+0", "a day ahead": "+1d", "a day behind": "-1d"}
_LEFT = ("faketime_shm_{pid}", "sem.faketime_sem_{pid}")


WISH = "LLAGAR_TEST_CLOCKS"
"""libfaketime makes every thread's wait dear: worlds with it are slow, so they are asked for."""


def library() -> Path | None:
    """None where it isn't installed (Debian has it as libfaketime), or isn't asked for."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return found[0] if found and os.environ.get(WISH) else None


@dataclass(slots=True)
class Clocks:
    """`folder` holds a file a computer, named as its first process is."""

    folder: Path
    preloaded: Path
    computers: tuple[str, ...]
    _shows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for computer in self.computers:
            self.set(computer, "right")

    def set(self, computer: str, to: str) -> bool:
        """To one of OFFSETS, within a second; False if it is there already."""
        if self._shows.get(computer) == to:
            return False
        self._shows[computer] = to
        fresh = self.folder / f".{computer}"
        fresh.write_text(OFFSETS[to] + "\n")
        fresh.replace(self.folder / computer)
        return True

    def variables(self, computer: str) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.preloaded),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / computer),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def sweep(pids: Iterable[int]) -> None:
    """What the library leaves in memory of a process that was killed."""
    for pid in pids:
        for name in _LEFT:
            (Path("/dev/shm") / name.format(pid=pid)).unlink(missing_ok=True)
