"""Sections of a mesh by level planes, all of them in one sweep.

A corner on a plane counts as above it, so each facet is cut in two of its edges or in none, and the two facets at an
edge are cut at the very same point: outlines are chained by the numbers of edges, without any tolerance.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.meshes.mesh import volume_mm3, weld

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GAP_MM = 0.5
"""Loose ends of an open mesh are joined over at most this."""
_NO_AREA_MM2 = 1e-4
_AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class Sections:
    """`regions` (m,) polygons or multipolygons, one a plane, some of them empty; mm."""

    regions: NDArray[np.object_]
    open_planes: int
    """Planes where the mesh has a gap of over `GAP_MM`; what can't be closed there is missing."""


@dataclass(frozen=True, slots=True)
class _Cuts:
    """One segment for each facet and plane that meet; the solid lies to the left of start → end.

    `plane` (s,), `start_key` and `end_key` (s,): the cut edge on that plane; `start` and `end` (s, 2), mm.
    """

    plane: Ints
    start_key: Ints
    end_key: Ints
    start: Floats
    end: Floats


def sections(facets: Floats, planes: Floats) -> Sections:
    """Sections of facets (n, 3, 3) at heights (m,), ascending, mm. A mesh that is inside out is turned."""
    if volume_mm3(facets) < 0:
        facets = facets[:, ::-1]
    cuts = _cuts(facets, planes)
    follows = _followers(cuts)
    rings: list[list[Floats]] = [[] for _ in planes]
    loose: list[list[Floats]] = [[] for _ in planes]
    for chain, closed in _chains(follows):
        index = np.array(chain)
        plane = int(cuts.plane[index[0]])
        points = cuts.start[index]
        if closed:
            rings[plane].append(points)
        else:
            loose[plane].append(np.vstack([points, cuts.end[index[-1:]]]))
    gaps = 0
    for plane, chains in enumerate(loose):
        if chains:
            closed_rings, left = _joined(chains)
            rings[plane] = _nested([*rings[plane], *closed_rings])
            gaps += left > 0
    return Sections(np.array([_region(one) for one in rings], dtype=np.object_), gaps)


def _cuts(facets: Floats, planes: Floats) -> _Cuts:
    vertices, faces = weld(facets)
    z = vertices[:, 2][faces]
    first = np.searchsorted(planes, z.min(axis=1), side="right")
    count = np.searchsorted(planes, z.max(axis=1), side="right") - first
    face = np.repeat(np.arange(len(faces)), count)
    plane = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count) + first[face]
    above = z[face] >= planes[plane][:, None]
    # The corner that is alone on its side; the edges to it are cut.
    alone = np.argmax(above == (above.sum(axis=1) == 1)[:, None], axis=1)
    corners = [np.take_along_axis(faces[face], ((alone + step) % 3)[:, None], 1)[:, 0] for step in range(3)]
    (key_a, at_a), (key_b, at_b) = (_crossing(vertices, corners[0], corners[k], planes, plane) for k in (1, 2))
    up = above[np.arange(len(face)), alone][:, None]
    flat = up[:, 0]
    return _Cuts(
        plane,
        np.where(flat, key_a, key_b),
        np.where(flat, key_b, key_a),
        np.where(up, at_a, at_b),
        np.where(up, at_b, at_a),
    )


def _crossing(vertices: Floats, one: Ints, other: Ints, planes: Floats, plane: Ints) -> tuple[Ints, Floats]:
    """Number of the edge on the plane, and where the plane cuts it: the same whichever facet asks."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    a, b = vertices[low], vertices[high]
    share = (planes[plane] - a[:, 2]) / (b[:, 2] - a[:, 2])
    at = a[:, :2] + share[:, None] * (b[:, :2] - a[:, :2])
    return low * np.int64(len(vertices)) + high, at


def _followers(cuts: _Cuts) -> Ints:
    """(s,) the segment that begins where this one ends; -1 where none does."""
    follows = np.full(len(cuts.plane), -1, dtype=np.int64)
    starts = np.lexsort((cuts.start_key, cuts.plane))
    ends = np.lexsort((cuts.end_key, cuts.plane))
    begin = _numbered(cuts.plane[starts], cuts.start_key[starts])
    finish = _numbered(cuts.plane[ends], cuts.end_key[ends])
    _, at_begin, at_finish = np.intersect1d(begin, finish, assume_unique=True, return_indices=True)
    follows[ends[at_finish]] = starts[at_begin]
    return follows


def _numbered(plane: Ints, key: Ints) -> NDArray[np.void]:
    """Sorted pairs made unique by counting equal ones: where four facets share an edge, any two go together."""
    new = np.r_[True, (plane[1:] != plane[:-1]) | (key[1:] != key[:-1])] if len(plane) else np.empty(0, np.bool_)
    begin = np.flatnonzero(new)
    rank = np.arange(len(plane)) - np.repeat(begin, np.diff(np.r_[begin, len(plane)]))
    out = np.empty(len(plane), dtype=[("plane", "i8"), ("key", "i8"), ("rank", "i8")])
    out["plane"], out["key"], out["rank"] = plane, key, rank
    return out


def _chains(follows: Ints) -> list[tuple[list[int], bool]]:
    """Chains of segments, and whether they close."""
    after = follows.tolist()
    led = np.zeros(len(after), dtype=np.bool_)
    led[follows[follows >= 0]] = True
    done = [False] * len(after)
    chains: list[tuple[list[int], bool]] = []
    for first in (*np.flatnonzero(~led).tolist(), *range(len(after))):
        if done[first]:
            continue
        chain, one = [], first
        while one >= 0 and not done[one]:
            done[one] = True
            chain.append(one)
            one = after[one]
        chains.append((chain, one == first))
    return chains


def _joined(chains: list[Floats]) -> tuple[list[Floats], int]:
    """Rings made of open chains by joining nearest ends, whichever way they run; and how many stay open."""
    rings, left = [], 0
    while chains:
        one = chains.pop()
        while True:
            ends = np.array([end for chain in chains for end in (chain[0], chain[-1])] + [one[0]])
            distance = np.linalg.norm(ends - one[-1], axis=1)
            nearest = int(np.argmin(distance))
            if distance[nearest] > GAP_MM:
                left += 1
                break
            if nearest == len(ends) - 1:
                rings.append(one)
                break
            following = chains.pop(nearest // 2)
            one = np.vstack([one, following[::-1] if nearest % 2 else following])
    return rings, left


def _nested(rings: list[Floats]) -> list[Floats]:
    """Rings whose sense can't be relied on: outlines and holes by how many others are around each."""
    shapes = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 2]
    out = []
    for ring, shape in zip((ring for ring in rings if len(ring) > 2), shapes, strict=True):
        point = shapely.Point(ring[0])
        depth = sum(other is not shape and other.area > shape.area and other.contains(point) for other in shapes)
        out.append(ring if (_area(ring) > 0) == (depth % 2 == 0) else ring[::-1])
    return out


def _region(rings: list[Floats]) -> shapely.Geometry:
    """Everything that outer rings (counter-clockwise) enclose but for holes; bodies that overlap count once."""
    big = [ring for ring in rings if len(ring) > 2 and abs(_area(ring)) > _NO_AREA_MM2]
    if not big:
        return shapely.Polygon()
    shells = [shapely.make_valid(shapely.Polygon(ring)) for ring in big if _area(ring) > 0]
    holes = [shapely.make_valid(shapely.Polygon(ring)) for ring in big if _area(ring) < 0]
    if not shells:
        return shapely.Polygon()
    shells.sort(key=lambda shell: -shell.area)
    inside: list[list[shapely.Geometry]] = [[] for _ in shells]
    for hole in holes:
        point = hole.representative_point()
        around = [number for number, one in enumerate(shells) if one.area >= hole.area and one.contains(point)]
        if around:
            inside[around[-1]].append(hole)
    bodies = [
        shapely.difference(shell, shapely.union_all(cut)) if cut else shell
        for shell, cut in zip(shells, inside, strict=True)
    ]
    return areas_of(shapely.union_all(bodies) if len(bodies) > 1 else bodies[0])


def areas_of(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of what an operation of shapely left, without points and lines."""
    if shapely.get_type_id(shape) in _AREAS:
        return shape
    parts = [one for one in shapely.get_parts(shape) if shapely.get_type_id(one) in _AREAS]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _area(ring: Floats) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
