"""When a search ends. Clocks are handed in: the scheduling core reads none."""

from collections.abc import Callable

Stop = Callable[[], bool]
"""Asked again and again between stretches of work; once true, the best so far is the answer."""


class AfterIterations:
    """True from the `limit`-th time on that it is asked: the same answer on every machine."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


class AfterSeconds:
    """True once `clock()` has gone on by `seconds` since this was made."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends = clock() + seconds

    def __call__(self) -> bool:
        return self._clock() >= self._ends


def either(*stops: Stop) -> Stop:
    return lambda: any(stop() for stop in stops)
