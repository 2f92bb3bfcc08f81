"""One machine in a streamer's hands, step by step: looks at it, opens it, executes a run, ends in a safe state.

One thread's at a time; `thread` is the one it has in a process.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from broker.wire.messages import Unknown
from drivers.base import Capabilities, Driver, Setup, State, Status, Watch
from drivers.errors import DriverError, DriverMisuse
from shop_agent.blocks import as_spans, why_not
from shop_agent.errors import BadConfig, JournalFailed
from shop_agent.streamer.execution import Execution
from shop_agent.streamer.line_check import ChangedLimits
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.program import Loaded, Offset, ProgramRefused, load_program
from shop_agent.streamer.run_log import RunLog, RunUsed
from shop_agent.streamer.touched import Touched
from shop_agent.streamer.wire import Report, Start, StartAnswer, Triple
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.slicing.shop.approval import Approval

REOPEN_S = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Waits between attempts to open the port."""
PORT_REST_S = 0.5
"""A port stays closed for this long before a reset opens it: DTR falls, and most boards restart."""
_SAME_MM = 1e-3

T = TypeVar("T")


class Unable(Exception):
    """The machine can't do this now; the text says why."""


@dataclass(slots=True)
class _Opening:
    tried: int = 0
    next_s: float = 0.0


class Load(Protocol):
    """Reads a program and judges it. Raises ProgramRefused."""

    def __call__(
        self, path: Path, sha256: str, limits: MachineLimits, offset: Offset | None, blocks: tuple[BlockSpan, ...]
    ) -> Loaded: ...


class Worker:
    """A BaseException out of driver or log is the end of the process: nothing more is written then."""

    def __init__(
        self,
        driver: Driver,
        log: RunLog,
        limits: Callable[[], MachineLimits],
        changed: Callable[[], None],
        power: PowerCut,
        lost_s: float,
        approvals: Callable[[], tuple[Approval, ...]] = tuple,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
        load: Load = load_program,
        changed_limits: ChangedLimits = lambda: None,
    ) -> None:
        """`approvals`: the blocks that the owner has approved for this machine.

        `lost_s`: for so long a machine that was left in mid-run is looked for before its power is cut."""
        self._driver = driver
        self._log = log
        self._limits = limits
        self._changed = changed
        self._power = power
        self._lost_s = lost_s
        self._approvals = approvals
        self._clock = clock
        self._rest = rest
        self._load = load
        self._changed_limits = changed_limits
        self._begun_s = clock()
        self._opening = _Opening()
        self.touched = Touched()
        self._unproven = False
        """A run's evidence was lost: the first thing after opening is the safe state."""
        self._cut = ""
        """How the cut of its power went, if it was neither made safe nor reset since."""
        self.capabilities: Capabilities | None = None
        self.status = Status(State.CLOSED, "not opened yet")
        self.execution: Execution | None = None

    def begin(self) -> None:
        """First of all: a run whose end nobody wrote has one now.

        Raises JournalFailed, if that can't be written: but the machine isn't left as it is.
        """
        run = self._log.unended()
        if run is None:
            return
        self._unproven = True
        try:
            self._write(run, Unknown(reason="the streamer ended in mid-run: nobody knows what the machine did"))
        except JournalFailed:
            self.look()
            raise

    def end(self) -> None:
        """Give the port back."""
        self._driver.close()

    @property
    def boot_id(self) -> str:
        """Changes with a restart, a homing, a touch-off."""
        return f"{self.status.boot_id}/{self.touched.times}" if self.status.boot_id else ""

    def look(self) -> None:
        """At the machine between runs; opens it where it is closed."""
        before = self.status, self.touched.times
        if self.status.state is State.CLOSED or (self.status.state is State.FAULT and not self._log.quarantine()):
            self._try_open()
        else:
            self.status = self._told(self._driver.status())
        if before != (self.status, self.touched.times):
            self._changed()

    def _told(self, status: Status) -> Status:
        """With the alarm, for as long as nobody has reset the machine."""
        return replace(status, reason=f"{status.reason}{self._cut}") if self._cut else status

    def _try_open(self) -> None:
        if self._clock() < self._opening.next_s:
            return
        try:
            self._driver.close()
            self._open()
        except DriverError as error:
            wait_s = REOPEN_S[min(self._opening.tried, len(REOPEN_S) - 1)]
            self._opening = _Opening(self._opening.tried + 1, self._clock() + wait_s)
            self.status = Status(State.CLOSED, f"{type(error).__name__}: {error}{self._give_up()}")

    def _give_up(self) -> str:
        """Of a machine that was left in mid-run and can't be found: cut its power, once."""
        if self._unproven and not self._cut and self._clock() - self._begun_s >= self._lost_s:
            self._cut = f"; left in mid-run: {self._power.cut()}"
        return self._cut

    def _open(self) -> None:
        self.capabilities = self._driver.open()
        self._opening = _Opening()
        self._cut = self._make_safe() if self._unproven else ""
        self._unproven = False
        self.status = self._told(self._driver.status())

    def _make_safe(self) -> str:
        """An empty program ends in the safe end state; a machine that won't confirm it is stopped at once, and its
        power cut: how that went, or empty."""
        watch = Watch(started=lambda _: None, progress=self._show, held=lambda _: None, resumed=lambda: None)
        try:
            safe = self._driver.run((), lambda _: "nothing may be sent", watch).safe
        except DriverError:
            safe = False
        if safe:
            return ""
        try:
            self._driver.stop_now()
        except DriverError as error:  # its link may be gone again: all the more its power is to be cut
            return f"; left in mid-run: {error}; {self._power.cut()}"
        return f"; left in mid-run, not safe: {self._power.cut()}"

    def start(self, order: Start, answer: Callable[[StartAnswer], None]) -> None:
        """`answer` comes once the start is committed or refused for good; returns when the run has ended."""
        log = self._log
        try:
            program = self._prepare(order)
            log.start(order.run, order.fence, order.record.id, order.sha256)
        except (Unable, ProgramRefused, RunUsed, BadConfig, DriverError) as error:
            reason = str(error) or type(error).__name__
            started = log.forbid(order.run, order.fence, reason)
            answer(StartAnswer(journal_id=log.journal_id, started=started, reason=reason))
            return
        self.execution = Execution(order.run, self._write, self._show, self._power, self._clock, self._changed_limits)
        # What the driver tells is of the program before until it has begun with this one.
        self.status = replace(self.status, lines_done=0, lines_total=0, time_left_s=None, objects=(), skipped=())
        self._changed()
        answer(StartAnswer(journal_id=log.journal_id, started=True))
        self.execution.execute(self._driver, program)
        self.execution = None
        self.status = self._driver.status()
        self._changed()

    def _prepare(self, order: Start) -> Loaded:
        """Everything that must hold before the start is committed.

        Raises Unable, ProgramRefused, BadConfig, DriverError.
        """
        if self._log.has_started(order.run):
            raise Unable("this run has started before")
        quarantine = self._log.quarantine()
        if quarantine:
            raise Unable(f"the machine needs a local reset: {quarantine}")
        self.status = self._driver.status()
        if self.status.state is not State.READY:
            raise Unable(f"the machine is {self.status.state}: {self.status.reason}")
        if order.record.boot_id != self.boot_id:
            raise Unable("the setup record is void: the machine was restarted, homed or zeroed since")
        offset = self._work_offset(order)
        self._changed_limits()
        limits = self._limits()
        reason = why_not(order.blocks, self._approvals(), limits)
        if reason:
            raise ProgramRefused(reason)
        program = self._load(Path(order.program), order.sha256, limits, offset, as_spans(order.blocks))
        if self._clock() > order.deadline_s:
            raise Unable("the permit has lapsed")
        return program

    def _work_offset(self, order: Start) -> Triple | None:
        if not isinstance(self._driver, Setup):
            return None
        offset, recorded = self._driver.work_offset(), order.record.work_zero_mm
        if recorded is None or any(abs(a - b) > _SAME_MM for a, b in zip(offset, recorded, strict=True)):
            raise Unable(f"the machine's work zero is {offset}, the setup record says {recorded}")
        return offset

    def _write(self, run: str, report: Report) -> None:
        self._log.append(run, report)
        self._changed()

    def _show(self, status: Status) -> None:
        self.status = status

    # Between runs -------------------------------------------------------------------------------------

    def home(self) -> None:
        self._router().home()
        self.status = self._driver.status()
        self.touched.home(self.status.boot_id)

    def set_work_zero(self, machine_mm: Triple) -> Triple:
        offset = self._router().set_work_zero(machine_mm)
        self.touched.zero()
        self.status = self._driver.status()
        return offset

    def probe(self, lower: Callable[[], T]) -> T:
        """Between runs. Raises Unable, DriverError."""
        self._router()
        done = lower()
        self.touched.probe()
        self.status = self._driver.status()
        return done

    def _router(self) -> Setup:
        if not isinstance(self._driver, Setup):
            raise Unable("this machine homes by itself and has no work zero")
        if self._log.quarantine():
            raise Unable("the machine needs a local reset first")
        if self.status.state is State.CLOSED:
            raise DriverMisuse(f"the machine is not connected: {self.status.reason}")
        return self._driver

    def local_reset(self) -> None:
        self._driver.close()
        self._rest(PORT_REST_S)
        self.touched.reset()
        self._open()
        self._log.reset()
