"""The outline that nesting uses: what a part covers on the bed, seen from above."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.facts import Polygon as Outline

SIMPLIFY_MM = 0.1
_MAX_FACETS = 200_000


def shadow(facets: NDArray[np.float64], normals_z: NDArray[np.float64], watertight: bool) -> BaseGeometry:
    """Union of the projected facets.

    Of a closed mesh the facets that look down cover the same ground as all of them: half the work.
    Meshes of over 200,000 facets get their convex hull.

    Parameters
    ----------
    facets : (n, 3, 3) mm
    normals_z : (n,) z of the unit normals
    """
    chosen = normals_z < -1e-6 if watertight else np.abs(normals_z) > 1e-6
    flat = facets[:, :, :2]
    if chosen.sum() == 0 or len(facets) > _MAX_FACETS:
        return MultiPoint(flat.reshape(-1, 2)).convex_hull
    triangles = np.asarray(shapely.polygons(flat[chosen]))
    return shapely.union_all(triangles[shapely.is_valid(triangles)])


def covering_outline(covered: BaseGeometry, width_mm: float, depth_mm: float) -> Outline:
    """A simple polygon, counter-clockwise, that covers `covered`, which lies in (0, 0, width, depth).

    It has few corners: edges may stand out by 0.2 mm, but never beyond the rectangle: its low corner stays (0, 0).
    Several separate areas get their common convex hull.
    """
    frame = shapely.box(0.0, 0.0, width_mm, depth_mm)
    whole = shapely.convex_hull(covered) if isinstance(covered, MultiPolygon) else covered
    if not isinstance(whole, Polygon):
        return _ring(frame)
    filled = Polygon(whole.exterior)
    rough = filled.simplify(SIMPLIFY_MM).buffer(SIMPLIFY_MM, join_style="mitre", mitre_limit=2.0)
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
