"""The verbs of all drivers of machines behind a host: own the machine, have one program printed, end it safely.

Whoever calls `open`, `run`, `status` or `close` owns the machine for that call; requests and `stop_now` come from any
thread. Other people may use the same host at any time: it can't be opened exclusively, so what it does is read, not
assumed.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TypeVar

from drivers.base import Capabilities, EndedBy, LineCheck, PortSettings, RunReport, State, Status, Watch
from drivers.errors import (
    DriverError,
    DriverMisuse,
    FirmwareHalted,
    HostRefused,
    LineRefused,
    LinkLost,
    MachineFault,
    NotReady,
)
from drivers.hosting.host import ACTIVE, Host, Phase
from drivers.hosting.machine import UNREACHABLE, HostedMachine
from drivers.hosting.program import HostedProgram
from drivers.hosting.safe_end import SafeEnding, cool_down
from drivers.hosting.supervision import Supervision
from drivers.requests import Cancelled, StoppedNow

STOP_LOOK_S = 0.2
Fault = TypeVar("Fault", bound=DriverError)


class HostedDriver:
    """`Driver` over a `Host`; see `drivers.base`."""

    def __init__(self, host: Host, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._machine = HostedMachine(host, port, clock)
        self._owner = Lock()
        self._skips = False

    # Verbs ----------------------------------------------------------------------------------------

    def open(self) -> Capabilities:
        """Raises LinkLost, NoAnswer, HostRefused."""
        with self._owned("open"):
            self._shut()
            try:
                capabilities = self._host.open()
                self._machine.requests.renew()
                self._machine.begin()
            except BaseException:
                self._shut()
                raise
            self._skips = capabilities.skip_object
            self._show_readiness()
            return capabilities

    def close(self) -> None:
        with self._owned("close"):
            self._shut()

    def status(self) -> Status:
        if self._machine.state in (State.READY, State.NOT_READY) and self._owner.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._owner.release()
        return self._machine.snapshot()

    def run(self, program: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        machine = self._machine
        with self._owned("run"):
            machine.require_open()
            machine.requests.begin()
            machine.skips.clear()
            try:
                machine.lines_done, machine.lines_total = 0, len(program)
                machine.become(State.RUNNING)
                return self._execute(program, check, watch)
            finally:
                machine.requests.end()

    def hold(self, reason: str) -> None:
        if self._machine.requests.ask_hold(reason or "held"):
            self._machine.wake()

    def resume(self) -> None:
        if self._machine.requests.ask_hold(None):
            self._machine.wake()

    def skip_object(self, name: str) -> None:
        machine = self._machine
        if not self._skips or name not in machine.objects:
            raise DriverMisuse(f"there is no object {name!r} that {self._host.name} could skip")
        machine.skips.append(name)
        machine.wake()

    def cancel(self) -> None:
        if self._machine.requests.ask_cancel():
            self._machine.wake()

    def stop_now(self) -> None:
        """Raises DriverMisuse if it is not open, and without a run what the host raises."""
        if self._machine.state is State.CLOSED:
            raise DriverMisuse("the driver is not open")
        running = self._machine.requests.ask_stop()
        try:
            self._host.stop_now()
        except MachineFault:
            if not running:
                raise
            # the run's own thread sends it again, and raises if that fails too
        self._machine.wake()
        if not running:
            self._machine.become(State.FAULT, "stopped at once; open anew")

    # A run ----------------------------------------------------------------------------------------

    def _execute(self, lines: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        machine = self._machine
        try:
            ended = self._print(lines, check, watch)
        except Cancelled:
            ended = EndedBy.CANCELLED
        except StoppedNow:
            raise self._stopped() from None
        except NotReady as error:
            machine.become(State.NOT_READY, str(error))
            raise
        except DriverError as error:
            if machine.requests.stop and isinstance(error, MachineFault):
                raise self._stopped() from error
            error.safe = self._end_safely()
            raise self._ended(error) from error.__cause__
        except BaseException as error:
            # The caller's own lines, check or watch failed: the machine must not be left as it is.
            self._end_safely()
            machine.become(State.FAULT, f"the program ended by {type(error).__name__}")
            raise
        safe = self._end_safely(finished=ended is EndedBy.FINISHED and bool(lines))
        if machine.requests.stop:
            raise self._stopped()
        watch.progress(machine.snapshot())
        return self._report(ended, safe)

    def _print(self, lines: Sequence[str], check: LineCheck, watch: Watch) -> EndedBy:
        machine = self._machine
        try:
            machine.look()
        except UNREACHABLE as error:
            raise NotReady(str(error)) from error
        if reason := machine.not_ready():
            raise NotReady(reason)
        program = HostedProgram(lines, check)
        machine.fan_on = False
        if not program.total:
            return EndedBy.FINISHED
        # A name of its own for each run: the host's history of it can't be that of another.
        machine.job = f"llagar-{uuid.uuid4().hex[:12]}.gcode"
        return Supervision(machine, machine.job, program, watch).execute()

    def _end_safely(self, *, finished: bool = False) -> bool:
        safe = SafeEnding(self._machine, self._machine.job).reach(finished=finished)
        name, self._machine.job = self._machine.job, ""
        if safe and name:
            with suppress(MachineFault):  # a file that stays on the host's disk is the shop's to tidy up
                self._host.discard(name)
        return safe

    def _stopped(self) -> MachineFault:
        """What to raise after `stop_now`, which another thread has sent by now, or failed to."""
        machine = self._machine
        deadline_s = machine.clock() + machine.settings.answer_s
        error: MachineFault = FirmwareHalted("stopped at once on request; the host did not confirm it")
        while machine.clock() < deadline_s:
            try:
                view = machine.look()
                if view.phase not in ACTIVE:
                    error = FirmwareHalted(f"stopped at once on request; {self._host.name}: {view.text}")
                    error.safe = view.phase is Phase.IDLE and view.cold
                    break
                with suppress(HostRefused):
                    self._host.stop_now()
            except UNREACHABLE as fault:
                error = LinkLost(f"told to stop at once, but {fault}: go and look")
            machine.wait(STOP_LOOK_S)
        machine.job = ""
        return self._ended(error)

    def _ended(self, error: Fault) -> Fault:
        machine = self._machine
        error.lines_done = machine.lines_done
        if isinstance(error, LineRefused) and error.safe:
            machine.become(State.READY)
        else:
            machine.become(State.FAULT, str(error))
        return error

    def _report(self, ended_by: EndedBy, safe: bool) -> RunReport:
        machine = self._machine
        if safe:
            machine.become(State.READY)
        else:
            machine.become(State.FAULT, "the safe end state is not confirmed")
        return RunReport(ended_by, machine.lines_done, safe)

    # Between runs ---------------------------------------------------------------------------------

    def _refresh(self) -> None:
        try:
            self._machine.look()
            cool_down(self._machine)
        except UNREACHABLE as error:
            self._machine.become(State.NOT_READY, str(error))
        else:
            self._show_readiness()

    def _show_readiness(self) -> None:
        reason = self._machine.not_ready()
        self._machine.become(State.NOT_READY if reason else State.READY, reason)

    def _shut(self) -> None:
        self._host.close()
        self._machine.become(State.CLOSED)

    @contextmanager
    def _owned(self, verb: str) -> Iterator[None]:
        """A status query may be under way: wait for it, but for nothing longer."""
        if self._machine.requests.active or not self._owner.acquire(timeout=2 * self._machine.settings.answer_s):
            raise DriverMisuse(f"can't {verb} now: the machine is in use by another call")
        try:
            yield
        finally:
            self._owner.release()
