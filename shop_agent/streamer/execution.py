"""One run on one machine: from the committed start to the entry that ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from broker.wire.messages import Faulted, Finished, Paused, Resumed, Running, Stopped, Unknown
from drivers.base import Driver, EndedBy, RunReport, Status, Watch
from drivers.errors import DriverError, FirmwareReset, NotReady, OtherJob
from shop_agent.streamer.line_check import ChangedLimits, LineCheck
from shop_agent.streamer.power import PowerCut
from shop_agent.streamer.program import Loaded
from shop_agent.streamer.wire import FirstLayerFailed, ObjectSkipped, Report

REACHED_S = 3.0
"""Heaters that are at their targets for so long have reached them."""


class Lapse(Enum):
    """Nobody has said that they are there, and the machine is held: it goes on by its own control alone."""

    NONE = 0
    HOLDING = 1
    HELD = 2

    def __bool__(self) -> bool:
        return self is not Lapse.NONE


@dataclass(slots=True)
class Execution:
    """`write` appends to the journal; `wanted` is why the run is to end, or empty."""

    run: str
    write: Callable[[str, Report], None]
    show: Callable[[Status], None]
    power: PowerCut
    clock: Callable[[], float]
    changed_limits: ChangedLimits = lambda: None
    end_wanted: str = ""
    hold_wanted: str = ""
    first_layer: FirstLayerFailed | None = None
    """Why it is to end, if it is that."""
    lapsed: Lapse = Lapse.NONE
    skips: dict[str, ObjectSkipped] = field(default_factory=dict)
    """What was asked at the bench, by the object's name."""
    heating: bool = True
    """Its heaters have not yet reached their targets for the first time."""
    _running: bool = False
    _paused: bool = False
    _held: str | None = None
    _skipped: set[str] = field(default_factory=set)
    _rising: bool = False
    """Some heater was seen on its way up."""
    _reached_s: float | None = None
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_s = self.clock()

    def execute(self, driver: Driver, program: Loaded) -> None:
        """Blocks until the run has ended one way or another, and its end is in the journal."""
        watch = Watch(started=self._started, progress=self._progress, held=self._on_hold, resumed=self._on_resume)
        try:
            report = driver.run(program.lines, LineCheck(program, self.changed_limits), watch)
        except FirmwareReset as error:
            self._tell(Unknown(reason=self._ladder(f"the firmware restarted in mid-run: {error}", safe=error.safe)))
        except NotReady as error:
            self._tell(Faulted(reason=f"nothing was sent: {error}", lines=0, safe=True))
        except OtherJob as error:
            # Its power is somebody else's too.
            self._tell(Faulted(reason=str(error), lines=error.lines_done, safe=error.safe))
        except DriverError as error:
            reason = self._ladder(str(error) or type(error).__name__, safe=error.safe)
            self._tell(Faulted(reason=reason, lines=error.lines_done, safe=error.safe))
        else:
            self._tell(self._end(report))

    def _progress(self, status: Status) -> None:
        if self.heating:
            self._follow_heaters(status.heating, self.clock())
        if self._running:
            self._tell_skipped(status.skipped)
        self.show(status)

    def _tell_skipped(self, names: Sequence[str]) -> None:
        """Each once, whoever did it: the firmware's own word is the proof, but what it says before this program runs
        may be of the one before."""
        for name in names:
            if name not in self._skipped:
                self._skipped.add(name)
                self._tell(self.skips.get(name) or ObjectSkipped(object=name))

    def _follow_heaters(self, rising: bool, now_s: float) -> None:
        """Bed and hotend may be waited for one after the other: what stays reached is reached."""
        self._rising = self._rising or rising
        if rising or not self._rising:
            self._reached_s = None
        elif self._reached_s is None:
            self._reached_s = now_s
        elif now_s >= self._reached_s + REACHED_S:
            self.heating = False

    def _end(self, report: RunReport) -> Report:
        if not report.safe:
            reason = self._ladder(f"{report.ended_by}, but the machine did not confirm its safe end", safe=False)
            return Faulted(reason=reason, lines=report.lines_done, safe=False)
        if report.ended_by is EndedBy.CANCELLED and self.first_layer is not None:
            return self.first_layer.model_copy(update={"lines": report.lines_done})
        if report.ended_by is EndedBy.CANCELLED:
            return Stopped(reason=self.end_wanted or "cancelled", lines=report.lines_done)
        self._started("every line was executed")
        self._on_resume()
        return Finished(lines=report.lines_done, seconds=self.clock() - self._began_s)

    def _ladder(self, reason: str, *, safe: bool) -> str:
        """The driver has tried to reconnect and to send the safe end state; what comes after that."""
        return reason if safe else f"{reason}; {self.power.cut()}"

    def _tell(self, report: Report) -> None:
        self.write(self.run, report)

    def _started(self, evidence: str) -> None:
        if self._running:
            return
        self._running = True
        self._tell(Running(evidence=evidence))
        if self._held is not None:
            self._on_hold(self._held)

    def _on_hold(self, reason: str) -> None:
        """A hold during heat-up is told once there is evidence of a run."""
        self._held = reason
        if self._running and not self._paused:
            self._paused = True
            self._tell(Paused(reason=reason))

    def _on_resume(self) -> None:
        self._held = None
        if self._paused:
            self._paused = False
            self._tell(Resumed())
