"""A triangle mesh as vertices and faces, how it hangs together, and what it encloses."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes import loops
from slicer_bridge.meshes.edges import Edges, edges_of
from slicer_bridge.meshes.welding import Corners, weld, weld_scaled

__all__ = ["Facets", "Topology", "body_labels", "close_seams", "normals_and_areas", "topology", "volume_mm3", "weld"]

Facets = NDArray[np.float64]
"""Shape (n, 3, 3): facet, corner, xyz; mm."""
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Topology:
    """How the facets of a mesh hang together, after welding equal corners.

    `faces` is (m, 3) int64 indices into `vertices` (k, 3) float64, mm; facets that lost a side are left out.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    edges: Edges
    collapsed: int
    """Facets left out: two of their corners are one."""

    @property
    def bad_edges(self) -> int:
        """Edges that don't join exactly two facets."""
        return len(self.edges.odd)

    @property
    def turned_edges(self) -> int:
        return self.edges.turned

    @cached_property
    def bad_vertices(self) -> NDArray[np.int64]:
        """Ends of the bad edges."""
        return np.unique(self.edges.odd[:, :2])

    @property
    def open_at(self) -> tuple[float, float, float] | None:
        """Middle of one bad edge."""
        if not self.bad_edges:
            return None
        x, y, z = self.vertices[self.edges.odd[0, :2]].mean(axis=0).tolist()
        return (x, y, z)

    @property
    def watertight(self) -> bool:
        return self.bad_edges == 0 and self.turned_edges == 0 and len(self.faces) > 0

    @property
    def closed(self) -> bool:
        """Every edge runs up as often as down: it encloses something, though its bodies may touch along edges."""
        odd = self.edges.odd
        return self.turned_edges == 0 and len(self.faces) > 0 and bool((odd[:, 2] == 2 * odd[:, 3]).all())

    @property
    def facets(self) -> Facets:
        return self.vertices[self.faces]


def topology(facets: Corners, scale: float = 1.0, low: NDArray[np.float64] | None = None) -> Topology:
    """Of facets (n, 3, 3) times `scale`, less `low` (3,), rounded to float32."""
    return indexed(*weld_scaled(facets, scale, np.zeros(3) if low is None else low))


def indexed(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> Topology:
    lost = (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])
    collapsed = int(lost.sum())
    kept = faces[~lost] if collapsed else faces
    return Topology(vertices, kept, edges_of(kept, len(vertices)), collapsed)


def with_turned(shape: Topology, bodies: NDArray[np.bool_]) -> Topology:
    """The same with the facets of some bodies (b,) turned round."""
    faces = shape.faces.copy()
    chosen = bodies[shape.edges.body]
    faces[chosen] = faces[chosen][:, ::-1]
    return indexed(shape.vertices, faces)


def close_seams(shape: Topology, tolerance_mm: float) -> Topology:
    """Weld the ends of bad edges that lie within `tolerance_mm` of one another; everything else stays.

    The mesh stays as it is if more than a tenth of its edges are bad, or if so much lies that close that facets would
    be lost by the hundred: it is no solid with seams.
    """
    if len(shape.edges.odd) > max(1000, 0.15 * len(shape.faces)):
        return shape
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    loose = shape.bad_vertices
    tree = cKDTree(shape.vertices[loose])
    if tree.count_neighbors(tree, tolerance_mm) > 10 * len(loose):
        return shape
    pairs = tree.query_pairs(tolerance_mm, output_type="ndarray")
    if not len(pairs):
        return shape
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(loose), len(loose)))
    _, label = connected_components(graph, directed=False)
    first = np.full(int(label.max()) + 1, -1, dtype=np.int64)
    first[label[::-1]] = loose[::-1]
    target = np.arange(len(shape.vertices), dtype=np.int64)
    target[loose] = first[label]
    closed = indexed(shape.vertices, target[shape.faces])
    return closed if closed.collapsed <= max(100, len(shape.faces) // 100) else shape


def body_labels(shape: Topology) -> tuple[int, NDArray[np.int32]]:
    """Number of connected bodies, and the body of each face (m,)."""
    return shape.edges.bodies, shape.edges.body


@dataclass(frozen=True, slots=True, eq=False)
class Integrals:
    """Of each body; all arrays (b,) or (b, 3)."""

    volume_mm3: NDArray[np.float64]
    """Signed; meaningless for an open body, negative for one that is inside out, as voids are."""
    area_mm2: NDArray[np.float64]
    moment_mm4: NDArray[np.float64]
    """First moments of the volume about the middle of the mesh's box."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    shortest_mm: float
    """Side of all facets."""


def integrals(shape: Topology) -> Integrals:
    body, bodies = shape.edges.body, shape.edges.bodies
    middle = (shape.vertices.min(axis=0) + shape.vertices.max(axis=0)) / 2
    if loops.worth(len(shape.faces)):
        from slicer_bridge.meshes import kernels

        table, shortest = kernels.integrals(shape.vertices, shape.faces, body, bodies, middle)
        return Integrals(table[:, 0], table[:, 1], table[:, 2:5], table[:, 5:8], table[:, 8:], float(shortest))
    table = np.zeros((bodies, 5))
    low, high, shortest = np.full((bodies, 3), np.inf), np.full((bodies, 3), -np.inf), np.inf
    for at in range(0, len(shape.faces), _CHUNK):
        facets, of = shape.vertices[shape.faces[at : at + _CHUNK]], body[at : at + _CHUNK]
        np.minimum.at(low, of, facets.min(axis=1))
        np.maximum.at(high, of, facets.max(axis=1))
        shortest = min(shortest, float(np.linalg.norm(facets - np.roll(facets, 1, axis=1), axis=2).min()))
        local = facets - middle
        cross = np.cross(local[:, 1] - local[:, 0], local[:, 2] - local[:, 0])
        six = np.einsum("ij,ij->i", local[:, 0], cross)
        for column, values in enumerate(
            (six / 6, np.linalg.norm(cross, axis=1) / 2, *(six[:, None] / 24 * local.sum(axis=1)).T)
        ):
            table[:, column] += np.bincount(of, weights=values, minlength=bodies)
    return Integrals(table[:, 0], table[:, 1], table[:, 2:], low, high, shortest)


def volume_mm3(facets: Facets) -> float:
    """Signed volume; meaningless for an open mesh, negative for one that is inside out."""
    local = facets - facets.reshape(-1, 3).mean(axis=0)
    return float(np.einsum("ij,ij->", local[:, 0], np.cross(local[:, 1], local[:, 2])) / 6.0)


def normals_and_areas(facets: Facets) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit normals (n, 3), zero for a facet without area, and areas (n,) in mm²."""
    cross = np.cross(facets[:, 1] - facets[:, 0], facets[:, 2] - facets[:, 0])
    length = np.linalg.norm(cross, axis=1)
    normals = np.divide(cross, length[:, None], out=np.zeros_like(cross), where=length[:, None] > 0)
    return normals, length / 2.0
