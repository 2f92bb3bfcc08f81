"""Virtual time: what happens next happens at once, and nothing ever waits."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Life:
    """Of a process between its start and its end: what it had planned to do ends with it."""

    def __init__(self) -> None:
        self.over = False


@dataclass(slots=True)
class Calendar:
    """`now_s` is the true time since `BEGIN`; clocks of processes may be off."""

    now_s: float = 0.0
    _due: list[tuple[float, int, Life, Callable[[], None]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def after(self, delay_s: float, life: Life, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now_s + delay_s, next(self._numbers), life, action))

    def next(self) -> Callable[[], None] | None:
        """Move on to what is due next; None if nothing is left."""
        while self._due:
            at_s, _, life, action = heapq.heappop(self._due)
            if not life.over:
                self.now_s = at_s
                return action
        return None


@dataclass(slots=True)
class WallClock:
    """What one computer believes the date to be; people and time servers move it."""

    calendar: Calendar
    off_s: float = 0.0
    _told: tuple[float, datetime] = (0.0, BEGIN)
    """It is asked many times at the same moment."""

    def now(self) -> datetime:
        at_s = self.calendar.now_s + self.off_s
        if self._told[0] != at_s:
            self._told = at_s, BEGIN + timedelta(seconds=at_s)
        return self._told[1]
