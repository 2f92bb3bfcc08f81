"""One closed path of the cutter's centre, cut in ramped passes with holding tabs; and GRBL lines from moves."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot, inf

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.cutting.feeds import CutTool

RAMP_DIAMETERS = 4.0
TAB_EVERY_MM = 120.0
TAB_WIDTH_MM = 3.0
TAB_HEIGHT_MM = 1.0
_TABS = (2, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """Points (n, 2) mm of the cutter's centre, first = last. A ring of one point twice is a plain hole."""

    points: NDArray[np.float64]
    tabs: bool

    @property
    def length_mm(self) -> float:
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True)
class Step:
    """A cutting move to (x, y, z), mm."""

    x: float
    y: float
    z: float
    plunge: bool = False


def passes(depth_mm: float, tool: CutTool) -> list[float]:
    """Depths of the passes, equal steps, the last one `depth_mm`."""
    count = max(1, ceil(depth_mm / tool.pass_mm - 1e-9))
    return [depth_mm * (number + 1) / count for number in range(count)]


def cut_ring(ring: Ring, tool: CutTool, thickness_mm: float, through_mm: float) -> list[Step]:
    """Moves that cut the ring, from its first point at Z 0 down to `thickness_mm + through_mm`.

    Each pass ramps down along the path, and goes on until the ramp is cut flat; at tabs it rises over them.
    """
    depths = passes(thickness_mm + through_mm, tool)
    x, y = (float(value) for value in ring.points[0])
    if ring.length_mm < 0.1:
        return [step for z in depths for step in (Step(x, y, -z, plunge=True), Step(x, y, 0.0, plunge=True))]
    path = _Path(ring.points)
    ramp = min(RAMP_DIAMETERS * tool.diameter_mm, path.length)
    holding = _Tabs(_tabs(path.length, tool) if ring.tabs else [], path.length, _floor(thickness_mm))
    steps: list[Step] = []
    at, before = 0.0, 0.0
    for depth in depths:
        steps += _stretch(path, holding, (at, at + ramp), (before, -depth))
        steps += _stretch(path, holding, (at + ramp, at + ramp + path.length), (-depth, -depth))
        at, before = at + ramp, -depth
    return steps


def _floor(thickness_mm: float) -> float:
    """Z of the tabs' upper side."""
    return min(TAB_HEIGHT_MM, thickness_mm / 2) - thickness_mm


@dataclass(frozen=True, slots=True)
class _Tabs:
    """Where along a path of `length` the cutter stays at or above `floor`."""

    ranges: list[tuple[float, float]]
    length: float
    floor: float

    def height(self, s: float, z: float) -> float:
        along = s % self.length
        return max(z, self.floor) if any(low <= along <= high for low, high in self.ranges) else z

    def edges(self, start: float, end: float) -> list[float]:
        laps = range(int(start // self.length), int(end // self.length) + 1)
        every = (edge + lap * self.length for pair in self.ranges for edge in pair for lap in laps)
        return sorted(edge for edge in every if start < edge < end)


def _stretch(path: "_Path", tabs: _Tabs, span: tuple[float, float], depth: tuple[float, float]) -> list[Step]:
    """Along the path from Z `depth[0]` to `depth[1]`, straight up before a tab and straight down behind it."""
    (start, end), (above, below) = span, depth
    steps: list[Step] = []
    for low, high in pairwise([start, *tabs.edges(start, end), end]):
        held = tabs.height((low + high) / 2, -inf) > -inf
        for s in (low, *path.stations(low, high)):
            z = above + (below - above) * (s - start) / (end - start)
            steps.append(Step(*path.point(s), max(z, tabs.floor) if held else z, plunge=s == low))
    return steps


def _tabs(length: float, tool: CutTool) -> list[tuple[float, float]]:
    """Where along the path the cutter rises: start and end of each, mm from the first point."""
    count = min(max(round(length / TAB_EVERY_MM), _TABS[0]), _TABS[1])
    width = min(TAB_WIDTH_MM + tool.diameter_mm, length / (3 * count))
    middles = [(number + 0.5) * length / count for number in range(count)]
    return [(middle - width / 2, middle + width / 2) for middle in middles]


class _Path:
    """A closed polyline by distance along it; distances beyond its length go round again."""

    def __init__(self, points: NDArray[np.float64]) -> None:
        self._points = points
        self._at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        self.length = float(self._at[-1])

    def point(self, s: float) -> tuple[float, float]:
        along = s % self.length
        return (
            float(np.interp(along, self._at, self._points[:, 0])),
            float(np.interp(along, self._at, self._points[:, 1])),
        )

    def stations(self, start: float, end: float) -> list[float]:
        """Distances of the corners after `start` and before `end`, then `end`."""
        laps = range(int(start // self.length), int(end // self.length) + 1)
        corners = [float(at) + lap * self.length for lap in laps for at in self._at[1:]]
        return [*(s for s in corners if start + 1e-6 < s < end - 1e-6), end]


@dataclass(slots=True)
class GrblWriter:
    """Collects lines with only the coordinates that change; sums up lengths and times."""

    tool: CutTool
    safe_mm: float
    lines: list[str]
    cut_mm: float = 0.0
    seconds: float = 0.0
    _x: float | None = None
    _y: float | None = None
    _z: float | None = None
    _feed: float = 0.0

    def rapid(self, x: float, y: float) -> None:
        """Up to the safe height, then across."""
        self.lift()
        if self._x is not None and self._y is not None:
            self.seconds += hypot(x - self._x, y - self._y) / self.tool.rapid_mm_s
        self._write("G0", x, y, self.safe_mm, None)

    def lift(self) -> None:
        self.seconds += abs(self.safe_mm - (self._z or 0.0)) / self.tool.rapid_mm_s
        if self._z != self.safe_mm:
            self.lines.append(f"G0 Z{_text(self.safe_mm)}")
            self._z = self.safe_mm

    def cut(self, step: Step) -> None:
        """A straight cut; a move of Z alone goes at the plunge's speed."""
        x, y, z = self._x or 0.0, self._y or 0.0, self._z or 0.0
        length = ((step.x - x) ** 2 + (step.y - y) ** 2 + (step.z - z) ** 2) ** 0.5
        if length < 1e-6:
            return
        feed = self.tool.plunge_mm_s if step.plunge else self.tool.feed_mm_s
        self.cut_mm += length
        self.seconds += length / feed
        self._write("G1", step.x, step.y, step.z, feed)

    def _write(self, motion: str, x: float, y: float, z: float, feed: float | None) -> None:
        words = [motion]
        for letter, value, old in (("X", x, self._x), ("Y", y, self._y), ("Z", z, self._z)):
            if old is None or _text(value) != _text(old):
                words.append(f"{letter}{_text(value)}")
        if feed is not None and feed != self._feed:
            words.append(f"F{feed * 60:.0f}")
            self._feed = feed
        self._x, self._y, self._z = x, y, z
        if len(words) > 1:
            self.lines.append(" ".join(words))


def _text(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
