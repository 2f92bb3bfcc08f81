"""At which angles a polygon fits a rectangle: exact, from its rotating hull.

Between two angles at which an edge of the hull lies along an axis, the same corners bound the polygon, so width and
depth are sinusoids of the angle: where they cross the limits, and where both exceed them equally, has a closed form.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from broker.scheduling.shapes import Floats

FIT_TOLERANCE_MM = 1e-6
"""Rounding of a rotated corner, far below any machine's accuracy."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A polygon at one angle: its width, depth, and by how much the worse of both exceeds the limit (<= 0: fits)."""

    angle_deg: float
    width_mm: float
    depth_mm: float
    excess_mm: float


def turned(outline: Floats, angle_deg: float) -> Floats:
    """`outline[k, 2]` turned counter-clockwise about the origin; quarter turns are exact."""
    quarters, rest = divmod(angle_deg, 90.0)
    cos, sin = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    if rest:
        cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    result: Floats = outline @ np.array([[cos, sin], [-sin, cos]])
    return result


def fitting_intervals(outline: Floats, width_mm: float, depth_mm: float) -> tuple[tuple[float, float], ...]:
    """Closed intervals of degrees in 0 to 180 at which `outline[k, 2]` fits width × depth; a turn by 180 fits alike."""
    hull = _hull(outline)
    angles = _critical_angles(hull, width_mm, depth_mm)
    at_fits = _excess(hull, angles, width_mm, depth_mm) <= FIT_TOLERANCE_MM
    between = _excess(hull, (angles[:-1] + angles[1:]) / 2, width_mm, depth_mm) <= FIT_TOLERANCE_MM
    degrees = np.degrees(angles)
    intervals: list[tuple[float, float]] = []
    for k in np.flatnonzero(at_fits):
        joined = k > 0 and between[k - 1] and intervals and intervals[-1][1] == degrees[k - 1]
        low = intervals.pop()[0] if joined else float(degrees[k])
        intervals.append((low, float(degrees[k])))
    return tuple(intervals)


def closest_turn(outline: Floats, width_mm: float, depth_mm: float) -> Turn:
    """The angle at which `outline[k, 2]` comes closest to fitting width × depth (or fits with most room)."""
    hull = _hull(outline)
    angles = _critical_angles(hull, width_mm, depth_mm)
    excess = _excess(hull, angles, width_mm, depth_mm)
    best = int(np.argmin(excess))
    size = _extents(hull, angles[best : best + 1])[0]
    return Turn(float(np.degrees(angles[best])), float(size[0]), float(size[1]), float(excess[best]))


def _hull(outline: Floats) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.MultiPoint(outline).convex_hull)[:-1], dtype=np.float64)


def _extents(hull: Floats, angles: Floats) -> Floats:
    """[n, 2] width and depth of the hull at each of `angles[n]`, radians."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    across = hull[:, 0] * cos - hull[:, 1] * sin
    along = hull[:, 0] * sin + hull[:, 1] * cos
    return np.stack([np.ptp(across, axis=1), np.ptp(along, axis=1)], axis=1)


def _excess(hull: Floats, angles: Floats, width_mm: float, depth_mm: float) -> Floats:
    result: Floats = (_extents(hull, angles) - (width_mm, depth_mm)).max(axis=1)
    return result


def _critical_angles(hull: Floats, width_mm: float, depth_mm: float) -> Floats:
    """Sorted radians in 0 to π at which the answer can change: edges along an axis, limits met, equal excess."""
    edges = np.roll(hull, -1, axis=0) - hull
    quarter = np.mod(-np.arctan2(edges[:, 1], edges[:, 0]), np.pi / 2)
    breaks = np.unique(np.concatenate([[0.0, np.pi / 2, np.pi], quarter, quarter + np.pi / 2]))
    middle = (breaks[:-1] + breaks[1:]) / 2
    cos, sin = np.cos(middle)[:, None], np.sin(middle)[:, None]
    across = hull[:, 0] * cos - hull[:, 1] * sin
    along = hull[:, 0] * sin + hull[:, 1] * cos
    wide = hull[across.argmax(axis=1)] - hull[across.argmin(axis=1)]
    deep = hull[along.argmax(axis=1)] - hull[along.argmin(axis=1)]
    # width = wide_x cos − wide_y sin, depth = deep_y cos + deep_x sin
    found = [
        _meets(wide[:, 0], -wide[:, 1], width_mm),
        _meets(deep[:, 1], deep[:, 0], depth_mm),
        _meets(wide[:, 0] - deep[:, 1], -wide[:, 1] - deep[:, 0], width_mm - depth_mm),
    ]
    roots = np.concatenate(found, axis=1)
    inside = (roots > breaks[:-1, None]) & (roots < breaks[1:, None])
    return np.unique(np.concatenate([breaks, roots[inside]]))


def _meets(cos_part: Floats, sin_part: Floats, value: float) -> Floats:
    """[n, 2] angles in 0 to 2π where cos_part cos + sin_part sin = value; NaN where never."""
    radius = np.hypot(cos_part, sin_part)
    ratio = np.divide(value, radius, out=np.full_like(radius, 2.0), where=radius > 0)
    spread = np.arccos(np.where(np.abs(ratio) <= 1, ratio, np.nan))
    phase = np.arctan2(sin_part, cos_part)
    angles: Floats = np.mod(np.stack([phase - spread, phase + spread], axis=1), 2 * np.pi)
    return angles
