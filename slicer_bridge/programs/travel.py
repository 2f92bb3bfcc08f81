"""Where a program's moves may go, and where they went."""

from dataclasses import dataclass, field
from math import inf, sqrt

from slicer_bridge.programs.limits import MachineLimits

SLACK_MM = 1e-3
"""Programs round to three decimals."""
STEEP = 0.866
"""Moves that climb or fall by more of their length than this (60°) are moves of Z: its own limit is theirs."""
_AXES = "XYZ"


class Refused(Exception):
    """A line may not reach the machine; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Corners of all that was reached, machine coordinates, mm; of a router without offset: work coordinates."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(slots=True)
class Travel:
    """Keeps positions inside an envelope and sums up distance and time.

    `offset` is added to get machine coordinates. With `fixed` False it is not known yet: then positions may lie
    anywhere as long as all together they are no wider than the envelope.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    fixed: bool = True
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    reached_low: list[float] = field(default_factory=lambda: [inf, inf, inf])
    reached_high: list[float] = field(default_factory=lambda: [-inf, -inf, -inf])
    seconds: float = 0.0

    def visit(self, axis: int, value: float) -> None:
        """Note one coordinate (work). Raises Refused if it is out of reach."""
        at = value + self.offset[axis]
        if self.fixed and not self.low[axis] - SLACK_MM <= at <= self.high[axis] + SLACK_MM:
            beyond = self.low[axis] - at if at < self.low[axis] else at - self.high[axis]
            raise Refused(
                f"{_AXES[axis]} {at:.3f} is {beyond:.3f} mm outside the machine's "
                f"{self.low[axis]:g} to {self.high[axis]:g}"
            )
        low, high = min(self.reached_low[axis], at), max(self.reached_high[axis], at)
        room = self.high[axis] - self.low[axis]
        if not self.fixed and high - low > room + SLACK_MM:
            raise Refused(f"{_AXES[axis]} spans {high - low:.3f} mm by here; the machine has {room:g} mm")
        self.reached_low[axis], self.reached_high[axis] = low, high

    def spend(self, before: list[float | None], after: list[float | None], feed_mm_s: float) -> None:
        """Add the time of a straight move; axes of unknown start add nothing."""
        pairs = zip(before, after, strict=True)
        square = sum((b - a) ** 2 for a, b in pairs if a is not None and b is not None)
        self.seconds += sqrt(square) / feed_mm_s

    def bounds(self) -> Bounds | None:
        """None if nothing moved on some axis."""
        if inf in self.reached_low:
            return None
        (a, b, c), (d, e, f) = self.reached_low, self.reached_high
        return Bounds((a, b, c), (d, e, f))


def travel_of(limits: MachineLimits, offset: tuple[float, float, float] | None, *, fixed: bool) -> Travel:
    box = limits.envelope_mm
    low, high = (box.x[0], box.y[0], box.z[0]), (box.x[1], box.y[1], box.z[1])
    return Travel(low, high, fixed=fixed, offset=offset or (0.0, 0.0, 0.0))
