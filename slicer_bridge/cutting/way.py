"""Ways of the cutter's centre: straight lines and arcs, known by the distance along them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import acos, atan2, ceil, cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.plates.plate import Placement, placed

Point = tuple[float, float]
FLAT_MM = 0.0005
"""Chords of flattened arcs stay this close to them."""
_SAME_MM = 1e-6


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` to `end`, mm: straight, or round `centre` by less than a full turn."""

    start: Point
    end: Point
    centre: Point | None = None
    clockwise: bool = False

    @property
    def radius(self) -> float:
        """0 for a straight one."""
        return 0.0 if self.centre is None else gap(self.centre, self.start)

    @property
    def turn(self) -> float:
        """Radians, positive counter-clockwise; 0 for a straight one."""
        if self.centre is None:
            return 0.0
        (cx, cy), (ax, ay), (bx, by) = self.centre, self.start, self.end
        angle = (atan2(by - cy, bx - cx) - atan2(ay - cy, ax - cx)) % (2 * pi)
        return angle - 2 * pi if self.clockwise else angle

    @property
    def length(self) -> float:
        return abs(self.turn) * self.radius if self.centre else gap(self.start, self.end)

    def at(self, share: float) -> Point:
        """The point at this share of the way, 0 to 1."""
        if share <= 0.0 or share >= 1.0:
            return self.start if share <= 0.0 else self.end
        if self.centre is None:
            (ax, ay), (bx, by) = self.start, self.end
            return (ax + (bx - ax) * share, ay + (by - ay) * share)
        (cx, cy), radius = self.centre, self.radius
        angle = atan2(self.start[1] - cy, self.start[0] - cx) + self.turn * share
        return (cx + radius * cos(angle), cy + radius * sin(angle))

    def heading(self, share: float) -> Point:
        """Direction of the way there, of length 1."""
        if self.centre is None:
            length = gap(self.start, self.end) or 1.0
            return ((self.end[0] - self.start[0]) / length, (self.end[1] - self.start[1]) / length)
        (x, y), (cx, cy), side = self.at(share), self.centre, -1.0 if self.clockwise else 1.0
        return (-(y - cy) * side / self.radius, (x - cx) * side / self.radius)

    def part(self, begin: float, end: float) -> "Segment":
        """From share `begin` to share `end`."""
        return Segment(self.at(begin), self.at(end), self.centre, self.clockwise)

    def back(self) -> "Segment":
        return Segment(self.end, self.start, self.centre, not self.clockwise)

    def flat(self, tolerance_mm: float = FLAT_MM) -> list[Point]:
        """Corners of its chords, without the start."""
        if self.centre is None:
            return [self.end]
        widest = 2 * acos(max(1 - tolerance_mm / max(self.radius, 2 * tolerance_mm), 0.0))
        steps = max(1, ceil(abs(self.turn) / widest))
        return [self.at(step / steps) for step in range(1, steps + 1)]


@dataclass(frozen=True)
class Way:
    """Segments end to end; `closed`: the last ends where the first starts."""

    segments: tuple[Segment, ...]
    closed: bool

    @cached_property
    def marks(self) -> NDArray[np.float64]:
        """Distance at which each segment starts, and the length: (n + 1,) mm."""
        return np.concatenate([[0.0], np.cumsum([segment.length for segment in self.segments])])

    @property
    def length(self) -> float:
        return float(self.marks[-1])

    @property
    def start(self) -> Point:
        return self.segments[0].start

    @property
    def end(self) -> Point:
        return self.segments[-1].end

    def at(self, s: float) -> Point:
        segment, share = self._where(s)
        return segment.at(share)

    def heading(self, s: float) -> Point:
        segment, share = self._where(s)
        return segment.heading(share)

    def _where(self, s: float) -> tuple[Segment, float]:
        along = s % self.length if self.closed else min(max(s, 0.0), self.length)
        number = min(max(int(np.searchsorted(self.marks, along, side="right")) - 1, 0), len(self.segments) - 1)
        segment = self.segments[number]
        return segment, (along - float(self.marks[number])) / max(segment.length, _SAME_MM)

    def part(self, begin: float, end: float) -> list[Segment]:
        """The segments from distance `begin` to `end`; on a closed way they may go round again."""
        laps = range(int(begin // self.length), int(end // self.length) + 1) if self.closed else range(1)
        found = []
        for lap in laps:
            for number, segment in enumerate(self.segments):
                low = float(self.marks[number]) + lap * self.length
                long = float(self.marks[number + 1]) - float(self.marks[number])
                first, last = max(begin, low), min(end, low + long)
                if last - first > _SAME_MM:
                    whole = first == low and last == low + long
                    found.append(segment if whole else segment.part((first - low) / long, (last - low) / long))
        return found

    def starting_at(self, s: float) -> "Way":
        """The same closed way, begun elsewhere."""
        return Way(tuple(self.part(s, s + self.length)), True)

    def back(self) -> "Way":
        return Way(tuple(segment.back() for segment in reversed(self.segments)), self.closed)

    def flat(self, tolerance_mm: float = FLAT_MM) -> NDArray[np.float64]:
        """Corners (n, 2) mm of its chords."""
        return np.array([self.start, *(point for segment in self.segments for point in segment.flat(tolerance_mm))])


def circle_way(centre: Point, radius: float, *, clockwise: bool) -> Way:
    """In two halves: firmwares take an arc to its own start for a full circle, or for none."""
    right, left = (centre[0] + radius, centre[1]), (centre[0] - radius, centre[1])
    return Way((Segment(right, left, centre, clockwise), Segment(left, right, centre, clockwise)), True)


def gap(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def moved(segments: Iterable[Segment], placement: Placement) -> tuple[Segment, ...]:
    """Turned and moved as the plate says."""
    return tuple(
        Segment(
            moved_point(one.start, placement),
            moved_point(one.end, placement),
            None if one.centre is None else moved_point(one.centre, placement),
            one.clockwise,
        )
        for one in segments
    )


def moved_point(point: Point, placement: Placement) -> Point:
    x, y = placed(np.array(point), placement).tolist()
    return (x, y)
