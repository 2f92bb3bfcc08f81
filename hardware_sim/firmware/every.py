"""Reports that a firmware gives by itself, each so many seconds."""

from math import inf


class Every:
    """`at` is when the next one is due; inf: none is asked for."""

    def __init__(self) -> None:
        self.at = inf
        self._interval_s = 0.0

    def every(self, interval_s: float, now: float) -> None:
        """0 or less: no more."""
        self._interval_s = interval_s
        self.at = now + interval_s if interval_s > 0 else inf

    def due(self, now: float) -> bool:
        """Whether one is due now; if so, the next one is set."""
        if now < self.at:
            return False
        self.at = now + self._interval_s
        return True
