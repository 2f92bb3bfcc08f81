"""Connected areas that lean out by more than 45°, and how far each reaches from what carries it."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.features import Overhang
from slicer_bridge.meshes.holes import Edges, place
from slicer_bridge.meshes.mesh import Topology, normals_and_areas

_LEANS = float(np.sin(np.radians(45.0))) + 1e-3
_SMOOTH = np.radians(5.0)
_BED_MM = 0.15
"""Less than a first layer: it is pressed on the bed."""
_LEAST_MM2 = 0.5
_MOST = 200
_MOST_POINTS = 5000
"""Of one overhang, from which the way to what carries it is measured."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Turned:
    """A mesh as it lies on the bed: `corners` (k, 3), `normals` and `middles` (m, 3), `areas` (m,)."""

    corners: Points
    normals: Points
    areas: NDArray[np.float64]
    hangs: NDArray[np.bool_]


def overhangs(shape: Topology, edges: Edges, turn: Points) -> tuple[Overhang, ...]:
    """Largest first, at most 200, of 0.5 mm² and more; `turn` (3, 3) lays the mesh on the bed."""
    laid = _lay(shape, turn)
    label = _regions(shape, edges, laid.hangs)
    areas = np.bincount(label[laid.hangs], weights=laid.areas[laid.hangs], minlength=int(label.max()) + 1)
    largest = np.argsort(-areas, kind="stable")[:_MOST]
    carrying = _carrying(shape, edges, laid, label)
    return tuple(
        _overhang(shape, laid, label, carrying, int(region), float(areas[region]), turn)
        for region in largest
        if areas[region] >= _LEAST_MM2
    )


def _lay(shape: Topology, turn: Points) -> _Turned:
    corners = shape.vertices @ turn.T
    corners = corners - corners.min(axis=0)
    facets = corners[shape.faces]
    normals, areas = normals_and_areas(facets)
    on_bed = facets[:, :, 2].max(axis=1) < _BED_MM
    return _Turned(corners, normals, areas, (normals[:, 2] < -_LEANS) & ~on_bed)


def _regions(shape: Topology, edges: Edges, hangs: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The number of the connected overhang that each face (m,) is in; faces that don't hang are alone."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joins = edges.faces[hangs[edges.faces].all(axis=1)]
    size = len(shape.faces)
    graph = coo_array((np.ones(len(joins), np.int8), (joins[:, 0], joins[:, 1])), shape=(size, size))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


@dataclass(frozen=True, slots=True)
class _Carrying:
    """Edges (e, 2) of vertices that something below carries, and the region (e,) on them."""

    ends: NDArray[np.int64]
    region: NDArray[np.int32]


def _carrying(shape: Topology, edges: Edges, laid: _Turned, label: NDArray[np.int32]) -> _Carrying:
    """Edges at which an overhang and its neighbour enclose air, so that material is below; and edges on the bed."""
    hangs = laid.hangs[edges.faces]
    border = hangs[:, 0] != hangs[:, 1]
    ends, faces = edges.ends[border], edges.faces[border]
    other = np.where(hangs[border, 0], faces[:, 1], faces[:, 0])
    hanging = np.where(hangs[border, 0], faces[:, 0], faces[:, 1])
    height = laid.corners[ends][:, :, 2].min(axis=1)
    lowest = laid.corners[shape.faces[other]][:, :, 2].min(axis=1)
    runs_on = (edges.angle[border] < _SMOOTH) & (lowest < height - 1e-3)
    carried = edges.concave[border] | runs_on | (height < _BED_MM)
    return _Carrying(ends[carried], label[hanging[carried]])


def _overhang(
    shape: Topology,
    laid: _Turned,
    label: NDArray[np.int32],
    carrying: _Carrying,
    region: int,
    area: float,
    turn: Points,
) -> Overhang:
    faces = np.flatnonzero(laid.hangs & (label == region))
    corners = laid.corners[shape.faces[faces]]
    points = np.concatenate([corners.reshape(-1, 3), (corners + np.roll(corners, 1, axis=1)).reshape(-1, 3) / 2])
    points = np.concatenate([points, corners.mean(axis=1)])
    points = points[:: max(1, len(points) // _MOST_POINTS)]
    ends = laid.corners[carrying.ends[carrying.region == region]][:, :, :2]
    carried = len(ends) > 0
    if carried:
        held = shapely.union_all(shapely.linestrings(ends))
        away = shapely.distance(shapely.points(points[:, :2]), held)
        span = 2 * float(away.max())
    else:
        span = float(np.ptp(points[:, :2], axis=0).max())
    middle = corners.mean(axis=1)
    centre = np.average(middle, axis=0, weights=laid.areas[faces])
    nearest = middle[np.linalg.norm(middle - centre, axis=1).argmin()]
    low = (shape.vertices @ turn.T).min(axis=0)
    return Overhang(
        place=place((nearest + low) @ turn),
        area_mm2=round(area, 3),
        span_mm=round(span, 3),
        flat=bool((laid.normals[faces, 2] < -0.999).all()),
        carried=carried,
    )
