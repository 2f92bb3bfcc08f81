"""Lines and arcs in place of many short chords, within a tolerance: programs get short, and machines run smoothly.

Greedy: from each corner the longest line or arc that stays within tolerance of all corners and of all chords' middles.
Corners are never moved, so neighbours meet exactly; an arc goes through its first, middle and last corner.
"""

from collections.abc import Callable
from math import pi

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.cutting.way import Point, Segment, Way
from slicer_bridge.reading.flat_path import arc_centre

Points = NDArray[np.float64]
FIT_MM = 0.003
_LARGEST_MM = 2000.0
"""Flatter arcs are lines, for all that a machine's three decimals can tell."""
_SHORTEST_MM = 0.05
"""Arcs whose ends are nearer than this: rounding would turn them."""
_MOST_RAD = 1.9 * pi
_CORNER_RAD = 0.3
_MOSTLY = 0.8
_CHORD_RAD = 1.05
"""A chord that spans more of its circle is an edge of a polygon, not a piece of an arc."""


def fitted(points: Points, *, closed: bool, tolerance_mm: float = FIT_MM, chord_mm: float | None = None) -> Way:
    """A way along points (n, 2) mm, first = last where closed; points closer than 1e-6 mm count as one.

    `chord_mm`: how far the middles of chords may lie from their arc (the flattening's error); None: the tolerance.
    """
    kept = _distinct(points)
    if closed:
        kept = _from_a_corner(kept)
    segments: list[Segment] = []
    at = 0
    while at < len(kept) - 1:
        segment, at = _longest(kept, at, tolerance_mm, tolerance_mm if chord_mm is None else chord_mm)
        segments.append(segment)
    return Way(tuple(segments), closed)


def _distinct(points: Points) -> Points:
    far = np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-6
    kept: Points = points[np.concatenate([[True], far])]
    kept[-1] = points[-1]
    return kept


def _from_a_corner(ring: Points) -> Points:
    """The ring begun at its sharpest corner, or a smooth one with its longest edge: no run is split."""
    open_ring = ring[:-1]
    into, out = open_ring - np.roll(open_ring, 1, axis=0), np.roll(open_ring, -1, axis=0) - open_ring
    bend = np.abs(np.arctan2(_cross(into, out), (into * out).sum(axis=1)))
    first = int(np.argmax(bend if bend.max() > _CORNER_RAD else (out**2).sum(axis=1)))
    turned = np.roll(open_ring, -first, axis=0)
    return np.concatenate([turned, turned[:1]])


def _longest(points: Points, at: int, tolerance: float, chord: float) -> tuple[Segment, int]:
    """The segment that begins at corner `at`, and the corner at which it ends."""
    line = _reach(points, at, at + 1, lambda run: _is_line(run, tolerance))
    if _gap(points, at, at + 1) > _MOSTLY * _gap(points, at, line):
        line = at + 1  # the rest is the beginning of a tangent arc
    arc_end, arc = at, None
    if at + 3 < len(points):
        arc_end = _reach(points, at, at + 3, lambda run: _arc(run, tolerance, chord) is not None)
        arc = _arc(points[at : arc_end + 1], tolerance, chord) if arc_end > line else None
    if arc is not None:
        return arc, arc_end
    return Segment(_point(points[at]), _point(points[line])), line


def _reach(points: Points, at: int, least: int, holds: Callable[[Points], bool]) -> int:
    """The farthest end for which `holds`: doubled while it does, then halved."""
    good, step = least, max(least - at, 1)
    bad = len(points)
    while good + step < bad:
        if not holds(points[at : good + step + 1]):
            bad = good + step
            break
        good += step
        step *= 2
    while bad - good > 1:
        middle = (good + bad) // 2
        if holds(points[at : middle + 1]):
            good = middle
        else:
            bad = middle
    return good


def _is_line(run: Points, tolerance: float) -> bool:
    along = run[-1] - run[0]
    length = float(np.hypot(*along))
    if length < 1e-9:
        return False
    ahead = (run - run[0]) @ (along / length)
    off = np.abs(_cross(along / length, run - run[0]))
    return bool(off.max() <= tolerance and np.all(np.diff(ahead) > 0))


def _arc(run: Points, tolerance: float, chord: float) -> Segment | None:
    """The arc through first, middle and last corner, if it is one within tolerance."""
    centre = _centre(run[0], run[len(run) // 2], run[-1])
    if centre is None:
        return None
    spokes = run - centre
    far = np.hypot(spokes[:, 0], spokes[:, 1])
    radius = float(far[0])
    if radius > _LARGEST_MM or float(np.hypot(*(run[-1] - run[0]))) < _SHORTEST_MM:
        return None
    middles = (run[1:] + run[:-1]) / 2 - centre
    off, sag = np.abs(far - radius).max(), np.abs(np.hypot(middles[:, 0], middles[:, 1]) - radius).max()
    turns = np.arctan2(_cross(spokes[:-1], spokes[1:]), (spokes[:-1] * spokes[1:]).sum(axis=1))
    one_way = bool(np.all(turns > 0) or np.all(turns < 0))
    if off > tolerance or sag > chord or not one_way:
        return None
    if abs(turns.sum()) > _MOST_RAD or np.abs(turns).max() > _CHORD_RAD:
        return None
    return Segment(_point(run[0]), _point(run[-1]), _point(centre), bool(turns[0] < 0))


def _centre(a: Points, b: Points, c: Points) -> Points | None:
    """Of the circle through three points; None if they are in line."""
    ab, ac = b - a, c - a
    area = 2.0 * float(_cross(ab, ac))
    if abs(area) < 1e-12:
        return None
    squares = np.array([float(ab @ ab), float(ac @ ac)])
    x = (ac[1] * squares[0] - ab[1] * squares[1]) / area
    y = (ab[0] * squares[1] - ac[0] * squares[0]) / area
    found: Points = a + np.array([x, y])
    return found


def exact(corners: Points, *, closed: bool, chord_mm: float) -> Way:
    """A way along a drawing's corners (n, 3), with bulges: its arcs as they are, its runs of short chords fitted."""
    segments: list[Segment] = []
    at = 0
    while at < len(corners) - 1:
        end = at + 1
        if corners[at, 2]:
            segments += _bulged(corners[at], corners[end])
        else:
            while end < len(corners) - 1 and not corners[end, 2]:
                end += 1
            run = corners[at : end + 1, :2]
            segments += fitted(run, closed=closed and at == 0 and end == len(corners) - 1, chord_mm=chord_mm).segments
        at = end
    return Way(tuple(segments), closed)


def _bulged(start: Points, end: Points) -> list[Segment]:
    """The arc between two corners; a long one in two, so that none is nearly a full turn."""
    x, y, _ = arc_centre(start, end)
    arc = Segment(_point(start), _point(end), (x, y), bool(start[2] < 0))
    return [arc.part(0.0, 0.5), arc.part(0.5, 1.0)] if abs(arc.turn) > pi else [arc]


def _cross(a: Points, b: Points) -> Points:
    """z of the cross product of vectors (..., 2)."""
    product: Points = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def _gap(points: Points, one: int, other: int) -> float:
    return float(np.hypot(*(points[other] - points[one])))


def _point(values: Points) -> Point:
    return (float(values[0]), float(values[1]))
