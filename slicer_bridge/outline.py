"""Outlines for nesting: simple polygons that cover what a part covers."""

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.facts import Polygon as Outline

SIMPLIFY_MM = 0.1


def covering_outline(
    covered: BaseGeometry, width_mm: float, depth_mm: float, simplify_mm: float = SIMPLIFY_MM
) -> Outline:
    """A simple polygon, counter-clockwise, that covers `covered`, which lies in (0, 0, width, depth).

    It has few corners: edges may stand out by twice `simplify_mm`, but never beyond the rectangle: its low corner
    stays (0, 0).
    Several separate areas get their common convex hull.
    """
    frame = shapely.box(0.0, 0.0, width_mm, depth_mm)
    whole = shapely.convex_hull(covered) if isinstance(covered, MultiPolygon) else covered
    if not isinstance(whole, Polygon):
        return _ring(frame)
    filled = Polygon(whole.exterior)
    rough = filled.simplify(simplify_mm).buffer(simplify_mm, join_style="mitre", mitre_limit=2.0)
    for candidate in (rough, rough.convex_hull):
        outline = candidate.intersection(frame)
        if isinstance(outline, Polygon) and outline.is_valid and outline.buffer(1e-6).covers(filled):
            return _ring(outline)
    return _ring(frame)


def outline_area(outline: Outline) -> float:
    """mm²"""
    return float(Polygon(outline).area)


def _ring(polygon: Polygon) -> Outline:
    ring = shapely.get_coordinates(shapely.orient_polygons(polygon, exterior_cw=False).exterior)[:-1]
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in ring)
