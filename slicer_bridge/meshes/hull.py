"""Flat sides of a mesh's convex hull that it can stand on."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.meshes.mesh import normals_and_areas

Matrix = NDArray[np.float64]
_ROUND = 3
"""Decimals of normals that are taken as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A flat side of the hull: outward unit normal (3,), corner points (k, 3) mm, area mm²."""

    normal: Matrix
    corners: Matrix
    area_mm2: float


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """Corner points (h, 3) mm; the sides with the largest first."""

    points: Matrix
    sides: tuple[Side, ...]


def hull_of(vertices: Matrix, most: int) -> Hull | None:
    """With at most `most` sides; None if the points (k, 3) lie in a plane or on a line."""
    import manifold3d

    mesh = manifold3d.Manifold.hull_points(vertices).to_mesh64()
    points = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    triangles = points[np.asarray(mesh.tri_verts, dtype=np.int64)]
    if not len(triangles):
        return None
    normals, areas = normals_and_areas(triangles)
    _, label = np.unique(np.round(normals, _ROUND) + 0.0, axis=0, return_inverse=True)
    totals = np.bincount(label, weights=areas)
    sides = []
    for one in np.argsort(-totals, kind="stable")[:most]:
        chosen = label == one
        mean = (normals[chosen] * areas[chosen, None]).sum(axis=0)
        length = float(np.linalg.norm(mean))
        if length > 0:
            sides.append(Side(mean / length, triangles[chosen].reshape(-1, 3), float(totals[one])))
    return Hull(points, tuple(sides))


def carries(side: Side, centre: Matrix) -> bool:
    """True if the centre of mass (3,) stands over this side."""
    turn = _down(side.normal)
    base = shapely.convex_hull(shapely.multipoints((side.corners @ turn.T)[:, :2]))
    x, y, _ = centre @ turn.T
    return bool(shapely.contains_xy(base, x, y))


def turn_down(side: Side) -> Matrix:
    """The smallest rotation (3, 3) that puts the side on the bed.

    A slanted side is also turned about z, so that its narrowest rectangle is parallel to the axes.
    """
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
