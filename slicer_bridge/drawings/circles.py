"""Circles and inside radii of closed lines, also of those that were exported as many short straight ways."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.reading.flat_path import FlatPath, turned

Circle = tuple[float, float, float]
"""Centre x and y, and diameter, mm."""

SHARP_DEG = 35.0
"""A corner that turns further than this is a corner; one that turns less is a step of a flattened curve."""
_FEWEST_SIDES = 12
"""A polygon of fewer sides is meant: nuts have six."""
_ROUND_MM = 0.02
_NOISE_MM = 0.005
_OBTUSE_DEG = 5.0


def fitted_circle(points: NDArray[np.float64]) -> Circle | None:
    """The circle through all corners of a ring (n, 2), n without the repeated first point; None if it is none.

    Least squares after I. Kåsa, "A circle fitting procedure and its error analysis" (1976),
    doi 10.1109/TIM.1976.6312298.
    """
    if len(points) < _FEWEST_SIDES:
        return None
    middle = points.mean(axis=0)
    local = points - middle
    squares = (local**2).sum(axis=1)
    solved, _, rank, _ = np.linalg.lstsq(np.column_stack([2 * local, np.ones(len(local))]), squares, rcond=None)
    if rank < 3:
        return None
    radius = float(np.sqrt(max(solved[2] + solved[0] ** 2 + solved[1] ** 2, 0.0)))
    away = np.abs(np.linalg.norm(local - solved[:2], axis=1) - radius)
    longest = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1).max()
    if away.max() > min(_ROUND_MM, radius / 50) or longest > 2 * radius * np.sin(np.radians(SHARP_DEG / 2)):
        return None
    x, y = middle + solved[:2]
    return float(x), float(y), 2 * radius


@dataclass(frozen=True, slots=True)
class InsideCorners:
    """Where a tool that cuts along a ring turns inside: its smallest radius (None without curves), and sharp ones."""

    radius_mm: float | None
    sharp: int


def inside_corners(corners: NDArray[np.float64], *, is_hole: bool) -> InsideCorners:
    """Of a closed line, corners (n, 3) with bulges, first = last.

    Along an outer ring the tool is outside, so its notches count; in a hole every convex corner does. The radius of a
    curve that was exported as straight ways is that of the circle through three neighbouring corners.
    """
    ways = _with_material_left(corners, is_hole)
    bulge, direction = ways[:-1, 2], np.diff(ways[:, :2], axis=0)
    length = np.linalg.norm(direction, axis=1)
    heading = np.arctan2(direction[:, 1], direction[:, 0])
    half = 2.0 * np.arctan(bulge)
    turn = np.degrees(_wrapped((heading - half) - np.roll(heading + half, 1)))
    bent = (turn < -0.01) & (turn >= -SHARP_DEG) & (bulge == 0) & (np.roll(bulge, 1) == 0)
    curved = bent & (np.roll(bent, 1) | np.roll(bent, -1))
    lone = bent & ~curved & (turn < -_OBTUSE_DEG)
    chord = np.linalg.norm(ways[1:, :2] - np.roll(ways[:-1, :2], 1, axis=0), axis=1)
    radii = chord[curved] / (2.0 * np.sin(np.radians(-turn[curved])))
    arcs = bulge < 0
    of_arcs = length[arcs] * (bulge[arcs] ** 2 + 1.0) / (4.0 * -bulge[arcs])
    found = np.concatenate([radii, of_arcs])
    return InsideCorners(float(found.min()) if len(found) else None, int((turn < -SHARP_DEG).sum() + lone.sum()))


def _with_material_left(corners: NDArray[np.float64], is_hole: bool) -> NDArray[np.float64]:
    """The ring without steps too short to have a direction: counter-clockwise, a hole clockwise; first = last."""
    step = np.linalg.norm(np.diff(corners[:, :2], axis=0), axis=1)
    kept = corners[:-1][(step > _NOISE_MM) | (corners[:-1, 2] != 0)]
    ring = np.concatenate([kept, kept[:1]])
    ccw = bool(shapely.is_ccw(shapely.linearrings(FlatPath(ring, ()).points)))
    return ring if ccw != is_hole else turned(ring)


def _wrapped(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return (angle + np.pi) % (2 * np.pi) - np.pi
