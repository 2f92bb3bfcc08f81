"""Convex pieces that cover an outline, and hardly more: what no-fit regions are summed from."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from broker.scheduling.shapes import Floats

NEARLY_CONVEX = 0.998
"""Share of its hull's area above which a part is taken for its hull: what lies between is too thin to hold another."""
ARC_SEGMENTS = 8
"""Of a quarter circle, where an outline is widened round a corner. GEOS rounds their number, so that a chord spans up
to half as much more."""
FEW_CORNERS = 40
SLACK_MM = 0.05
"""By how much an outline may be covered too widely for the sake of fewer corners."""
JOINED_MM = 0.01
"""Two convex pieces become one where their hull has no more area than a strip of this width round it."""

Pieces = tuple[Floats, ...]


def convex_cover(outline: Floats) -> Pieces:
    """Convex polygons `[k, 2]` float64, counter-clockwise, mm, whose union covers `outline[k, 2]` and hardly more."""
    return _pieces(fewer_corners(shapely.Polygon(outline)))


def widened_cover(outline: Floats, by_mm: float) -> Pieces:
    """As `convex_cover`, of all that lies within `by_mm` of the outline."""
    polygon = shapely.Polygon(outline)
    if by_mm > 0:
        reach = by_mm / np.cos(1.5 * np.pi / (4 * ARC_SEGMENTS))
        mitred = shapely.buffer(polygon, by_mm, join_style="mitre", mitre_limit=2.0)
        polygon = outer(shapely.intersection(mitred, shapely.buffer(polygon, reach, quad_segs=ARC_SEGMENTS)))
    return _pieces(fewer_corners(polygon))


def outer(region: BaseGeometry) -> shapely.Polygon:
    """The region without its holes; its hull where it is in several pieces."""
    if isinstance(region, shapely.Polygon):
        return shapely.Polygon(shapely.get_exterior_ring(region))
    return shapely.Polygon(shapely.get_coordinates(region.convex_hull))


def fewer_corners(polygon: shapely.Polygon) -> shapely.Polygon:
    """A polygon that covers this one: widened a trifle, then straightened by no more than it was widened."""
    if len(polygon.exterior.coords) <= FEW_CORNERS:
        return polygon
    wide = outer(outer(polygon.buffer(SLACK_MM, join_style="mitre", mitre_limit=2.0)).simplify(0.95 * SLACK_MM))
    covers = len(wide.exterior.coords) < 0.8 * len(polygon.exterior.coords) and wide.covers(polygon)
    return wide if covers else polygon


def _pieces(polygon: shapely.Polygon) -> Pieces:
    hull = shapely.Polygon(shapely.get_coordinates(polygon.convex_hull))
    if polygon.area >= NEARLY_CONVEX * hull.area:
        return (_corners(hull),)
    pieces = list(shapely.get_parts(shapely.constrained_delaunay_triangles(polygon)))
    return tuple(_corners(piece) for piece in _joined(pieces))


def _joined(pieces: list[BaseGeometry]) -> list[BaseGeometry]:
    """Neighbours made one, again and again, while that hardly adds area (after Hertel and Mehlhorn 1983)."""
    k = 0
    while k < len(pieces):
        other = _joinable(pieces, k)
        if other is None:
            k += 1
            continue
        pieces[k] = shapely.union(pieces[k], pieces.pop(other)).convex_hull
    return pieces


def _joinable(pieces: list[BaseGeometry], k: int) -> int | None:
    later = np.array(pieces[k + 1 :], dtype=object)
    if not len(later):
        return None
    area = shapely.area(later) + pieces[k].area
    hulls = shapely.convex_hull(shapely.union(later, pieces[k]))
    fine = shapely.area(hulls) <= area + JOINED_MM * shapely.length(hulls)
    return int(np.argmax(fine)) + k + 1 if fine.any() else None


def _corners(polygon: BaseGeometry) -> Floats:
    return np.ascontiguousarray(shapely.get_coordinates(shapely.normalize(polygon))[-2::-1], dtype=np.float64)
