"""A driver on virtual time: `run` waits in the streamer's greenlet, as the real ones wait in its thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.base import Capabilities, EndedBy, LineCheck, LostLink, RunReport, State, Status, Watch
from drivers.errors import DriverMisuse, FirmwareHalted, FirmwareReset, LinkLost, NotReady
from tests.simulation.machine import Machine, Made

STRETCHES = 4
_REOPEN_TRIES = 3
_REOPEN_S = 5.0


@dataclass(slots=True)
class SimulatedDriver:
    """`wait` gives up the greenlet for so long; at a `point` the streamer may be killed."""

    machine: Machine
    wait: Callable[[float], None]
    point: Callable[[str], None]
    hurry: Callable[[], None]
    stretch_s: Callable[[], float]
    yielded: Callable[[str, float, frozenset[str]], tuple[Made, ...]]
    """Pieces that come out of a run of which this share was executed, without the objects that were left out."""
    order: tuple[str, int, str] = ("", 0, "")
    """Run, fence and record of the start that is being carried out."""
    is_open: bool = False
    opened: int = 0
    boot_seen: int = 0
    running: bool = False
    halted: bool = False
    cancel_wanted: bool = False
    hold_wanted: str = ""
    resume_wanted: bool = False
    left_out: frozenset[str] = frozenset()
    _status: Status = field(default_factory=lambda: Status(State.CLOSED, "not opened"))

    def open(self) -> Capabilities:
        if not self.machine.reachable:
            raise LinkLost("no answer")
        self.is_open, self.halted, self.boot_seen = True, False, self.machine.boot
        self.opened += 1
        return Capabilities(
            "simulated",
            hold=True,
            skip_object=not self.machine.router,
            executed_lines=True,
            lost_link=LostLink.SAFE_STATE_ON_RECONNECT,
        )

    def close(self) -> None:
        if self.running:
            raise DriverMisuse("a run is under way")
        self.is_open = False

    def status(self) -> Status:
        machine = self.machine
        if not self.is_open:
            return Status(State.CLOSED, "closed")
        if not machine.reachable or self.halted or machine.boot != self.boot_seen:
            return Status(State.FAULT, "it was restarted" if machine.reachable else "the link is lost")
        if self.running:
            state = State.HELD if machine.held else State.RUNNING
            return Status(state, boot_id=self._boot_id, skipped=tuple(sorted(self.left_out)))
        if machine.door_open:
            return Status(State.NOT_READY, "the door is open", boot_id=self._boot_id)
        if machine.router and not machine.homed:
            return Status(State.NOT_READY, "not homed", boot_id=self._boot_id)
        offset = machine.offset if machine.router else None
        return Status(State.READY, work_offset_mm=offset, boot_id=self._boot_id)

    @property
    def _boot_id(self) -> str:
        return f"{self.boot_seen}.{self.opened}"

    def run(self, program: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        if not self.is_open or self.running:
            raise DriverMisuse("not open, or a run is under way")
        if not program:
            return RunReport(EndedBy.FINISHED, 0, self._safe_end())
        if self.status().state is not State.READY:
            raise self._error(NotReady(self.status().reason), 0, safe=True)
        self.running, self.cancel_wanted, self.hold_wanted, self.resume_wanted = True, False, "", False
        self.left_out = frozenset()
        try:
            return self._stretches(len(program), watch)
        finally:
            self.running = False

    def _stretches(self, lines: int, watch: Watch) -> RunReport:
        run, fence, record = self.order
        self.point("before the first byte")
        self.machine.begin(run, fence, record)
        self.point("after the first byte")
        watch.progress(self.status())
        for number in range(STRETCHES):
            self.wait(self.stretch_s())
            done = lines * (number + 1) // STRETCHES
            self._require_link(number, done)
            if number == 0 and not (self.hold_wanted or self.cancel_wanted):
                watch.started("it moves")
            watch.progress(self.status())
            if self.machine.door_open and not self.hold_wanted:
                self.hold_wanted = "the door is open"
            if self.hold_wanted:
                self._held(watch, number, done)
            if self.cancel_wanted:
                return self._cancelled(number, done)
            watch.started("it moves")
            if number + 1 < STRETCHES:
                self.machine.work()
        self.machine.make_safe()
        watch.progress(self.status())
        self.machine.end(self.yielded(run, 1.0, self.left_out), whole=True)
        self.point("after the last byte")
        return RunReport(EndedBy.FINISHED, lines, safe=True)

    def _held(self, watch: Watch, number: int, done: int) -> None:
        self.machine.hold()
        watch.held(self.hold_wanted)
        watch.progress(self.status())
        while not (self.resume_wanted or self.cancel_wanted):
            self.wait(2.0)
            self._require_link(number, done)
        goes_on, self.hold_wanted, self.resume_wanted = self.resume_wanted, "", False
        if goes_on:
            self.machine.go_on()
            watch.resumed()

    def _cancelled(self, number: int, done: int) -> RunReport:
        self._stop(number)
        return RunReport(EndedBy.CANCELLED, done, safe=True)

    def _stop(self, number: int) -> None:
        self.machine.make_safe()
        self.machine.end(self.yielded(self.order[0], number / STRETCHES, self.left_out), whole=False)

    def _require_link(self, number: int, done: int) -> None:
        machine = self.machine
        if self.halted:
            self._stop(number)
            machine.locked = True
            raise self._error(FirmwareHalted("stopped at once"), done, safe=False)
        if machine.reachable and machine.boot == self.boot_seen:
            return
        if machine.reachable:
            self._stop(number)
            raise self._error(FirmwareReset("its board restarted"), done, safe=self._safe_end())
        machine.locked = True
        for _ in range(_REOPEN_TRIES):
            self.wait(_REOPEN_S)
            if self._answers():
                self._stop(number)
                raise self._error(LinkLost("the link was gone for a while"), done, safe=True)
        self._end_unseen(number)
        raise self._error(LinkLost("the link is gone"), done, safe=False)

    def _answers(self) -> bool:
        return self.machine.reachable

    def _end_unseen(self, number: int) -> None:
        """Nobody reaches it: it has stopped for want of lines, and its heaters may be on."""
        hot = self.machine.hot
        self.machine.end(self.yielded(self.order[0], number / STRETCHES, self.left_out), whole=False)
        self.machine.hot = hot

    def _safe_end(self) -> bool:
        if not self.machine.reachable:
            return False
        self.machine.make_safe()
        return True

    @staticmethod
    def _error(error: "NotReady | FirmwareReset | FirmwareHalted | LinkLost", done: int, *, safe: bool) -> Exception:
        error.lines_done, error.safe = done, safe
        return error

    def hold(self, reason: str) -> None:
        if self.running and not self.hold_wanted:
            self.hold_wanted = reason
            self.hurry()

    def resume(self) -> None:
        if self.running and self.machine.held and not self.machine.door_open:
            self.resume_wanted = True

    def cycle_start(self) -> None:
        """Somebody presses the machine's own button."""
        if self.running and self.machine.held and not self.machine.door_open:
            self.resume_wanted = True

    def cancel(self) -> None:
        if self.running and not self.cancel_wanted:
            self.cancel_wanted = True
            self.hurry()

    def stop_now(self) -> None:
        self.machine.disturb("stopped at once")
        self.machine.make_safe()
        self.halted = True

    def skip_object(self, name: str) -> None:
        if self.machine.router or not self.running:
            raise DriverMisuse("it can't skip now")
        self.left_out |= {name}
        self.hurry()


class SimulatedRouter(SimulatedDriver):
    """Between runs an operator homes it and touches off."""

    def home(self) -> None:
        self._require_idle()
        self.machine.homed, self.machine.prepared = True, None

    def set_work_zero(self, machine_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        self._require_idle()
        self.machine.offset, self.machine.prepared = machine_mm, None
        return machine_mm

    def work_offset(self) -> tuple[float, float, float]:
        self._require_idle()
        return self.machine.offset

    def _require_idle(self) -> None:
        if self.running:
            raise DriverMisuse("a run is under way")
        if not self.machine.reachable:
            raise LinkLost("no answer")
