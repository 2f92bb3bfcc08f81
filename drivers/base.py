"""The contract of every driver, and what it needs from whoever runs it.

A driver is synchronous and owned by one thread; `hold`, `resume`, `cancel` and `stop_now` may be called
from any other thread while `run` blocks. It is not responsible for journals, permits or policy: the
caller flushes its journal before `run`, and passes in the line checker that has the last word.

Requests act on the run that is under way; without one, `hold`, `resume` and `cancel` do nothing. Whoever
asks while a run is about to begin repeats the request until it shows or `run` has returned.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class State(StrEnum):
    CLOSED = "closed"
    READY = "ready"
    NOT_READY = "not ready"
    RUNNING = "running"
    HELD = "held"
    FAULT = "fault"


class LostLink(StrEnum):
    """What this driver can do about a machine whose link is gone."""

    SAFE_STATE_ON_RECONNECT = "reconnects and sends the safe end state"
    POWER_RELAY = "cuts a configured power relay"
    ALARM_ONLY = "can only raise an alarm: heaters may be ON, go and look"


@dataclass(frozen=True, slots=True)
class Capabilities:
    firmware: str
    hold: bool
    skip_object: bool
    executed_lines: bool
    """Progress counts executed lines; False: acknowledged ones."""
    lost_link: LostLink
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    state: State
    reason: str = ""
    """Why the machine is not ready, or what failed."""
    hotend_c: float | None = None
    bed_c: float | None = None
    position_mm: tuple[float, float, float] | None = None
    """Routers: in machine coordinates. Printers: as the firmware reports it."""
    work_offset_mm: tuple[float, float, float] | None = None
    feed_mm_s: float | None = None
    lines_done: int = 0
    lines_total: int = 0
    boot_id: str = ""
    """Changes whenever the firmware restarts or the link is opened anew."""
    details: dict[str, str] = field(default_factory=dict)


class LineCheck(Protocol):
    """Judges every program line in order before it is sent, knowing the program's state at that line.

    The line is as the program has it, comment and all; blanks and pure comments are shown to it too.
    Returns None to let it pass, or the reason why it is refused.
    """

    def __call__(self, line: str) -> str | None: ...


class EndedBy(StrEnum):
    FINISHED = "finished"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RunReport:
    ended_by: EndedBy
    lines_done: int
    safe: bool
    """The safe end state was sent and confirmed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run tells while it goes; called from the driver's thread, must not block.

    `started` comes once, with the first positive evidence that the machine executes the program.
    """

    started: Callable[[str], None]
    progress: Callable[[Status], None]
    held: Callable[[str], None]
    resumed: Callable[[], None]


class Driver(Protocol):
    """Verbs move to a state and may be repeated."""

    def open(self) -> Capabilities:
        """Open the port exclusively and identify the firmware.

        Raises PortBusy, LinkLost, NoAnswer.
        """
        ...

    def status(self) -> Status:
        """The last known status; never blocks for longer than one query's time-out."""
        ...

    def run(self, lines: Iterable[str], total: int, check: LineCheck, watch: Watch) -> RunReport:
        """Stream a program; return when the machine has executed it or a cancel is done.

        `lines` come without line ends; comments and blanks are dropped here, but counted in `total`, in
        `lines_done` and in errors' line numbers (from 1). Before the first line nothing
        is sent that heats or moves. On any error the safe end state is tried first; the error's `safe`
        and `lines_done` say how that went. After a MachineFault the driver must be opened anew.
        Raises LineRefused, MachineFault and its kinds (NotReady before anything was sent; FirmwareHalted
        after `stop_now`); DriverMisuse if it is not open or a run is under way. An empty program does
        nothing but bring the safe end state.
        """
        ...

    def hold(self, reason: str) -> None: ...

    def resume(self) -> None: ...

    def cancel(self) -> None:
        """End the run in order: no further lines, heaters and spindle off."""
        ...

    def stop_now(self) -> None:
        """Overtake whatever is queued (M112; feed hold and reset)."""
        ...

    def close(self) -> None:
        """Give the port back; may be repeated. Raises DriverMisuse while a run is under way."""
        ...


@runtime_checkable
class Setup(Protocol):
    """What an operator needs of a router between runs; drivers of such machines offer it beside `Driver`.

    All raise DriverMisuse while a run is under way, and MachineFault and its kinds.
    """

    def home(self) -> None:
        """Find the machine's own zero; also what ends an alarm."""
        ...

    def set_work_zero(self, machine_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Put the work zero (G54) at these machine coordinates; returns what the firmware reads back."""
        ...

    def work_offset(self) -> tuple[float, float, float]:
        """The work zero (G54) that the firmware holds, machine coordinates, mm."""
        ...


@dataclass(frozen=True, slots=True)
class PortSettings:
    """`url` is a device path or a URL of `serial.serial_for_url` that has a file descriptor (`socket://`)."""

    url: str
    baudrate: int = 115200
    answer_s: float = 10.0
    """Longest silence while the machine owes an answer and no long command explains it."""
    long_s: float = 600.0
    """Longest silence during heat-up, homing, probing or a dwell."""


class DriverMaker(Protocol):
    def __call__(self, port: PortSettings) -> Driver: ...
