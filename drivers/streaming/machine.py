"""What a firmware's driver fills in, and what it tells: readings, evidence, state, status.

Not responsible for the order of things in a run: that is `serial_driver`.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from drivers.base import Capabilities, LineCheck, PortSettings, State, Status, Watch
from drivers.errors import DriverError, DriverMisuse, MachineFault, NotReady
from drivers.requests import Requests
from drivers.streaming.exchange import LineProtocol
from drivers.streaming.program import Program
from drivers.transports import Port

Event = TypeVar("Event")


@dataclass(slots=True)
class Readings:
    """What the firmware last said of the machine."""

    hotend_c: float | None = None
    bed_c: float | None = None
    position_mm: tuple[float, float, float] | None = None
    work_offset_mm: tuple[float, float, float] | None = None
    feed_mm_s: float | None = None
    heating: bool = False
    time_left_s: float | None = None
    objects: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    prompt: str = ""
    details: dict[str, str] = field(default_factory=dict)
    not_ready: str = ""
    """Why the firmware takes no program now."""


@dataclass(slots=True)
class Run:
    """The program under way, or the last one."""

    program: Program
    watch: Watch
    started: bool = False
    held_here: bool = False
    """Held by request; a hold of the machine's own leaves this False."""
    ended_at: int | None = None
    """Lines done when it ended."""


class Machine(ABC, Generic[Event]):
    """One machine at one port; `clock` is monotonic, s."""

    emergency: bytes
    """Overtakes whatever is queued."""
    last_resort: bytes
    """Sent blindly when the safe end state can't be confirmed."""
    ends_its_queue = True
    """The safe end state lets the machine finish what it had acknowledged."""

    def __init__(self, port: PortSettings, protocol: LineProtocol[Event], clock: Callable[[], float]) -> None:
        self.port_settings = port
        self.port = Port(port)
        self.clock = clock
        self.requests = Requests()
        self.readings = Readings()
        self._protocol = protocol
        self._state = State.CLOSED
        self._reason = ""
        self._boot_id = ""
        self._run: Run | None = None
        self.doing = ""
        """What a run is about, where that isn't its program itself; shown as its reason."""

    # What a firmware's driver provides ----------------------------------------------------------

    @abstractmethod
    def identify(self) -> Capabilities:
        """Find the firmware's name and abilities on a fresh link, moving and heating nothing."""

    @abstractmethod
    def query(self) -> None:
        """Bring `readings` up to date between runs."""

    @abstractmethod
    def program(self, lines: Sequence[str], check: LineCheck) -> Program:
        """The program as this firmware's protocol takes it."""

    @abstractmethod
    def begin(self) -> None:
        """Before the first line; nothing that heats or moves. Raises NotReady."""

    @abstractmethod
    def finish(self) -> bool:
        """After the last acknowledgement: wait until all is executed; True if heaters or spindle are off."""

    @abstractmethod
    def pause(self) -> None:
        """Bring the machine to a hold."""

    @abstractmethod
    def go_on(self) -> bool:
        """Leave the hold; False if the machine refuses for now."""

    @abstractmethod
    def make_safe(self, cause: DriverError | None) -> bool:
        """Send the safe end state; True if the firmware's own answer confirms it."""

    @abstractmethod
    def after_stop(self, fault: MachineFault | None) -> MachineFault:
        """The emergency bytes are out, and may have shown as a fault: what to raise, with `safe` set."""

    @abstractmethod
    def heard(self, events: Sequence[Event]) -> None: ...

    @abstractmethod
    def polled(self, now_s: float) -> None:
        """Called every tick: ask the firmware what it does not tell by itself."""

    def asked(self) -> None:
        """Other threads have asked for something: do what needs no hold."""

    def tend(self) -> None:
        """Between looks at a machine that failed: what its safe end state still needs. Raises MachineFault."""

    def executed(self) -> int:
        """Program lines that count as done while the run goes."""
        return self._protocol.done

    # What it tells ----------------------------------------------------------------------------------

    @property
    def lines_done(self) -> int:
        """Program lines done in the run under way, or in the last one."""
        run = self._run
        if run is None:
            return 0
        return self.executed() if run.ended_at is None else run.ended_at

    @property
    def current(self) -> Run:
        """The run under way. Raises DriverMisuse without one."""
        if self._run is None:
            raise DriverMisuse("no run is under way")
        return self._run

    def evidence(self, what: str) -> None:
        """The machine executes the program, as `what` shows; told once, not before a line was acknowledged."""
        run = self._run
        if run is not None and not run.started and self._state is State.RUNNING and self._protocol.done:
            run.started = True
            run.watch.started(what)

    def held_by_machine(self, reason: str | None) -> None:
        """The machine holds by itself for this reason, or with None goes on."""
        run = self._run
        if run is None or run.held_here:
            return
        if reason is not None and self._state is State.RUNNING:
            self.become(State.HELD, reason)
            run.watch.held(reason)
        elif reason is not None and self._state is State.HELD:
            self.become(State.HELD, reason)
        elif reason is None and self._state is State.HELD:
            self.become(State.RUNNING)
            run.watch.resumed()

    def snapshot(self) -> Status:
        readings, run = self.readings, self._run
        return Status(
            state=self._state,
            reason=self._reason,
            hotend_c=readings.hotend_c,
            bed_c=readings.bed_c,
            position_mm=readings.position_mm,
            work_offset_mm=readings.work_offset_mm,
            feed_mm_s=readings.feed_mm_s,
            heating=readings.heating,
            lines_done=self.lines_done,
            lines_total=run.program.total if run else 0,
            time_left_s=readings.time_left_s,
            objects=readings.objects,
            skipped=readings.skipped,
            prompt=readings.prompt,
            boot_id=self._boot_id,
            details=dict(readings.details),
        )

    def new_boot(self) -> None:
        self._boot_id = uuid.uuid4().hex

    def require_open(self) -> None:
        """Raises DriverMisuse if it is not open, NotReady after a fault."""
        if self._state is State.CLOSED:
            raise DriverMisuse("the driver is not open")
        if self._state is State.FAULT:
            raise NotReady(f"open anew after the fault: {self._reason}")

    def become(self, state: State, reason: str = "") -> None:
        self._state, self._reason = state, reason or (self.doing if state is State.RUNNING else "")
