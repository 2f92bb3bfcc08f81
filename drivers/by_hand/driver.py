"""Machines without a link: a person starts them, and says what became of the run.

Nothing is measured. A run waits for as long as that takes; only an attestation ends it. What can't be done from here is
asked of the operator, in `Status.reason`.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock

from drivers.base import Capabilities, EndedBy, LineCheck, LostLink, PortSettings, RunReport, State, Status, Watch
from drivers.errors import DriverMisuse, FirmwareHalted, LineRefused, NotReady
from drivers.requests import Requests

START = "download the program, start the machine, then attest the start"
RUNNING = "attest the end once the machine is done, cold and still"
HOLD = "asked to hold: do it at the machine, nothing here can"
CANCEL = "asked to stop: stop the machine, then attest the end"
STOP = "STOP: press the machine's stop button now, then attest the end"
DETAILS = (
    "what becomes of a run is what a person says of it",
    "can't hold, skip or stop anything: the operator is asked to, at the machine",
)


@dataclass(frozen=True, slots=True)
class _End:
    operator: str
    finished: bool
    note: str

    @property
    def text(self) -> str:
        return f"attested by {self.operator}{f': {self.note}' if self.note else ''}"


class ByHandDriver:
    """`port.url` is a name for people."""

    def __init__(self, port: PortSettings) -> None:
        self._label = port.url
        self._requests = Requests()
        self._owner = Lock()
        self._told = Condition()
        self._state = State.CLOSED
        self._reason = ""
        self._boot_id = ""
        self._lines_done = 0
        self._lines_total = 0
        self._started_by = ""
        self._end: _End | None = None
        self._news = False
        """Something was asked or attested since the run's thread looked."""

    # Verbs ----------------------------------------------------------------------------------------

    def open(self) -> Capabilities:
        with self._owned("open"):
            self._boot_id = uuid.uuid4().hex
            self._requests.renew()
            self._become(State.READY)
        return Capabilities(
            firmware=f"by hand: {self._label}",
            hold=False,
            skip_object=False,
            executed_lines=False,
            lost_link=LostLink.ALARM_ONLY,
            attested=True,
            details=DETAILS,
        )

    def close(self) -> None:
        with self._owned("close"):
            self._become(State.CLOSED)

    def status(self) -> Status:
        with self._told:
            return Status(
                state=self._state,
                reason=self._reason,
                lines_done=self._lines_done,
                lines_total=self._lines_total,
                prompt=self._reason if self._state is State.RUNNING else "",
                boot_id=self._boot_id,
            )

    def run(self, program: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        with self._owned("run"):
            self._require_ready()
            for number, line in enumerate(program, 1):
                if reason := check(line):
                    error = LineRefused(number, line, reason)
                    error.safe = True  # nobody was told to start anything
                    raise error
            self._lines_done, self._lines_total = 0, len(program)
            if not program:
                return RunReport(EndedBy.FINISHED, 0, safe=True)
            self._started_by, self._end = "", None
            self._requests.begin()
            self._become(State.RUNNING, START)
            try:
                return self._wait(watch)
            except BaseException as error:
                self._become(State.FAULT, str(error) or type(error).__name__)
                raise
            finally:
                self._requests.end()

    def hold(self, reason: str) -> None:
        if self._requests.ask_hold(reason or "held"):
            self._notify()

    def resume(self) -> None:
        if self._requests.ask_hold(None):
            self._notify()

    def skip_object(self, name: str) -> None:
        raise DriverMisuse(f"a machine run by hand can't be told to skip {name!r}")

    def cancel(self) -> None:
        if self._requests.ask_cancel():
            self._notify()

    def stop_now(self) -> None:
        """Can only ask for it. Raises DriverMisuse if it is not open."""
        if self._state is State.CLOSED:
            raise DriverMisuse("the driver is not open")
        if self._requests.ask_stop():
            self._notify()
        else:
            self._become(State.FAULT, STOP)

    # What a person says -----------------------------------------------------------------------------

    def attest_started(self, operator: str) -> None:
        with self._told:
            self._require_run(operator)
            self._started_by = self._started_by or operator
            self._notify()

    def attest_ended(self, operator: str, *, finished: bool, note: str = "") -> None:
        with self._told:
            self._require_run(operator)
            self._end = self._end or _End(operator, finished, note)
            self._notify()

    def _require_run(self, operator: str) -> None:
        if not self._requests.active:
            raise DriverMisuse("no run is under way that could be attested")
        if not operator.strip():
            raise DriverMisuse("an attestation needs the name of who attests")

    # A run ----------------------------------------------------------------------------------------

    def _wait(self, watch: Watch) -> RunReport:
        """Until a person says that it has ended; every change is told."""
        started = False
        while True:
            with self._told:
                self._news = False
                self._become(State.RUNNING, self._wanted())
                operator, end = self._started_by, self._end
            if not started and (operator or (end is not None and end.finished)):
                started = True
                watch.started(f"attested by {operator or (end.operator if end else '')}")
            if end is not None:
                return self._ended(end, watch)
            watch.progress(self.status())
            with self._told:
                self._told.wait_for(lambda: self._news)

    def _wanted(self) -> str:
        """What the operator is asked for now."""
        if self._requests.stop:
            return STOP
        if self._requests.cancelled:
            return CANCEL
        if self._requests.hold is not None:
            return f"{HOLD} ({self._requests.hold})"
        return RUNNING if self._started_by else START

    def _ended(self, end: _End, watch: Watch) -> RunReport:
        if end.finished:
            self._lines_done = self._lines_total
        elif self._requests.stop:
            error = FirmwareHalted(f"stopped at once by hand, {end.text}")
            error.safe = True  # done, cold and still, as attested
            raise error
        self._become(State.READY)
        watch.progress(self.status())
        ended_by = EndedBy.FINISHED if end.finished else EndedBy.CANCELLED
        return RunReport(ended_by, self._lines_done, safe=True)

    # ----------------------------------------------------------------------------------------------

    def _require_ready(self) -> None:
        if self._state is State.CLOSED:
            raise DriverMisuse("the driver is not open")
        if self._state is State.FAULT:
            raise NotReady(f"open anew after the fault: {self._reason}")

    def _notify(self) -> None:
        with self._told:
            self._news = True
            self._told.notify_all()

    def _become(self, state: State, reason: str = "") -> None:
        with self._told:
            self._state, self._reason = state, reason

    @contextmanager
    def _owned(self, verb: str) -> Iterator[None]:
        if not self._owner.acquire(blocking=False):
            raise DriverMisuse(f"can't {verb} now: a run is under way")
        try:
            yield
        finally:
            self._owner.release()
