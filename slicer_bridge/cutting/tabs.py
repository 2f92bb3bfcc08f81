"""Bridges that hold a piece in its sheet until somebody cuts them: where along its way the cutter stays higher."""

from dataclasses import dataclass

from slicer_bridge.cutting.way import Way

_BORDER = 0.2
"""No more of the border than this is held, in all."""
_SLOPE = 2.0
"""Way along a ramp for each mm up."""
_STRAIGHT_DIAMETERS = 4.0
"""Radius of bends, in diameters of the cutter, on which a tab may stand."""


@dataclass(frozen=True, slots=True)
class Tabs:
    """How pieces are held."""

    every_mm: float = 120.0
    least: int = 2
    most: int = 8
    width_mm: float = 3.0
    """Of what is left standing, along the border."""
    height_mm: float = 1.0
    """At most half of the sheet."""
    ramped: bool = False
    """Up and down a slope, not a step: machines don't stop at each."""
    smallest_mm: float = 25.0
    """Shorter ways get none: the piece is no larger than its tabs."""


@dataclass(frozen=True, slots=True)
class Held:
    """From distance `begin` to `end` along the way the cutter stays above the line from `low` to `high`, mm."""

    begin: float
    end: float
    low: float
    high: float

    def height(self, s: float) -> float:
        return self.low + (self.high - self.low) * (s - self.begin) / (self.end - self.begin)


def held(way: Way, tabs: Tabs, diameter: float, thickness_mm: float, deepest: float) -> list[Held]:
    """Tabs along a closed way, first to last; `deepest` is the Z of the last pass.

    They stand evenly, each moved to the next straight stretch; where none is near, it stays where it is.
    """
    if way.length < tabs.smallest_mm or tabs.most < 1:
        return []
    count = min(max(round(way.length / tabs.every_mm), tabs.least), tabs.most)
    width = min(tabs.width_mm + diameter, _BORDER * way.length / count + diameter, way.length / (2 * count))
    floor = min(tabs.height_mm, thickness_mm / 2) - thickness_mm
    found: list[Held] = []
    for middle in _middles(way, count, width, diameter):
        begin, end = middle - width / 2, middle + width / 2
        if tabs.ramped:
            slope = min(_SLOPE * (floor - deepest), (way.length / count - width) / 2)
            found += [Held(begin - slope, begin, deepest, floor), Held(end, end + slope, floor, deepest)]
        found.append(Held(begin, end, floor, floor))
    return found


def _middles(way: Way, count: int, width: float, diameter: float) -> list[float]:
    share = way.length / count
    calm = _calm(way, width, diameter)
    found = []
    for number in range(count):
        wish = (number + 0.5) * share
        near = [min(max(wish, low), high) for low, high in calm if low <= high]
        reachable = [s for s in near if abs(s - wish) <= (share - width) / 2]
        found.append(min(reachable, key=lambda s: abs(s - wish), default=wish))
    return found


def _calm(way: Way, width: float, diameter: float) -> list[tuple[float, float]]:
    """Where the middle of a tab may be, so that all of it is on one straight line or wide bend."""
    return [
        (float(way.marks[number]) + width / 2, float(way.marks[number + 1]) - width / 2)
        for number, segment in enumerate(way.segments)
        if segment.centre is None or segment.radius >= _STRAIGHT_DIAMETERS * diameter
    ]
