"""Stable ways to lay a mesh on the bed: its own, and flat sides of its convex hull that carry its centre of mass."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.facts import Orientation, Rotation
from slicer_bridge.meshes.mesh import Facets, normals_and_areas
from slicer_bridge.meshes.shadow import shadow
from slicer_bridge.outline import covering_outline

ALTERNATIVES = 6
OVERHANG_DEG = 45.0
"""Facets that lean out further than this from the vertical need support (rule of thumb for FDM)."""
_CONTACT_MM = 0.05
_FLAT = 0.999
_MIN_CONTACT_SHARE = 0.02
"""Of the shadow's area; less contact than this is no way to stand."""

Matrix = NDArray[np.float64]


def orientations(facets: Facets, *, watertight: bool) -> tuple[Orientation, ...]:
    """Best first. The file's own way comes first unless it has no flat contact with the bed.

    The others are sorted by overhang and height, less contact, each relative to the mesh.
    """
    own = _lay(facets, np.eye(3), watertight)
    others = [way for turn in _hull_turns(facets) if _stands(way := _lay(facets, turn, watertight))]
    area = float(normals_and_areas(facets)[1].sum()) or 1.0
    span = float(np.linalg.norm(np.ptp(facets.reshape(-1, 3), axis=0))) or 1.0
    others.sort(key=lambda way: (way.overhang_mm2 - way.contact_mm2) / area + way.size_mm[2] / span)
    return tuple([own, *others] if _stands(own) or not others else [*others, own])


def _stands(way: Orientation) -> bool:
    return way.contact_mm2 >= _MIN_CONTACT_SHARE * shapely.Polygon(way.outline).area


def _lay(facets: Facets, turn: Matrix, watertight: bool) -> Orientation:
    turned = facets @ turn.T
    turned -= turned.reshape(-1, 3).min(axis=0)
    size = turned.reshape(-1, 3).max(axis=0)
    normals, areas = normals_and_areas(turned)
    on_bed = (turned[:, :, 2].max(axis=1) < _CONTACT_MM) & (normals[:, 2] < -_FLAT)
    hangs = (normals[:, 2] < -np.sin(np.radians(OVERHANG_DEG)) - 1e-3) & ~on_bed
    cover = shadow(turned, normals[:, 2], watertight)
    width, depth, height = (float(value) for value in size)
    return Orientation(
        rotation=_as_rotation(turn),
        size_mm=(width, depth, height),
        outline=covering_outline(cover, width, depth),
        overhang_mm2=float(areas[hangs].sum()),
        contact_mm2=float(areas[on_bed].sum()),
    )


def _as_rotation(turn: Matrix) -> Rotation:
    a, b, c, d, e, f, g, h, i = (float(value) for value in turn.reshape(-1))
    return (a, b, c, d, e, f, g, h, i)


@dataclass(frozen=True, slots=True)
class _Side:
    """A flat side of the convex hull: outward normal (3,), corner points (k, 3), area mm²."""

    normal: Matrix
    corners: Matrix
    area_mm2: float


def _hull_turns(facets: Facets) -> list[Matrix]:
    """Rotations (3, 3) that put the largest stable sides of the hull on the bed; without the file's own."""
    from scipy.spatial import ConvexHull, QhullError

    points = np.unique(facets.reshape(-1, 3).astype(np.float32), axis=0).astype(np.float64)
    try:
        hull = ConvexHull(points)
    except QhullError:
        return []  # flat or a line: there is no other side to lie on
    centre = points[hull.vertices].mean(axis=0)
    sides = _sides(points[hull.simplices], hull.equations[:, :3])
    sides.sort(key=lambda side: -side.area_mm2)
    found: list[Matrix] = []
    for side in sides:
        if side.normal[2] > -0.9998 and _carries(side, centre):
            found.append(_turn_down(side))
        if len(found) == ALTERNATIVES:
            break
    return found


def _sides(triangles: Matrix, normals: Matrix) -> list[_Side]:
    keys = np.round(normals, 3) + 0.0
    _, label = np.unique(keys, axis=0, return_inverse=True)
    areas = normals_and_areas(triangles)[1]
    totals = np.bincount(label, weights=areas)
    largest = np.argsort(-totals)[: 8 * ALTERNATIVES]
    return [
        _Side(normals[label == side].mean(axis=0), triangles[label == side].reshape(-1, 3), float(totals[side]))
        for side in largest
    ]


def _carries(side: _Side, centre: Matrix) -> bool:
    """True if the centre of mass stands over this side."""
    turn = _down(side.normal)
    base = shapely.convex_hull(shapely.multipoints((side.corners @ turn.T)[:, :2]))
    x, y, _ = centre @ turn.T
    return bool(shapely.contains_xy(base, x, y))


def _down(normal: Matrix) -> Matrix:
    """The smallest rotation that takes `normal` (3,) to (0, 0, -1); exact for the six axes."""
    axis = np.round(normal)
    unit = axis if np.allclose(axis, normal, atol=1e-4) else normal / np.linalg.norm(normal)
    if unit[2] > 1 - 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    target = np.array([0.0, 0.0, -1.0])
    cross = np.cross(unit, target)
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0.0]])
    turn: Matrix = np.eye(3) + skew + skew @ skew / (1.0 + float(unit @ target))
    return turn


def _turn_down(side: _Side) -> Matrix:
    """As `_down`; a slanted side is also turned about z, so that its narrowest rectangle is parallel to the axes."""
    turn = _down(side.normal)
    if np.allclose(np.abs(turn), np.round(np.abs(turn)), atol=1e-9):
        return turn
    rectangle = shapely.oriented_envelope(shapely.multipoints((side.corners @ turn.T)[:, :2]))
    corners = shapely.get_coordinates(rectangle)
    if len(corners) < 3:
        return turn
    edge = corners[1] - corners[0]
    angle = -np.arctan2(edge[1], edge[0])
    spin = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    return spin @ turn
