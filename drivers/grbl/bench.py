"""What an operator does at the machine between runs, and while a run waits for a tool change.

In such a wait the run's thread owns the port: it does what others ask for, and hands back what came of it.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock
from typing import TypeVar

from drivers.base import PortSettings, Probing, Setup
from drivers.errors import Alarm, DriverError, DriverMisuse, MachineFault, NoAnswer, NotReady, RejectedByFirmware
from drivers.grbl import codes
from drivers.grbl.console import Console
from drivers.grbl.reports import Triple, triple

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class _Job:
    act: Callable[[], Triple]
    told: Future[Triple]


class Bench(Console, Setup, Probing):
    def __init__(self, port: PortSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_tool = False
        """A run waits for a tool change."""
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._at_job = False
        self._door = Lock()
        super().__init__(port, clock)

    # Setup and probing ------------------------------------------------------------------------------

    def home(self) -> None:
        with self.owned("home"):
            self.require_open()
            self._safely(lambda: self.say("$H"))
            self.query()

    def set_work_zero(self, machine_mm: Triple) -> Triple:
        return self._at_machine("set the work zero", lambda: self._set_work_zero(machine_mm))

    def work_offset(self) -> Triple:
        return self._at_machine("read the work zero", lambda: self.offsets().work)

    def probe_z(self, travel_mm: float, feed_mm_s: float, plate_mm: float) -> Triple:
        """Ends where it began. Raises NotReady while the spindle turns or the machine is not at rest."""
        if travel_mm <= 0 or feed_mm_s <= 0 or plate_mm < 0:
            raise DriverMisuse("a probe needs a travel and a feed over zero, and a plate of no negative thickness")
        return self._at_machine("probe", lambda: self._probe_z(travel_mm, feed_mm_s * 60.0, plate_mm))

    def _set_work_zero(self, machine_mm: Triple) -> Triple:
        x, y, z = machine_mm
        units = self.modal().modes
        self.say(f"G21G10L2P1X{x:.3f}Y{y:.3f}Z{z:.3f}")
        if "G20" in units:
            self.say("G20")
        return self.offsets().work

    def _probe_z(self, travel_mm: float, feed_mm_min: float, plate_mm: float) -> Triple:
        report, before = self.fresh_report(), self.modal()
        place = self.readings.position_mm
        if report.state != "Idle" or place is None:
            raise NotReady(self.why_not() or "the firmware does not tell where it is")
        if before.spindle_on or report.spindle_rpm:
            raise NotReady("the spindle is on: nothing is probed")
        if "P" in report.pins:
            early = self._probe_alarm(4)
            early.safe = True
            raise early
        contact = self._touch(travel_mm, feed_mm_min)
        zero = contact - plate_mm - self.offsets().shift[2]
        self.say(f"G21G10L2P1Z{zero:.3f}", f"G21G90G53G0Z{place[2]:.3f}")
        self.sync()
        self.say(before.motion_line(told_in_inches=self.tells_inches))
        return self.offsets().work

    def _touch(self, travel_mm: float, feed_mm_min: float) -> float:
        """Lower the tool until it touches; machine Z of the contact, mm."""
        self.messages.pop("PRB", None)
        self.say(f"G21G91G94G38.2Z-{travel_mm:.3f}F{feed_mm_min:.1f}", listen=self.requests.active)
        place, _, touched = self.messages.get("PRB", "").partition(":")
        if touched == "0":
            raise self._probe_alarm(5)
        try:
            contact = self.mm(triple(place))
        except ValueError as error:
            raise NoAnswer("the firmware did not tell where the probe has touched") from error
        self.readings.details["probe"] = "X{:.3f} Y{:.3f} Z{:.3f}".format(*contact)
        return contact[2]

    def _probe_alarm(self, code: int) -> Alarm:
        meaning = codes.alarm(code, self.firmware.flavour)
        return Alarm(code, meaning.text, position_lost=meaning.position_lost)

    # Whose thread does it ---------------------------------------------------------------------------

    def _at_machine(self, verb: str, act: Callable[[], Triple]) -> Triple:
        told = self._handed_over(act)
        if told is not None:
            return told.result()
        with self.owned(verb):
            self.require_open()
            return self._safely(act)

    def _safely(self, act: Callable[[], Told]) -> Told:
        """Between runs: an alarm, a refusal or silence is left by a reset."""
        try:
            return act()
        except (Alarm, RejectedByFirmware, NoAnswer) as error:
            if not error.safe:
                error.safe = self.make_safe(error)
            raise

    def _handed_over(self, act: Callable[[], Triple]) -> Future[Triple] | None:
        """To the run that waits for a tool change; None without one."""
        with self._door:
            if not self.at_tool:
                return None
            job = _Job(act, Future())
            self._jobs.put(job)
        self.requests.pending = True
        self.port.wake()
        return job.told

    def asked(self) -> None:
        """Whatever is asked for in the midst of a job waits for its end."""
        if self._at_job:
            return
        self._at_job = True
        try:
            while not self._jobs.empty():
                _do(self._jobs.get_nowait())
        finally:
            self._at_job = False

    @contextmanager
    def bench_open(self) -> Iterator[None]:
        """A run waits for a tool change, and does meanwhile what is asked for; what is left then is refused."""
        with self._door:
            self.at_tool = True
        try:
            yield
        finally:
            with self._door:
                self.at_tool = False
            while not self._jobs.empty():
                self._jobs.get_nowait().told.set_exception(DriverMisuse("the run no longer waits for a tool change"))


def _do(job: _Job) -> None:
    """Raises what ends the run, too."""
    try:
        job.told.set_result(job.act())
    except DriverError as error:
        job.told.set_exception(error)
        if isinstance(error, MachineFault) and not isinstance(error, NotReady) and not error.safe:
            raise
    except BaseException:
        job.told.set_exception(DriverMisuse("the run was ended meanwhile"))
        raise
