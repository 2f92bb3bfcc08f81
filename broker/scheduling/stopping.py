"""When a search ends. Clocks are handed in: the scheduling core reads none."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

Stop = Callable[[], bool]
"""Asked again and again between stretches of work; once true, the best so far is the answer."""


@runtime_checkable
class Budget(Protocol):
    """What a `Stop` may offer besides: a search that cools down over its budget does better than one that can't."""

    def __call__(self) -> bool: ...

    def share(self) -> float | None:
        """How much of it is used, 0 to 1; None where nobody knows."""
        ...


def share(stop: Stop) -> float | None:
    """How much of the stop's budget is used; None where it doesn't say."""
    return stop.share() if isinstance(stop, Budget) else None


class AfterIterations:
    """True from the `limit`-th time on that it is asked: the same answer on every machine."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0

    def share(self) -> float:
        return min(1.0 - self._left / self._limit, 1.0) if self._limit > 0 else 1.0


class AfterSeconds:
    """True once `clock()` has gone on by `seconds` since this was made."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends = clock() + seconds

    def __call__(self) -> bool:
        return self._clock() >= self._ends

    def share(self) -> float:
        left = self._ends - self._clock()
        return min(max(1.0 - left / self._seconds, 0.0), 1.0) if self._seconds > 0 else 1.0


class _Either:
    def __init__(self, stops: tuple[Stop, ...]) -> None:
        self._stops = stops

    def __call__(self) -> bool:
        return any(stop() for stop in self._stops)

    def share(self) -> float | None:
        return max((used for stop in self._stops if (used := share(stop)) is not None), default=None)


def either(*stops: Stop) -> Stop:
    """True once one of them is; the share of its budget is the largest of theirs."""
    return _Either(stops)
