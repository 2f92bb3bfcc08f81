"""Where a round tool doesn't get: necks and notches narrower than it, told from corners that only come out round."""

from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.offsets import pieces

_SLACK = 0.03
"""In radii: below this nothing is missing."""
CORNER = 1.1
"""In radii: what lies nearer to the cut is a corner that comes out round (60° or more)."""
CORNER_MM = 0.3
"""And nothing nearer than this is worth a word, with beams that are thin."""
LOST = 4.0
"""In radii: what lies farther from it is a feature that isn't cut (sharper than 23°, or a slot)."""
LOST_MM = 2.0


@dataclass(frozen=True, slots=True)
class Uncut:
    """What is left standing: where (mm, drawing), how far from the cut (mm), how much (mm²)."""

    place: tuple[float, float]
    far_mm: float
    area_mm2: float
    splits: bool
    """A neck between two parts of one feature."""


def uncut_inside(shape: BaseGeometry, radius: float) -> list[Uncut]:
    """Of an opening that a tool of `radius` cuts from inside."""
    return _left(shape, shape.buffer(-radius, quad_segs=16).buffer(radius, quad_segs=16), radius)


def uncut_outside(shape: Polygon, radius: float) -> list[Uncut]:
    """Round a piece that a tool of `radius` cuts from outside."""
    window = shape.buffer(3 * radius).envelope
    closed = shape.buffer(radius, quad_segs=16).buffer(-radius, quad_segs=16)
    return _left(window.difference(shape), window.difference(closed), radius)


def _left(wanted: BaseGeometry, reached: BaseGeometry, radius: float) -> list[Uncut]:
    slack = _SLACK * radius
    found = []
    for piece in pieces(wanted.difference(reached.buffer(slack))):
        if piece.area > 0.01 * radius * radius:
            corners = shapely.points(shapely.get_coordinates(piece.exterior))
            far = float(shapely.distance(corners, reached).max()) if not reached.is_empty else float("inf")
            point = shapely.point_on_surface(piece)
            found.append(Uncut((point.x, point.y), far, float(piece.area), _contacts(piece, reached, slack) > 1))
    return found


def _contacts(piece: Polygon, reached: BaseGeometry, slack: float) -> int:
    """Along how many separate lines the piece lies at what is cut."""
    lines = shapely.line_merge(shapely.unary_union(reached.boundary.intersection(piece.buffer(2.5 * slack))))
    return len([line for line in shapely.get_parts(lines) if line.length > 2 * slack])
