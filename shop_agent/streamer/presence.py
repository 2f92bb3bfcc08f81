"""A spindle or beam turns only while a named operator says, again and again, that somebody is there."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class PresenceWatch:
    """`interval_s` None: this machine may run unattended."""

    interval_s: float | None
    clock: Callable[[], float] = time.monotonic
    _until_s: float | None = None

    def confirm(self) -> None:
        if self.interval_s is not None:
            self._until_s = self.clock() + self.interval_s

    def leave(self) -> None:
        """No run: nothing to attend."""
        self._until_s = None

    def left_s(self) -> float | None:
        """Seconds until a run is held; None if none will be."""
        return None if self._until_s is None else max(0.0, self._until_s - self.clock())

    def lapsed(self) -> bool:
        return self.interval_s is not None and (self._until_s is None or self.clock() >= self._until_s)
