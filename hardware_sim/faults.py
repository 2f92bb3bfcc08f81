"""What goes wrong with a simulated machine, planned or by hand, and when.

A fault waits for its job (1 = the machine's first; 0 = the one under way or the next) and for its moment
in it. Firmware applies faults; this module only says which are due.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    THERMAL_RUNAWAY = "thermal_runaway"
    """The hot end gives no more warmth; the firmware's protection notices and kills (printers)."""
    DETACH = "detach"
    """One piece comes off the bed: from then on nothing sticks where it stood (printers)."""
    HARD_LIMIT = "hard_limit"
    """A limit switch closes in mid-run (routers)."""
    CORRUPT_BYTE = "corrupt_byte"
    """One bit of the line `at` flips on its way to the machine."""
    LOST_BYTE = "lost_byte"
    """One byte of the line `at` never arrives."""
    DISCONNECT = "disconnect"
    """The cable comes off, and is plugged in again after `reconnect_s`."""
    HANG = "hang"
    """The firmware falls silent; heaters stay as they are."""


class After(StrEnum):
    MOVES = "moves"
    """`at` = number of deposits or cuts in the job."""
    HEIGHT_MM = "height_mm"
    """`at` = height of the material laid down, mm."""
    SECONDS = "seconds"
    """`at` = seconds of physics since the job began."""
    LINE = "line"
    """`at` = lines received since the fault was armed; the only sense of byte faults."""


BYTE_FAULTS = frozenset({FaultKind.CORRUPT_BYTE, FaultKind.LOST_BYTE})


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    job: int = 0
    after: After = After.SECONDS
    at: float = 0.0
    island: int = 0
    """For DETACH: which of the separate islands of the first layer, counted on modulo their number."""
    reconnect_s: float = 2.0
    """For DISCONNECT: real seconds without a cable; 0 or less: until the command `plug`."""

    def as_json(self) -> dict[str, str | int | float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job has got."""

    moves: int
    height_mm: float
    seconds: float

    def reached(self, fault: Fault) -> bool:
        match fault.after:
            case After.MOVES:
                return self.moves >= fault.at
            case After.HEIGHT_MM:
                return self.height_mm >= fault.at
            case After.SECONDS:
                return self.seconds >= fault.at
            case After.LINE:
                return False


@dataclass(slots=True)
class Mishaps:
    """The faults of one machine: waiting for their job, then for their moment. Each fires once."""

    waiting: list[Fault] = field(default_factory=list)
    armed: list[Fault] = field(default_factory=list)
    bytes_armed: list[Fault] = field(default_factory=list)
    lines: int = 0
    """Lines received since the job began."""

    def add(self, faults: Iterable[Fault]) -> None:
        self.waiting.extend(faults)

    def pending(self) -> list[Fault]:
        """What has not fired yet and still may."""
        return [*self.waiting, *self.armed, *self.bytes_armed]

    def job_began(self, job: int) -> None:
        self.lines = 0
        self.job_under_way(job)

    def job_under_way(self, job: int) -> None:
        """Arm what waits for this job; a fault that comes in mid-job counts its lines from then on."""
        for fault in [fault for fault in self.waiting if fault.job in (0, job)]:
            self.waiting.remove(fault)
            (self.bytes_armed if fault.kind in BYTE_FAULTS else self.armed).append(fault)

    def job_ended(self) -> None:
        """What didn't fire is over, so that it can't hit a later job."""
        self.armed.clear()
        self.bytes_armed.clear()

    def due(self, progress: Progress) -> list[Fault]:
        due = [fault for fault in self.armed if progress.reached(fault)]
        for fault in due:
            self.armed.remove(fault)
        return due

    def strike_line(self, line: bytes) -> tuple[bytes, Fault | None]:
        """The line as it arrives, its end apart; call for each line while `bytes_armed`."""
        self.lines += 1
        for fault in self.bytes_armed:
            if self.lines >= fault.at and len(line) > 2:
                self.bytes_armed.remove(fault)
                return damaged(line, fault.kind), fault
        return line, None


def damaged(line: bytes, kind: FaultKind) -> bytes:
    """One bit of the middle byte flipped, or that byte gone."""
    middle = len(line) // 2
    if kind is FaultKind.LOST_BYTE:
        return line[:middle] + line[middle + 1 :]
    return line[:middle] + bytes([line[middle] ^ 0x04]) + line[middle + 1 :]
