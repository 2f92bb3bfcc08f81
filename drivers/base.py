"""The contract of every driver, and what it needs from whoever runs it.

A driver is synchronous and owned by one thread; `hold`, `resume`, `cancel` and `stop_now` may be called
from any other thread while `run` blocks. It is not responsible for journals, permits or policy: the
caller flushes its journal before `run`, and passes in the line checker that has the last word.

Requests act on the run that is under way; without one, `hold`, `resume` and `cancel` do nothing. Whoever
asks while a run is about to begin repeats the request until it shows or `run` has returned.
"""

from collections.abc import Callable, Sequence
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
    HOST_GOES_ON = "reconnects; until then the machine's own host goes on with the program"
    ALARM_ONLY = "can only raise an alarm: heaters may be ON, go and look"


@dataclass(frozen=True, slots=True)
class Capabilities:
    firmware: str
    hold: bool
    skip_object: bool
    executed_lines: bool
    """Progress counts executed lines; False: acknowledged ones."""
    lost_link: LostLink
    attested: bool = False
    """What becomes of a run is what a person says of it; nothing is measured."""
    volume_mm: tuple[float, float, float] | None = None
    """Travel as firmware or host tell it; None: they don't."""
    dangers: tuple[str, ...] = ()
    """What of its own protection is missing, or not known to be there."""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    state: State
    reason: str = ""
    """Why the machine is not ready, or what failed."""
    hotend_c: float | None = None
    bed_c: float | None = None
    heating: bool = False
    """Some heater is on its way up to its target."""
    position_mm: tuple[float, float, float] | None = None
    """Routers: in machine coordinates. Printers: as the firmware reports it."""
    work_offset_mm: tuple[float, float, float] | None = None
    feed_mm_s: float | None = None
    lines_done: int = 0
    """Executed lines where `Capabilities.executed_lines`, else acknowledged ones; never falls within a run."""
    lines_total: int = 0
    time_left_s: float | None = None
    """As the program or the machine's host tells it."""
    objects: tuple[str, ...] = ()
    """Names that `skip_object` takes, in the order of the program."""
    skipped: tuple[str, ...] = ()
    prompt: str = ""
    """What the machine asks a person at it; answered by `resume`."""
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
        """Open the port exclusively, where there is one, and identify the firmware.

        Raises PortBusy, LinkLost, NoAnswer; of hosts HostRefused.
        """
        ...

    def status(self) -> Status:
        """The last known status; never blocks for longer than one query's time-out."""
        ...

    def run(self, program: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        """Have the machine execute a program; return when it has, or when a cancel is done.

        Lines come without their ends; comments and blanks count in `lines_total`, in `lines_done` and in errors'
        line numbers (from 1). Before the first line nothing is sent that heats or moves. On any error the safe end
        state is tried first; the error's `safe` and `lines_done` say how that went. After a MachineFault the driver
        must be opened anew. An empty program does nothing but bring the safe end state.
        Raises LineRefused, MachineFault and its kinds (NotReady before anything was sent; FirmwareHalted
        after `stop_now`); DriverMisuse if it is not open or a run is under way.
        """
        ...

    def hold(self, reason: str) -> None: ...

    def resume(self) -> None:
        """Go on after a hold, and after whatever the machine waits for a person to confirm."""
        ...

    def skip_object(self, name: str) -> None:
        """Leave out what is still to come of one object of the program under way; the others go on.

        Raises DriverMisuse where `Capabilities.skip_object` is False or `Status.objects` lacks the name.
        """
        ...

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


@runtime_checkable
class Probing(Protocol):
    """Of routers with a contact plate; raises as `Setup` does."""

    def probe_z(self, travel_mm: float, feed_mm_s: float, plate_mm: float) -> tuple[float, float, float]:
        """Lower the tool onto a contact plate of this thickness, by at most `travel_mm`, and put the work zero's Z
        under the plate; returns the offset that the firmware reads back.

        Allowed while a run waits for a tool change too. Raises Alarm if there is no contact, or too early.
        """
        ...


@runtime_checkable
class Overrides(Protocol):
    """Of feeds and spindle while a run goes; drivers whose firmware can, offer it beside `Driver`."""

    def override(
        self, *, feed_percent: int | None = None, rapid_percent: int | None = None, spindle_percent: int | None = None
    ) -> None:
        """None leaves one as it is. Raises DriverMisuse for values that the firmware doesn't have."""
        ...


@runtime_checkable
class Attested(Protocol):
    """Of machines without a link: what `run` waits for is told by a person."""

    def attest_started(self, operator: str) -> None:
        """The machine executes the program. Raises DriverMisuse without a run; may be repeated."""
        ...

    def attest_ended(self, operator: str, *, finished: bool, note: str = "") -> None:
        """The machine is done, cold and still: after the whole program, or (not `finished`) before its end."""
        ...


@dataclass(frozen=True, slots=True)
class SafeEnd:
    """How a machine is left, over and above heaters, spindle and beam off."""

    fan_until_c: float = 50.0
    """The part fan runs until the hotend is below this; 0: it is switched off at once."""
    hold_z: bool = True
    """Motors stay on, so that Z can't drop; False: they are released."""


@dataclass(frozen=True, slots=True)
class PortSettings:
    """`url`: a device path, a URL of `serial.serial_for_url` that has a file descriptor (`socket://`), or a host's
    `http://` address."""

    url: str
    baudrate: int = 115200
    answer_s: float = 10.0
    """Longest silence while the machine owes an answer and no long command explains it."""
    long_s: float = 600.0
    """Longest silence during heat-up, homing, probing or a dwell."""
    api_key: str = field(default="", repr=False)
    """Of machines behind a host."""
    safe_end: SafeEnd = SafeEnd()


class DriverMaker(Protocol):
    def __call__(self, port: PortSettings) -> Driver: ...


def _at_rest(_: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class SerialSign:
    """How a firmware is known on a serial port that may be anybody's."""

    question: bytes
    """Changes nothing and moves nothing, whichever firmware hears it; ends with a line's end."""
    recognise: Callable[[str], str]
    """Name and version of the firmware, from all that came back since the port was opened; empty if it is another."""
    busy: Callable[[str], str] = _at_rest
    """From the same text, why its driver must not open it: it is at somebody else's work. Empty: it rests."""
    baudrates: tuple[int, ...] = (115200, 250000, 57600, 500000, 1000000, 9600)
    """As it is usually set up, the likeliest first."""


@dataclass(frozen=True, slots=True)
class WebSign:
    """How a machine's host is known by what it answers to one GET."""

    path: str
    recognise: Callable[[int, str], str]
    """Name and version of the host, from status and body; empty if it is another."""
    ports: tuple[int, ...]
    """TCP ports where it usually listens."""


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One line of the registry."""

    make: DriverMaker
    sign: SerialSign | WebSign | None = None
    """None: there is nothing to be found."""
