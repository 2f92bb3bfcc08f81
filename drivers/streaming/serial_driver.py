"""The verbs of all drivers of serial machines: own the port, run one program, end it safely.

Whoever calls `open`, `run`, `status` or `close` owns the machine for that call; requests and `stop_now` come from
any thread. Not responsible for what a firmware needs said to it: that is in `Machine`'s abstract methods.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from drivers.base import Capabilities, EndedBy, LineCheck, PortSettings, RunReport, State, Status, Watch
from drivers.errors import DriverError, DriverMisuse, LineRefused, LinkLost, MachineFault, NoAnswer, NotReady
from drivers.requests import Cancelled, StoppedNow
from drivers.streaming.exchange import Exchange, LineProtocol
from drivers.streaming.machine import Event, Machine, Readings, Run

PROGRESS_S = 0.25
RECONNECT_S = 0.2
UNSENT = "the stop can't be sent: go and look"
QUERY_S = 2.0
"""Longest that one question of a status query may take."""


DEAF = Watch(started=lambda _: None, progress=lambda _: None, held=lambda _: None, resumed=lambda: None)
"""In place of one that has failed."""


class SerialDriver(Machine[Event]):
    """`Driver` over a line protocol; see `drivers.base`."""

    def __init__(
        self, port: PortSettings, protocol: LineProtocol[Event], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(port, protocol, clock)
        self.exchange = Exchange(self.port, protocol, self, port, clock)
        self._owner = Lock()
        self._progress_s = 0.0

    # Verbs ----------------------------------------------------------------------------------------

    def open(self) -> Capabilities:
        with self.owned("open"):
            self._shut()
            self.port.open()
            self.requests.renew()
            try:
                self.readings = Readings()
                self.new_boot()
                capabilities = self.identify()
            except BaseException:
                self._shut()
                raise
            self._show_readiness()
            return capabilities

    def close(self) -> None:
        with self.owned("close"):
            self._shut()

    def status(self) -> Status:
        if self._state not in (State.RUNNING, State.HELD, State.CLOSED) and self._owner.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._owner.release()
        return self.snapshot()

    def run(self, program: Sequence[str], check: LineCheck, watch: Watch) -> RunReport:
        with self.owned("run"):
            self.require_open()
            self._run = Run(self.program(program, check), watch)
            self.requests.begin()
            try:
                self.become(State.RUNNING)
                return self._execute()
            finally:
                self.requests.end()

    def hold(self, reason: str) -> None:
        if self.requests.ask_hold(reason or "held"):
            self.port.wake()

    def resume(self) -> None:
        if self.requests.ask_hold(None):
            self.port.wake()

    def skip_object(self, name: str) -> None:
        raise DriverMisuse(f"this firmware can't skip an object such as {name!r}")

    def cancel(self) -> None:
        if self.requests.ask_cancel():
            self.port.wake()

    def stop_now(self) -> None:
        """Raises DriverMisuse if it is not open, and without a run LinkLost if the bytes can't leave."""
        if self._state is State.CLOSED and not self.port.is_open:
            raise DriverMisuse("the driver is not open")
        running = self.requests.ask_stop()
        sent = self.port.urgent(self.emergency)
        self.port.wake()
        if running:
            return  # its own thread sends it again, and tells what came of it
        self.become(State.FAULT, "stopped at once; open anew" if sent else UNSENT)
        if not sent:
            raise LinkLost(UNSENT)

    # A run ----------------------------------------------------------------------------------------

    def _execute(self) -> RunReport:
        try:
            self.begin()
            self.work()
            safe = self.finish()
            self.evidence("every line executed")
            self.current.ended_at = self.current.program.taken
            self.current.watch.progress(self.snapshot())
        except Cancelled:
            return self._report(EndedBy.CANCELLED, self._end_safely(None))
        except StoppedNow:
            raise self._stopped(None) from None
        except NotReady as error:
            self.become(State.NOT_READY, str(error))
            raise
        except DriverError as error:
            if self.requests.stop and isinstance(error, MachineFault):
                raise self._stopped(error) from None
            error.safe = self._end_safely(error)
            raise self._ended(error) from error.__cause__
        except BaseException as error:
            # The caller's own lines, check or watch failed: the machine must not be left as it is.
            self.current.watch = DEAF
            self._end_safely(None)
            self.become(State.FAULT, f"the program ended by {type(error).__name__}")
            raise
        return self._report(EndedBy.FINISHED, safe)

    def work(self) -> None:
        """Have every line acknowledged."""
        self.exchange.stream(self.current.program, listen=True)

    def _stopped(self, fault: MachineFault | None) -> DriverError:
        self.current.ended_at = self.lines_done
        return self._ended(self.after_stop(fault))

    def _end_safely(self, cause: DriverError | None) -> bool:
        acknowledged = self._protocol.done
        self.current.ended_at = self.lines_done
        try:
            if isinstance(cause, LinkLost):
                self._reconnect()
            safe = self.make_safe(cause)
        except MachineFault:
            self.port.urgent(self.last_resort)
            return False
        except BaseException as error:
            # The caller's watch failed only now.
            self.current.watch = DEAF
            self._end_safely(cause)
            self.become(State.FAULT, f"the program ended by {type(error).__name__}")
            raise
        if safe and self.ends_its_queue and not isinstance(cause, MachineFault):
            # The machine has come to rest in order: nothing that it had taken was left undone.
            self.current.ended_at = max(acknowledged, self.lines_done)
        return safe

    def _reconnect(self) -> None:
        """A cable may be back in a moment, and the heaters are on. Raises what the last try raised."""
        deadline_s = self.clock() + self.port_settings.answer_s
        while True:
            self.port.close()
            try:
                return self.port.open()
            except MachineFault:
                if self.clock() >= deadline_s:
                    raise
                time.sleep(RECONNECT_S)

    def _ended(self, error: DriverError) -> DriverError:
        error.lines_done = self.lines_done
        if isinstance(error, LineRefused) and error.safe:
            self.become(State.READY)
        else:
            self.become(State.FAULT, str(error))
        if isinstance(error, LinkLost) and not error.safe:
            self.port.close()
        return error

    def _report(self, ended_by: EndedBy, safe: bool) -> RunReport:
        """Raises what a stop is that came meanwhile."""
        if self.requests.stop:
            raise self._stopped(None) from None
        if safe:
            self.become(State.READY)
        else:
            self.become(State.FAULT, "the safe end state is not confirmed")
        return RunReport(ended_by, self.lines_done, safe)

    # Handler of the exchange ----------------------------------------------------------------------

    def has_requests(self) -> bool:
        return self.requests.pending

    def requested(self) -> None:
        self.requests.pending = False
        self.requests.raise_ending()
        self.asked()
        run = self.current
        if run.held_here:
            return
        if self.requests.hold is not None:
            self._hold(run, self.requests.hold)
        elif self._state is State.HELD:
            self.go_on()

    def _hold(self, run: Run, reason: str) -> None:
        run.held_here = True
        self.pause()
        self.wait_held(run, reason, self.go_on)

    def wait_held(self, run: Run, reason: str, go_on: Callable[[], bool]) -> None:
        """The machine stands: be held until somebody resumes and `go_on` succeeds. Raises what ends the run."""
        run.held_here = True
        self.become(State.HELD, reason)
        run.watch.held(reason)
        while True:
            while self.requests.hold is not None:
                self.exchange.pump()
                self.requests.raise_ending()
                if self.requests.pending:
                    self.requests.pending = False
                    self.asked()
            if go_on():
                break
            self.requests.hold = self.readings.not_ready or reason
            self.become(State.HELD, self.requests.hold)
        run.held_here = False
        self.become(State.RUNNING)
        run.watch.resumed()
        # A hold that was asked for while it was going on again is not forgotten.
        self.requests.pending = self.requests.pending or self.requests.hold is not None

    def tick(self, now_s: float) -> None:
        self.polled(now_s)
        if self._state in (State.RUNNING, State.HELD) and now_s >= self._progress_s:
            self._progress_s = now_s + PROGRESS_S
            self.current.watch.progress(self.snapshot())

    def _look(self) -> None:
        """As the owner, who alone may know that it was not closed meanwhile."""
        if self._state in (State.READY, State.NOT_READY):
            self._refresh()
        elif self._state is State.FAULT and self.port.is_open:
            self._tend()

    def _refresh(self) -> None:
        try:
            self.query()
        except LinkLost as error:
            self.become(State.FAULT, str(error))
        except NoAnswer as error:
            self.become(State.NOT_READY, str(error))
        except MachineFault as error:
            self.become(State.FAULT, str(error))
        else:
            self._show_readiness()

    def _tend(self) -> None:
        try:
            self.tend()
        except MachineFault as error:
            self.become(State.FAULT, f"{self._reason}; since then: {error}")
            self.port.close()

    def _show_readiness(self) -> None:
        self.become(State.NOT_READY if self.readings.not_ready else State.READY, self.readings.not_ready)

    def _shut(self) -> None:
        self.port.close()
        self.become(State.CLOSED)

    @contextmanager
    def owned(self, verb: str) -> Iterator[None]:
        """A status query may be under way: wait for it, but for nothing longer."""
        if self.requests.active or not self._owner.acquire(timeout=2 * self.port_settings.answer_s):
            raise DriverMisuse(f"can't {verb} now: the machine is in use by another call")
        try:
            yield
        finally:
            self._owner.release()
