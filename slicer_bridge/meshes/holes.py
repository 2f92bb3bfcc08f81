"""Round holes and inside corners of a mesh, from the edges between its facets.

A cylinder's facets meet at edges that are parallel to its axis, all concave, and each pair of neighbouring strips of
width w that meet at an angle a tells its radius: w = 2 r tan(a / 2). Edges that share a strip and agree on direction
and radius are one cylinder; a circle through their ends gives it exactly. Where a flat side runs on tangentially, as
in a slot, the radius would double, and the chain ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.features import ROUND_DEG, Hole, Place, SharpCorners
from slicer_bridge.meshes.mesh import Topology, normals_and_areas

_FLAT = np.radians(0.3)
_COARSEST = np.radians(46.0)
"""Between two facets of a cylinder: eight of them make a circle."""
_AGREE = 0.3
_ROUND = 0.04
"""Largest deviation of a corner from the circle, of its radius."""
_LEAST_EDGES = 3
_MOST_EDGES = 4_000_000
_SHARP = np.radians(60.0)
_MOST_PLACES = 40
_MOST_ARCS = 3000
_LEAST_RADIUS_MM = 0.05
_LEAST_TURN = np.radians(10.0)
_SHORTEST_ARC_DEG = 40.0
"""A shorter one is any hollow of a free form."""

Points = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of exactly two facets that disagree on direction; all arrays (e, …).

    `ends` (e, 2) vertices, `faces` (e, 2), `way` (e, 3) unit vectors, `length`, `angle` >= 0 between the normals,
    `concave` True where the two sides enclose air, `width` mean height of the two facets over the edge.
    """

    ends: Numbers
    faces: Numbers
    way: Points
    length: NDArray[np.float64]
    angle: NDArray[np.float64]
    concave: NDArray[np.bool_]
    width: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_] | Numbers) -> "Edges":
        return Edges(
            self.ends[chosen],
            self.faces[chosen],
            self.way[chosen],
            self.length[chosen],
            self.angle[chosen],
            self.concave[chosen],
            self.width[chosen],
        )


def edges_of(shape: Topology) -> Edges:
    """Paired edges of a welded mesh."""
    faces, count = shape.faces, np.int64(len(shape.vertices))
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    key = np.minimum(start, end) * count + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    new = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    pairs = new[np.diff(np.concatenate([new, [len(ordered)]])) == 2]
    one, other = order[pairs], order[pairs + 1]
    normals, areas = normals_and_areas(shape.facets)
    left, right = one // 3, other // 3
    here = shape.vertices[start[one]]
    along = shape.vertices[end[one]] - here
    length = np.linalg.norm(along, axis=1)
    sound = (length > 0) & (areas[left] > 0) & (areas[right] > 0)
    opposite = shape.vertices[faces[right, (other % 3 + 2) % 3]] - here
    cosine = np.einsum("ij,ij->i", normals[left], normals[right])
    sine = np.linalg.norm(np.cross(normals[left], normals[right]), axis=1)
    lengths = np.maximum(length, 1e-12)
    found = Edges(
        ends=np.stack([start[one], end[one]], axis=1),
        faces=np.stack([left, right], axis=1),
        way=along / lengths[:, None],
        length=length,
        angle=np.arctan2(sine, cosine),
        concave=np.einsum("ij,ij->i", opposite, normals[left]) > 0,
        width=(areas[left] + areas[right]) / lengths,
    )
    return found.only(sound)


def holes(shape: Topology, edges: Edges) -> tuple[Hole, ...]:
    """Smallest first; none of a mesh of over 4 million edges."""
    if len(edges.length) > _MOST_EDGES:
        return ()
    strips = _strips(len(shape.faces), edges)
    curved = edges.only(edges.concave & (edges.angle > _FLAT) & (edges.angle < _COARSEST))
    arcs = [
        (hole, members)
        for members in _chains(curved, strips[curved.faces])
        if (hole := _cylinder(shape, curved.only(members))) is not None
    ]
    arcs.sort(key=lambda arc: arc[0].diameter_mm)
    found = [hole for hole in _whole(shape, curved, arcs) if hole.span_deg >= _SHORTEST_ARC_DEG]
    return tuple(sorted(found, key=lambda hole: hole.diameter_mm))


def _whole(shape: Topology, edges: Edges, arcs: list[tuple[Hole, Numbers]]) -> list[Hole]:
    """Arcs of one cylinder, interrupted by a slot or a crossing hole, are one; `arcs` come smallest first."""
    known = [hole for hole, _ in arcs]
    if len(arcs) > _MOST_ARCS:
        return known
    axes = np.array([hole.axis for hole in known]).reshape(-1, 3)
    places = np.array([hole.place for hole in known]).reshape(-1, 3)
    sizes = np.array([(hole.diameter_mm, hole.depth_mm, hole.span_deg) for hole in known]).reshape(-1, 3)
    left = ~(sizes[:, 2] > ROUND_DEG)
    found = [hole for hole in known if hole.round]
    for number in np.flatnonzero(left):
        if not left[number]:
            continue
        same = np.flatnonzero(left & _coaxial(int(number), axes, places, sizes))
        joined = _cylinder(shape, edges.only(np.concatenate([arcs[one][1] for one in same]))) if len(same) > 1 else None
        left[same if joined is not None else number] = False
        found.append(joined or known[number])
    return found


def _coaxial(number: int, axes: Points, places: Points, sizes: Points) -> NDArray[np.bool_]:
    """Which cylinders share axis, diameter and height with one; `sizes` (n, 3): diameter, depth, span."""
    axis, (diameter, depth, _) = axes[number], sizes[number]
    away = places - places[number]
    along = away @ axis
    aside = np.linalg.norm(away - along[:, None] * axis, axis=1)
    same: NDArray[np.bool_] = (
        (np.abs(sizes[:, 0] - diameter) <= 0.03 * diameter)
        & (np.abs(axes @ axis) > 0.999)
        & (aside <= 0.05 * diameter)
        & (np.abs(along) <= (depth + sizes[:, 1]) / 2 + 0.01)
    )
    return same


def _strips(faces: int, edges: Edges) -> NDArray[np.int32]:
    """The flat strip of each face: facets that meet without an angle."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    flat = edges.faces[edges.angle <= _FLAT]
    graph = coo_array((np.ones(len(flat), np.int8), (flat[:, 0], flat[:, 1])), shape=(faces, faces))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


def _chains(edges: Edges, strips: NDArray[np.int32]) -> list[Numbers]:
    """Edges (numbers of them) that follow one another over strips and agree on direction and radius."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(edges.length):
        return []
    radius = edges.width / (2 * np.tan(edges.angle / 2))
    # each edge twice, once for either strip; on one strip, edges sorted by direction, so that like ones are neighbours
    edge = np.tile(np.arange(len(radius)), 2)
    strip = strips.T.reshape(-1)
    way = np.round(edges.way * np.sign(edges.way @ [1.0, 0.7391, 0.5123] + 1e-12)[:, None], 2)
    _, direction = np.unique(way, axis=0, return_inverse=True)
    order = np.lexsort((radius[edge], direction[edge], strip))
    edge, strip = edge[order], strip[order]
    pairs = [(edge[:-gap], edge[gap:], strip[:-gap] == strip[gap:]) for gap in (1, 2, 3)]
    one, other = (np.concatenate([pair[side][pair[2]] for pair in pairs]) for side in (0, 1))
    parallel = np.abs(np.einsum("ij,ij->i", edges.way[one], edges.way[other])) > 0.9995
    alike = np.abs(radius[one] - radius[other]) <= _AGREE * np.minimum(radius[one], radius[other])
    one, other = one[parallel & alike], other[parallel & alike]
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(radius), len(radius)))
    _, label = connected_components(graph, directed=False)
    by_label = np.argsort(label, kind="stable")
    chains = np.split(by_label, np.flatnonzero(np.diff(label[by_label])) + 1)
    return [chain for chain in chains if len(chain) >= _LEAST_EDGES and edges.angle[chain].sum() >= _LEAST_TURN]


def _cylinder(shape: Topology, edges: Edges) -> Hole | None:
    way = edges.way * np.sign(edges.way @ edges.way[0])[:, None]
    axis = (way * edges.length[:, None]).sum(axis=0)
    axis /= np.linalg.norm(axis)
    corners = shape.vertices[np.unique(edges.ends)]
    right = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    right /= np.linalg.norm(right)
    up = np.cross(axis, right)
    x, y, along = corners @ right, corners @ up, corners @ axis
    # the circle of least squares (Kåsa, 1976): x² + y² = 2 a x + 2 b y + c
    system = np.stack([2 * x, 2 * y, np.ones(len(x))], axis=1)
    (a, b, c), *_ = np.linalg.lstsq(system, x * x + y * y, rcond=None)
    radius = float(np.sqrt(max(c + a * a + b * b, 0.0)))
    off = np.abs(np.hypot(x - a, y - b) - radius)
    if radius <= _LEAST_RADIUS_MM or float(off.max()) > _ROUND * radius + 1e-3:
        return None
    angles = np.unique(np.round(np.degrees(np.arctan2(y - b, x - a)), 2))
    gaps = np.diff(np.concatenate([angles, [angles[0] + 360.0]]))
    strip = float(np.degrees(np.median(edges.angle)))
    widest = float(gaps.max())
    # the outermost edges of an arc are tangent and not in the chain: one strip more on either side
    span = 360.0 if widest <= 2.2 * strip else 360.0 - widest + 2 * strip
    middle = a * right + b * up + (along.min() + along.max()) / 2 * axis
    return Hole(
        diameter_mm=round(2 * radius, 4),
        depth_mm=round(float(np.ptp(along)), 4),
        axis=place(axis),
        place=place(middle),
        span_deg=round(min(span, 360.0), 1),
    )


def sharp_corners(shape: Topology, edges: Edges) -> tuple[SharpCorners, ...]:
    """Inside edges of 60° and more along the part's axes, those that no round cutter makes if it stands along them."""
    sharp = edges.only(edges.concave & (edges.angle > _SHARP))
    found = []
    for axis in range(3):
        along = sharp.only(np.abs(sharp.way[:, axis]) > 0.9999)
        if len(along.length):
            order = np.argsort(-along.length, kind="stable")[:_MOST_PLACES]
            middles = shape.vertices[along.ends[order]].mean(axis=1)
            found.append(SharpCorners(axis, round(float(along.length.sum()), 3), tuple(place(at) for at in middles)))
    return tuple(found)


def place(point: Points) -> Place:
    x, y, z = (round(float(value), 4) for value in point)
    return (x, y, z)
