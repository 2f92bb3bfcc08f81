"""Shapes of SVG as lines in mm: straight ways and circles exact, other curves flattened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, pi, sqrt

import numpy as np
import svgelements
from numpy.typing import NDArray

from slicer_bridge.reading.flat_path import FLATTEN_MM
from slicer_bridge.reading.svg_tree import Node
from slicer_bridge.reading.svg_values import Matrix, in_px, numbers

Point = tuple[float, float]
Points = NDArray[np.float64]
_MOST_STEPS = 20_000
_ROUND = 1e-6


@dataclass(frozen=True, slots=True)
class Curve:
    """A straight way or a Bézier curve: its control points after the start, one to three."""

    controls: tuple[Point, ...]

    def corners(self, start: Points, matrix: Matrix) -> Points:
        controls = _moved(self.controls, matrix)
        if len(controls) == 1:
            return np.column_stack([controls, [0.0]])
        points = np.concatenate([start[None, :2], controls])
        # Every second difference bounds how far the curve leaves its chords (Wang's formula for cubics).
        bend = np.linalg.norm(np.diff(points, n=2, axis=0), axis=1).max()
        degree = len(points) - 1
        steps = min(max(ceil(sqrt(degree * (degree - 1) * bend / (8 * FLATTEN_MM))), 4), _MOST_STEPS)
        t = np.linspace(0.0, 1.0, steps + 1)[1:, None]
        row = list(points)
        while len(row) > 1:  # de Casteljau, all steps at once
            row = [(1 - t) * one + t * other for one, other in pairwise(row)]
        return np.column_stack([row[0], np.zeros(steps)])


@dataclass(frozen=True, slots=True)
class EllipseArc:
    """From angle `begin` over `sweep` (rad) on centre + cos · (ux, uy) + sin · (vx, vy)."""

    centre: Point
    u: Point
    v: Point
    begin: float
    sweep: float

    def corners(self, start: Points, matrix: Matrix) -> Points:
        (centre,) = _moved((self.centre,), matrix)
        u, v = matrix[:2, :2] @ self.u, matrix[:2, :2] @ self.v
        long, short = float(np.linalg.norm(u)), float(np.linalg.norm(v))
        is_round = abs(long - short) <= _ROUND * long and abs(float(u @ v)) <= _ROUND * long * long
        steps = ceil(abs(self.sweep) / pi - 1e-9) if is_round else self._steps(max(long, short))
        angles = self.begin + self.sweep * np.arange(1, steps + 1) / steps
        points = centre + np.outer(np.cos(angles), u) + np.outer(np.sin(angles), v)
        turn = np.sign(u[0] * v[1] - u[1] * v[0]) if is_round else 0.0
        start[2] = bulge = turn * np.tan(self.sweep / steps / 4)
        return np.column_stack([points, np.append(np.full(steps - 1, bulge), 0.0)])

    def _steps(self, radius: float) -> int:
        return min(max(ceil(abs(self.sweep) / sqrt(8 * FLATTEN_MM / max(radius, FLATTEN_MM))), 4), _MOST_STEPS)


@dataclass(slots=True)
class Subpath:
    start: Point
    pieces: list[Curve | EllipseArc] = field(default_factory=list)
    closed: bool = False

    def corners(self, matrix: Matrix) -> Points:
        """(n, 3) with bulges, as in `FlatPath`."""
        rows = [np.array([(*_moved((self.start,), matrix)[0], 0.0)])]
        for piece in self.pieces:
            rows.append(piece.corners(rows[-1][-1], matrix))
        if self.closed:
            rows.append(rows[0][:1] * [1.0, 1.0, 0.0])
        return np.concatenate(rows)


def _moved(points: Iterable[Point], matrix: Matrix) -> Points:
    moved: Points = np.array(list(points), dtype=np.float64) @ matrix[:2, :2].T + matrix[:2, 2]
    return moved


def subpaths(node: Node) -> list[Subpath]:
    """Of a path or basic shape. Raises ValueError, and what svgelements lets through for garbled path data."""
    match node.tag:
        case "path":
            return list(_of_path(node.values.get("d", "")))
        case "rect":
            return _rectangle(node)
        case "circle" | "ellipse":
            return _ellipse(node)
        case "line":
            return [Subpath(_at(node, "x1", "y1"), [Curve((_at(node, "x2", "y2"),))])]
        case _:
            values = numbers(node.values.get("points", ""))
            corners = list(zip(values[0::2], values[1::2], strict=False))
            if not corners:
                return []
            return [Subpath(corners[0], [Curve((one,)) for one in corners[1:]], node.tag == "polygon")]


def _value(node: Node, key: str) -> float:
    text = node.values.get(key, "0")
    return 0.0 if text.strip() == "auto" else in_px(text)


def _at(node: Node, x: str, y: str) -> Point:
    return _value(node, x), _value(node, y)


def _rectangle(node: Node) -> list[Subpath]:
    (x, y), (width, height) = _at(node, "x", "y"), _at(node, "width", "height")
    if width <= 0 or height <= 0:
        return []
    rx, ry = _value(node, "rx" if "rx" in node.values else "ry"), _value(node, "ry" if "ry" in node.values else "rx")
    rx, ry = min(max(rx, 0.0), width / 2), min(max(ry, 0.0), height / 2)
    if not rx or not ry:
        corners = [(x + width, y), (x + width, y + height), (x, y + height)]
        return [Subpath((x, y), [Curve((one,)) for one in corners], closed=True)]
    right, low = x + width, y + height
    pieces: list[Curve | EllipseArc] = []
    ways = [(right - rx, y), (right, low - ry), (x + rx, low), (x, y + ry)]
    centres = [(right - rx, y + ry), (right - rx, low - ry), (x + rx, low - ry), (x + rx, y + ry)]
    for number, (end, centre) in enumerate(zip(ways, centres, strict=True)):
        pieces += [Curve((end,)), EllipseArc(centre, (rx, 0.0), (0.0, ry), (number - 1) * pi / 2, pi / 2)]
    return [Subpath((x + rx, y), pieces, closed=True)]


def _ellipse(node: Node) -> list[Subpath]:
    cx, cy = _at(node, "cx", "cy")
    rx, ry = _at(node, "r", "r") if node.tag == "circle" else _at(node, "rx", "ry")
    if rx <= 0 or ry <= 0:
        return []
    return [Subpath((cx + rx, cy), [EllipseArc((cx, cy), (rx, 0.0), (0.0, ry), 0.0, 2 * pi)], closed=True)]


def _of_path(data: str) -> Iterator[Subpath]:
    current: Subpath | None = None
    for segment in svgelements.Path(data):
        end = segment.end
        if isinstance(segment, svgelements.Move):
            if current is not None and current.pieces:
                yield current
            current = Subpath((end.x, end.y))
            continue
        if current is None:
            raise ValueError("path data that begins without M")
        if isinstance(segment, svgelements.Close):
            current.closed = True
            if current.pieces:
                yield current
            current = Subpath(current.start)
        else:
            current.pieces.append(_piece(segment))
    if current is not None and current.pieces:
        yield current


def _piece(segment: svgelements.PathSegment) -> Curve | EllipseArc:
    end = (segment.end.x, segment.end.y)
    match segment:
        case svgelements.CubicBezier():
            return Curve(((segment.control1.x, segment.control1.y), (segment.control2.x, segment.control2.y), end))
        case svgelements.QuadraticBezier():
            return Curve(((segment.control.x, segment.control.y), end))
        case svgelements.Arc() if segment.sweep and segment.rx and segment.ry:
            return _arc(segment)
    return Curve((end,))


def _arc(arc: svgelements.Arc) -> EllipseArc:
    centre = np.array([arc.center.x, arc.center.y])
    u, v = np.array([arc.prx.x, arc.prx.y]) - centre, np.array([arc.pry.x, arc.pry.y]) - centre
    start = np.array([arc.start.x, arc.start.y]) - centre
    begin = float(np.arctan2(start @ v / (v @ v), start @ u / (u @ u)))
    return EllipseArc((arc.center.x, arc.center.y), (u[0], u[1]), (v[0], v[1]), begin, float(arc.sweep))
