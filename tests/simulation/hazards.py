"""Processes die between any two of their steps: each step that matters passes a point, and a kill waits for one."""

from collections import Counter
from dataclasses import dataclass, field


class Killed(BaseException):
    """The process is gone, in the middle of what it did; no `except Exception` brings it back."""

    def __init__(self, process: str, point: str) -> None:
        super().__init__(f"{process} at {point}")
        self.process = process
        self.point = point


@dataclass(slots=True)
class Hazards:
    """`waiting`: process → points that it still passes before it dies."""

    waiting: dict[str, int] = field(default_factory=dict)
    hit: Counter[str] = field(default_factory=Counter)

    def arm(self, process: str, passes: int) -> None:
        self.waiting[process] = passes

    def point(self, process: str, name: str) -> None:
        """Raises Killed where the process's time has come."""
        if process not in self.waiting:
            return
        if self.waiting[process] > 0:
            self.waiting[process] -= 1
            return
        del self.waiting[process]
        self.hit[name] += 1
        raise Killed(process, name)
