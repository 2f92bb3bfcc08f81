"""A spindle or beam turns only while a named operator says, again and again, that somebody is there.

So does a printer whose operator has promised to stay until its spool is changed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class PresenceWatch:
    """`interval_s` None: this machine may run unattended; then `stay_s` is for runs whose operator stays."""

    interval_s: float | None
    clock: Callable[[], float] = time.monotonic
    stay_s: float = 600.0
    operator: str = ""
    """Who said last that they are there."""
    _stays: bool = False
    _until_s: float | None = None

    @property
    def needed(self) -> bool:
        return self.interval_s is not None or self._stays

    def begin(self, until_s: float | None, operator: str, *, stays: bool = False) -> None:
        """A run is to start. `until_s`: so long whoever set it up is believed to be there; None: a whole interval."""
        self._stays = stays
        self.confirm(operator)
        if until_s is not None and self._until_s is not None:
            self._until_s = min(self._until_s, until_s)

    def confirm(self, operator: str = "") -> None:
        if self.needed:
            self.operator = operator
            self._until_s = self.clock() + self._interval_s()

    def leave(self) -> None:
        """No run: nothing to attend."""
        self._until_s, self._stays, self.operator = None, False, ""

    def change(self, interval_s: float) -> None:
        """The policy's interval has changed; a shorter one counts at once."""
        self.stay_s = interval_s
        if self.interval_s is not None:
            self.interval_s = interval_s
        if self._until_s is not None:
            self._until_s = min(self._until_s, self.clock() + interval_s)

    def _interval_s(self) -> float:
        return self.stay_s if self.interval_s is None else self.interval_s

    def left_s(self) -> float | None:
        """Seconds until a run is held; None if none will be."""
        return None if self._until_s is None else max(0.0, self._until_s - self.clock())

    def lapsed(self) -> bool:
        return self.needed and (self._until_s is None or self.clock() >= self._until_s)
