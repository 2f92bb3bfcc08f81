"""One line of a drawing: straight ways and arcs, exact, and as a polyline."""

from dataclasses import dataclass, field
from itertools import pairwise
from math import acos, atan, atan2, ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray

JOIN_MM = 0.05
"""Ends closer than this meet: exports round their coordinates."""
FLATTEN_MM = 0.01
"""A polyline leaves its arc by no more than this."""
_SAME_MM = 1e-9
_AXIS_RAD = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class FlatPath:
    """One entity, or several joined; `handles` name the entities it came from.

    `corners` (n, 3), n >= 2: x mm, y mm, and the bulge of the way to the next corner, as in DXF: the tangent of a
    quarter of the arc's angle, positive counter-clockwise, 0 for a straight way. The last bulge means nothing.
    """

    corners: NDArray[np.float64]
    handles: tuple[str, ...]
    layer: str = ""
    points: NDArray[np.float64] = field(init=False)
    """(m, 2) mm: the arcs flattened to `FLATTEN_MM`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _flattened(self.corners))

    @property
    def closed(self) -> bool:
        return len(self.points) > 2 and bool(np.linalg.norm(self.points[0] - self.points[-1]) <= JOIN_MM)

    @property
    def turned(self) -> "FlatPath":
        """The same line from its end to its start."""
        return FlatPath(turned(self.corners), self.handles, self.layer)

    def moved(self, by: NDArray[np.float64]) -> "FlatPath":
        return FlatPath(self.corners + np.append(by, 0.0), self.handles, self.layer)


def turned(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (n, 3) in the other direction."""
    bulges = np.append(-corners[-2::-1, 2], 0.0)
    return np.column_stack([corners[::-1, :2], bulges])


def straight(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (n, 3) of a polyline (n, 2)."""
    return np.column_stack([points, np.zeros(len(points))])


def circle_corners(x: float, y: float, radius: float) -> NDArray[np.float64]:
    """Counter-clockwise, two half circles."""
    return np.array([(x + radius, y, 1.0), (x - radius, y, 1.0), (x + radius, y, 0.0)])


def without_standstill(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners that are each away from the one before."""
    step = np.linalg.norm(np.diff(corners[:, :2], axis=0), axis=1)
    return corners[np.concatenate([step > _SAME_MM, [True]])] if len(corners) > 1 else corners


def arc_centre(start: NDArray[np.float64], end: NDArray[np.float64]) -> tuple[float, float, float]:
    """Centre x and y, and radius, of the arc from corner `start` (3,), which has a bulge, to corner `end`."""
    bulge = float(start[2])
    chord_x, chord_y = float(end[0] - start[0]), float(end[1] - start[1])
    height = (1.0 / bulge - bulge) / 4.0
    x = float(start[0] + end[0]) / 2.0 - chord_y * height
    y = float(start[1] + end[1]) / 2.0 + chord_x * height
    return x, y, sqrt(chord_x**2 + chord_y**2) * (bulge * bulge + 1.0) / (4.0 * abs(bulge))


def length_mm(corners: NDArray[np.float64]) -> float:
    """Along corners (n, 3), arcs exact."""
    chord = np.linalg.norm(np.diff(corners[:, :2], axis=0), axis=1)
    quarter = np.arctan(np.abs(corners[:-1, 2]))
    curved = quarter > 1e-9
    chord[curved] *= 2.0 * quarter[curved] / np.sin(2.0 * quarter[curved])
    return float(chord.sum())


def enclosed_mm2(corners: NDArray[np.float64]) -> float:
    """Area within closed corners (n, 3), first = last, arcs exact."""
    local = corners[:, :2] - corners[0, :2]
    straight_part = (local[:-1, 0] * local[1:, 1] - local[1:, 0] * local[:-1, 1]).sum() / 2.0
    sweep = 4.0 * np.arctan(corners[:-1, 2])
    curved = np.abs(sweep) > 1e-9
    chord = np.linalg.norm(np.diff(local, axis=0), axis=1)[curved]
    radius = chord / (2.0 * np.abs(np.sin(sweep[curved] / 2.0)))
    return float(abs(straight_part + (radius**2 * (sweep[curved] - np.sin(sweep[curved]))).sum() / 2.0))


def _flattened(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 2): the corners, and points on the arcs between them."""
    arcs = np.flatnonzero(corners[:-1, 2])
    if not len(arcs):
        return corners[:, :2]
    pieces, done = [], 0
    for at in arcs.tolist():
        pieces += [corners[done : at + 1, :2], _arc_points(corners[at], corners[at + 1])]
        done = at + 1
    return np.concatenate([*pieces, corners[done:, :2]])


def _arc_points(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (k, 2) on the arc, without its ends."""
    x, y, radius = arc_centre(start, end)
    sweep = 4.0 * atan(float(start[2]))
    widest = 2.0 * acos(max(1.0 - FLATTEN_MM / radius, 0.0)) if radius > FLATTEN_MM else pi / 2
    begin = atan2(start[1] - y, start[0] - x)
    angles = _angles(begin, begin + sweep, min(widest, pi / 8))
    return np.column_stack([x + radius * np.cos(angles), y + radius * np.sin(angles)])


def _angles(begin: float, end: float, widest: float) -> NDArray[np.float64]:
    """Angles (k,) between two, no further apart than `widest`; the axes among them, so that the bounds are exact."""
    low, high = min(begin, end), max(begin, end)
    quarters = np.arange(ceil(low / (pi / 2)), high / (pi / 2)) * (pi / 2)
    marks = [low, *quarters[(quarters - low > _AXIS_RAD) & (high - quarters > _AXIS_RAD)], high]
    pieces = [np.linspace(one, other, max(ceil((other - one) / widest), 1) + 1)[1:] for one, other in pairwise(marks)]
    inner: NDArray[np.float64] = np.concatenate(pieces)[:-1]
    return inner if begin < end else inner[::-1]
