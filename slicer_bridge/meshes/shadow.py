"""What a mesh covers on the bed, seen from above.

Small meshes: the union of the projected facets. Large ones: the rim of a surface's shadow is where facets that look
up and facets that look down meet, or where the surface ends; those edges are drawn onto a grid, every cell that one
touches is marked, and the outermost boundary of the marked cells is followed.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.facts import Polygon as Outline
from slicer_bridge.meshes import loops
from slicer_bridge.meshes.mesh import Topology
from slicer_bridge.outline import covering_outline

_MAX_FACETS = 200_000
_CELL_MM = 0.03
_CELLS = 24_000_000
_SIMPLIFY_MM = 0.075
"""At least a cell: then a staircase of cells becomes a straight edge."""
_MAX_CORNERS = 500_000
"""A rim with more is no outline: it gets its convex hull."""
_LINES = 1 << 18
"""Drawn at a time."""
_RIM = 2.0
"""Cells round the shadow that stay free."""

Matrix = NDArray[np.float64]


def convex(points: Matrix) -> BaseGeometry:
    """Convex hull of points (n, 2), n >= 2."""
    return LineString(points).convex_hull  # a line takes a tenth of the memory of as many points


def outline_of(shape: Topology, turn: Matrix, low: Matrix, size: Matrix) -> Outline:
    """Simple polygon that covers the shadow of the mesh turned by `turn` and moved by less `low`; mm.

    It stands out by at most 0.2 mm where the part covers up to 145 × 145 mm, and by 0.3 mm up to 350 × 350 mm: the
    grid has at most 24 million cells. Separate shadows get their common convex hull.
    """
    width, depth = float(size[0]), float(size[1])
    if loops.worth(len(shape.faces)):
        cell = max(min(_CELL_MM, max(width, depth) / 1024), (width * depth / _CELLS) ** 0.5, 1e-9)
        rough = max(_SIMPLIFY_MM, 1.1 * cell)
        inside = _drawn(shape, turn, low, size, cell).intersection(shapely.box(0.0, 0.0, width, depth))
        return covering_outline(inside, width, depth, rough)
    return covering_outline(_union(shape, turn, low), width, depth)


def _drawn(shape: Topology, turn: Matrix, low: Matrix, size: Matrix, cell: float) -> BaseGeometry:
    from slicer_bridge.meshes import kernels

    looks = kernels.facing(shape.vertices, shape.faces, np.ascontiguousarray(turn[2]))
    rim = kernels.silhouette(shape.edges.start, shape.edges.packed, looks)
    columns, rows = (int(value / cell) + 2 * int(_RIM) + 2 for value in size[:2])
    grid = np.zeros((rows, columns), np.uint8)
    for at in range(0, len(rim), _LINES):
        ends_of = shape.vertices[rim[at : at + _LINES].reshape(-1)]
        kernels.draw(((ends_of @ turn[:2].T - low[:2]) / cell + _RIM).reshape(-1, 4), grid)
    corners, ends = kernels.rings(grid)
    if len(corners) > _MAX_CORNERS:
        return convex((_row_ends(corners, rows).astype(np.float64) - _RIM) * cell)
    return _outermost((corners.astype(np.float64) - _RIM) * cell, ends, cell)


def _row_ends(corners: NDArray[np.int32], rows: int) -> NDArray[np.int32]:
    """The first and the last corner of each row: their hull is the hull of all."""
    first, last = np.full(rows + 1, np.iinfo(np.int32).max, np.int32), np.full(rows + 1, -1, np.int32)
    np.minimum.at(first, corners[:, 1], corners[:, 0])
    np.maximum.at(last, corners[:, 1], corners[:, 0])
    used = np.flatnonzero(last >= 0).astype(np.int32)
    return np.concatenate([np.stack([first[used], used], axis=1), np.stack([last[used], used], axis=1)])


def _outermost(corners: Matrix, ends: NDArray[np.int64], cell: float) -> BaseGeometry:
    """The largest ring, filled, or the hull of all if some lie outside; rings are corners (c, 2) up to each end."""
    begins = np.concatenate([[0], ends[:-1]])
    following = np.arange(1, len(corners) + 1)
    following[ends - 1] = begins
    after = corners[following]
    areas = np.add.reduceat(corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0], begins)
    largest = int(np.argmax(areas))
    # Where cells touch by a corner the boundary touches itself: a thousandth of a cell makes it whole.
    whole = shapely.buffer(Polygon(corners[begins[largest] : ends[largest]]), cell * 1e-3, join_style="mitre")
    shapely.prepare(whole)
    firsts = corners[begins[areas > 0]]
    if bool(np.all(shapely.contains_xy(whole, firsts[:, 0], firsts[:, 1]))):
        return Polygon(whole.exterior)
    return convex(corners)


def _union(shape: Topology, turn: Matrix, low: Matrix) -> BaseGeometry:
    """Of a closed mesh the facets that look down cover the same ground as all of them: half the work.

    Without numba, meshes of over 200,000 facets get their convex hull.
    """
    flat = (shape.vertices @ turn[:2].T - low[:2])[shape.faces]
    if len(shape.faces) > _MAX_FACETS:
        return convex(flat.reshape(-1, 2))
    one, other = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    twice = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    span = float(np.ptp(flat.reshape(-1, 2), axis=0).max()) or 1.0
    seen = np.abs(twice) > 1e-12 * span * span
    triangles = np.asarray(shapely.polygons(flat[seen & (twice < 0) if shape.watertight else seen]))
    if not len(triangles):
        return convex(flat.reshape(-1, 2))
    return shapely.union_all(triangles[shapely.is_valid(triangles)])
