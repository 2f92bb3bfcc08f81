"""A machine as it is: what it does, what lies on it, who stands at it. The firmware's own counters judge."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.calendar import Calendar
from tests.simulation.judge import Judge

PERMIT_S = 30.0
_SLACK_S = 0.5


@dataclass(slots=True)
class Prepared:
    """What a person really did at the machine for one run."""

    run: str
    at_s: float
    record: str = ""
    right: bool = True
    """Loaded and cleared as the plate needs it, whatever the record says."""


@dataclass(frozen=True, slots=True)
class Made:
    """Pieces of one lot that came out of a run."""

    lot: str
    good: int
    bad: int


@dataclass(slots=True)
class Machine:
    """`fence_of` gives the broker's fence and state of a run, as they are."""

    name: str
    router: bool
    calendar: Calendar
    judge: Judge
    fence_of: Callable[[str], tuple[int, str] | None]
    record_life_s: float
    presence_s: float
    wished: Callable[[str], bool]
    """Whether somebody has asked that this run stop."""
    powered: bool = True
    cable: bool = True
    boot: int = 1
    homed: bool = False
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    door_open: bool = False
    working_on: str = ""
    hot: bool = False
    """Heaters on, or spindle turning."""
    held: bool = False
    hold_until_s: float = 0.0
    """Whoever holds it means to until then."""
    locked: bool = False
    """Something went wrong, and nobody has looked yet."""
    excuse: str = ""
    """Why the work under way may end early."""
    prepared: Prepared | None = None
    attended_s: float = float("-inf")
    """When somebody last said that they are there."""
    lying: dict[str, tuple[Made, ...]] = field(default_factory=dict)
    """By run: what nobody has taken off yet."""
    made: dict[str, tuple[Made, ...]] = field(default_factory=dict)
    """By run: all that ever came out of it."""

    # What reaches it over its cable ------------------------------------------------------------------

    @property
    def reachable(self) -> bool:
        return self.powered and self.cable

    def begin(self, run: str, fence: int, record: str) -> None:
        """The first byte of a program that heats or moves."""
        judge, now_s = self.judge, self.calendar.now_s
        judge.begun[run] += 1
        if judge.begun[run] > 1:
            judge.broken("I1", "run %s started %d times", run, judge.begun[run])
        self._judge_setup(run, record)
        self._judge_permit(run, fence)
        if self.working_on:
            judge.broken("I1", "run %s began on %s while %s was under way", run, self.name, self.working_on)
        self.working_on, self.excuse, self.held = run, "", False
        self._heat_or_move()
        if self.router and now_s - self.attended_s > self.presence_s + _SLACK_S:
            judge.broken("I10", "%s turns for %s, and nobody has said that they are there", self.name, run)

    def _judge_setup(self, run: str, record: str) -> None:
        ready, now_s = self.prepared, self.calendar.now_s
        if ready is None or ready.run != run or ready.record != record:
            self.judge.broken("I3", "run %s began on %s, which was not set up for it", run, self.name)
        elif not ready.right:
            self.judge.broken("I3", "run %s began on %s with a setup that should have been refused", run, self.name)
        elif now_s - ready.at_s > self.record_life_s + _SLACK_S:
            self.judge.broken("I3", "run %s began %.0f s after its setup", run, now_s - ready.at_s)
        elif self.lying:
            self.judge.broken("I3", "run %s began on %s, where pieces of %s lie", run, self.name, ", ".join(self.lying))
        self.prepared = None

    def _judge_permit(self, run: str, fence: int) -> None:
        judge, now_s = self.judge, self.calendar.now_s
        granted = judge.granted.get(run)
        if granted is None or granted[0] != fence:
            judge.broken("I8", "run %s began without a permit of fence %d", run, fence)
            return
        asked_s = judge.asked_s.get(granted[1])
        if asked_s is None or now_s - asked_s > PERMIT_S + _SLACK_S:
            judge.broken("I8", "run %s began after its permit had lapsed", run)
        known = self.fence_of(run)
        if known is not None and (known[0] != fence or known[1] not in ("permitted", "unknown")):
            judge.broken("I8", "run %s began at fence %d; the broker has it at %s", run, fence, known)

    def work(self) -> None:
        """Another stretch of the program."""
        self._heat_or_move()

    def _heat_or_move(self) -> None:
        if self.locked:
            self.judge.broken("I6", "%s heats or moves after a fault, and nobody has reset it", self.name)
        self.hot = True

    def make_safe(self) -> None:
        """Heaters, spindle and beam off."""
        self.hot = False

    def hold(self) -> None:
        self.held, self.hot = True, self.hot and not self.router

    def go_on(self) -> None:
        self.held, self.hot = False, True

    def end(self, pieces: tuple[Made, ...], *, whole: bool) -> None:
        """The work is over; `pieces` lie on it now."""
        run, self.working_on, self.held = self.working_on, "", False
        self.made[run] = pieces
        if pieces:
            self.lying[run] = pieces
        if not whole and not self.excuse and not self.wished(run):
            self.judge.broken("I7", "run %s on %s ended early, and nothing was wrong there", run, self.name)

    # What happens to it ------------------------------------------------------------------------------

    def disturb(self, why: str) -> None:
        """Something that may end the work under way."""
        if self.working_on:
            self.excuse = self.excuse or why

    def restart(self, why: str) -> None:
        """Its board starts anew: all off, position lost."""
        self.disturb(why)
        self.locked = self.locked or bool(self.working_on)
        self.boot += 1
        self.hot, self.homed, self.prepared = False, False, None

    def open_door(self) -> None:
        """Whoever opens it may have changed what lies in it."""
        self.disturb("the door was opened")
        self.door_open, self.prepared, self.hot = True, None, self.hot and not self.router


def objects_of(lot: str, pieces: int) -> list[str]:
    """Names in a program."""
    return [f"{lot} copy {number}" for number in range(pieces)]
