"""What goes wrong with a simulated machine or with the people at it, planned or by hand, and when.

A fault waits for its job (1 = the machine's first; 0 = the one under way or the next) and for its moment
in it. Firmware applies machines' faults, the rig's operator those of people; this module only says which are due.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    # Of the cable.
    CORRUPT_BYTE = "corrupt_byte"
    """One bit of the line `at` flips on its way to the machine."""
    LOST_BYTE = "lost_byte"
    """One byte of the line `at` never arrives."""
    DOUBLED_BYTE = "doubled_byte"
    """One byte of the line `at` arrives twice."""
    DELAYED_BYTES = "delayed_bytes"
    """What is sent within `amount` seconds arrives at their end."""
    DISCONNECT = "disconnect"
    """The cable comes off, and is plugged in again after `reconnect_s`."""
    # Of the firmware.
    HANG = "hang"
    """The firmware falls silent; heaters stay as they are."""
    BROWN_OUT = "brown_out"
    """The supply dips: the board restarts in mid-run and forgets all that isn't stored."""
    EXTRA_OK = "extra_ok"
    """One line is acknowledged twice."""
    LOST_OK = "lost_ok"
    """One line is carried out and never acknowledged."""
    # Of the mechanics.
    THERMAL_RUNAWAY = "thermal_runaway"
    """The hot end gives no more warmth; the firmware's protection notices and kills (printers)."""
    JAM = "jam"
    """The extruder turns and nothing comes out (printers)."""
    FILAMENT_OUT = "filament_out"
    """The spool ends (printers)."""
    FIRST_LAYER_LOST = "first_layer_lost"
    """From now on nothing sticks to this bed (printers)."""
    DETACH = "detach"
    """One piece comes off the bed: from then on nothing sticks where it stood (printers)."""
    PROBE_FAIL = "probe_fail"
    """The next probing finds nothing, whichever job it belongs to."""
    HARD_LIMIT = "hard_limit"
    """A limit switch closes in mid-run: a router locks, a printer breaks the move off and goes on with the next."""
    SHEET_SLIPS = "sheet_slips"
    """The clamps give way: from now on the sheet lies `amount` mm further along X (routers)."""
    # Of people and what they put on the machine.
    BED_NOT_CLEARED = "bed_not_cleared"
    """What the last job made is left on the bed."""
    WRONG_SPOOL = "wrong_spool"
    """Another material or colour is hung on than the plate wants."""
    WRONG_NOZZLE = "wrong_nozzle"
    """Another nozzle is fitted than the plate wants."""
    WRONG_SHEET = "wrong_sheet"
    """Another sheet is clamped than the plate wants."""
    SHORT_SPOOL = "short_spool"
    """`amount` grams are left on it."""
    ZERO_OFF = "zero_off"
    """The work zero is `amount` mm off along X and Y."""
    TOOL_LENGTH_OFF = "tool_length_off"
    """The tool is `amount` mm longer than was measured."""
    MISCOUNT = "miscount"
    """One piece too many is counted as good, or one too few where `amount` is negative."""
    LATE_ANSWER = "late_answer"
    """The next question waits `amount` seconds for its answer."""
    WALKED_AWAY = "walked_away"
    """Nobody confirms any more for `amount` seconds that somebody is there."""


class After(StrEnum):
    MOVES = "moves"
    """`at` = number of deposits or cuts in the job."""
    HEIGHT_MM = "height_mm"
    """`at` = height of the material laid down, or depth of the cuts, mm."""
    SECONDS = "seconds"
    """`at` = seconds of physics since the job began."""
    LINE = "line"
    """`at` = lines received since the fault was armed; the only sense of byte faults."""


BYTE_FAULTS = frozenset({FaultKind.CORRUPT_BYTE, FaultKind.LOST_BYTE, FaultKind.DOUBLED_BYTE})
PERSON_FAULTS = frozenset(
    {
        FaultKind.BED_NOT_CLEARED,
        FaultKind.WRONG_SPOOL,
        FaultKind.WRONG_NOZZLE,
        FaultKind.WRONG_SHEET,
        FaultKind.SHORT_SPOOL,
        FaultKind.ZERO_OFF,
        FaultKind.TOOL_LENGTH_OFF,
        FaultKind.MISCOUNT,
        FaultKind.LATE_ANSWER,
        FaultKind.WALKED_AWAY,
    }
)
"""A machine can't have these: the rig's operator consults them (`hardware_sim.network.operator`)."""
PRINTER_FAULTS = frozenset(
    {
        FaultKind.THERMAL_RUNAWAY,
        FaultKind.JAM,
        FaultKind.FILAMENT_OUT,
        FaultKind.FIRST_LAYER_LOST,
        FaultKind.DETACH,
    }
)
"""Printers alone have these."""
ROUTER_FAULTS = frozenset({FaultKind.SHEET_SLIPS})
"""Routers alone have these."""
DEFAULT_AMOUNTS = {
    FaultKind.DELAYED_BYTES: 0.5,
    FaultKind.SHEET_SLIPS: 3.0,
    FaultKind.SHORT_SPOOL: 2.0,
    FaultKind.ZERO_OFF: 5.0,
    FaultKind.TOOL_LENGTH_OFF: 2.0,
    FaultKind.MISCOUNT: 1.0,
    FaultKind.LATE_ANSWER: 5.0,
    FaultKind.WALKED_AWAY: 60.0,
}


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
    amount: float | None = None
    """How much, in the unit that the kind names; None: as in `DEFAULT_AMOUNTS`."""

    def as_json(self) -> dict[str, str | int | float | None]:
        return asdict(self)

    def how_much(self) -> float:
        return DEFAULT_AMOUNTS.get(self.kind, 0.0) if self.amount is None else self.amount


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
    ok_error: int = 0
    """How many acknowledgements too many (or, negative, too few) the next line gets."""

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
            if fault.kind is FaultKind.PROBE_FAIL:
                continue
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

    def strike_probe(self) -> Fault | None:
        """What makes this very probing fail, if anything does."""
        fault = next((fault for fault in self.waiting if fault.kind is FaultKind.PROBE_FAIL), None)
        if fault is not None:
            self.waiting.remove(fault)
        return fault

    def acknowledgements(self) -> int:
        """How many the line that has just been carried out gets."""
        number, self.ok_error = 1 + self.ok_error, 0
        return number


def damaged(line: bytes, kind: FaultKind) -> bytes:
    """One bit of the middle byte flipped, or that byte gone, or twice there."""
    middle = len(line) // 2
    if kind is FaultKind.LOST_BYTE:
        return line[:middle] + line[middle + 1 :]
    if kind is FaultKind.DOUBLED_BYTE:
        return line[: middle + 1] + line[middle:]
    return line[:middle] + bytes([line[middle] ^ 0x04]) + line[middle + 1 :]
