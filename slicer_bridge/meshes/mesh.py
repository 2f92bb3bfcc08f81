"""Topology and integrals of a triangle mesh, in numpy; scipy only for the connected components."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Facets = NDArray[np.float64]
"""Shape (n, 3, 3): facet, corner, xyz; mm."""


@dataclass(frozen=True, slots=True)
class Topology:
    """How the facets of a mesh hang together, after welding equal corners.

    `faces` is (m, 3) int64 indices into `vertices` (k, 3) float64, mm; facets that lost a side are left out.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    collapsed: int
    """Facets left out: two of their corners are one."""
    edges_in_file: int
    """Undirected edges that don't belong to exactly two facets, counting the collapsed facets too."""
    bad_edges: int
    """The same without the collapsed facets."""
    turned_edges: int
    """Edges of two facets that run through them in the same direction: neighbours disagree on the outside."""
    open_at: tuple[float, float, float] | None
    """Middle of one bad edge."""
    bad_vertices: NDArray[np.int64]
    """Ends of the bad edges."""

    @property
    def watertight(self) -> bool:
        return self.bad_edges == 0 and self.turned_edges == 0 and len(self.faces) > 0

    @property
    def facets(self) -> Facets:
        return self.vertices[self.faces]


def weld(facets: Facets) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Join corners that are equal in float32: vertices (k, 3) and faces (n, 3)."""
    corners = facets.reshape(-1, 3).astype(np.float32) + np.float32(0.0)
    bits = corners.view(np.uint32).astype(np.uint64)
    key = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    key ^= (bits[:, 1] + np.uint64(0x7F4A7C15)) * np.uint64(0xC2B2AE3D27D4EB4F)
    key ^= (bits[:, 2] + np.uint64(0x165667B1)) * np.uint64(0x165667B19E3779F9)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    vertices = corners[first]
    if not np.array_equal(vertices[inverse], corners):  # two corners share a hash: compare in full
        vertices, inverse = np.unique(corners, axis=0, return_inverse=True)
    return vertices.astype(np.float64), inverse.reshape(-1, 3).astype(np.int64)


def topology(facets: Facets) -> Topology:
    return _topology(*weld(facets))


def _topology(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> Topology:
    lost = (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])
    in_file = _edges(faces, len(vertices)).bad if lost.any() else None
    edges = _edges(faces[~lost], len(vertices))
    bad = edges.key[edges.bad]
    ends = np.stack([bad // len(vertices), bad % len(vertices)], axis=1)
    middle = None
    if len(ends):
        x, y, z = vertices[ends[0]].mean(axis=0)
        middle = (float(x), float(y), float(z))
    return Topology(
        vertices=vertices,
        faces=faces[~lost],
        collapsed=int(lost.sum()),
        edges_in_file=int((edges.bad if in_file is None else in_file).sum()),
        bad_edges=len(bad),
        turned_edges=int(((edges.forward != 1) & ~edges.bad).sum()),
        open_at=middle,
        bad_vertices=np.unique(ends),
    )


@dataclass(frozen=True, slots=True)
class _Edges:
    """Undirected edges, each once; all arrays (e,). `key` = low end * vertices + high end, `forward` = uses upwards."""

    key: NDArray[np.int64]
    forward: NDArray[np.int64]
    bad: NDArray[np.bool_]


def _edges(faces: NDArray[np.int64], vertices: int) -> _Edges:
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    key = np.minimum(start, end) * np.int64(vertices) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    edges, begin, count = np.unique(key[order], return_index=True, return_counts=True)
    if not len(edges):
        return _Edges(edges, np.empty(0, np.int64), np.empty(0, np.bool_))
    forward = np.add.reduceat((start < end)[order].astype(np.int64), begin)
    return _Edges(edges, forward, count != 2)


def close_seams(shape: Topology, tolerance_mm: float) -> Topology:
    """Weld the ends of bad edges that lie within `tolerance_mm` of one another; everything else stays."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    loose = shape.bad_vertices
    pairs = cKDTree(shape.vertices[loose]).query_pairs(tolerance_mm, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(loose), len(loose)))
    _, label = connected_components(graph, directed=False)
    first = np.full(int(label.max()) + 1, -1, dtype=np.int64)
    first[label[::-1]] = loose[::-1]
    target = np.arange(len(shape.vertices), dtype=np.int64)
    target[loose] = first[label]
    return _topology(shape.vertices, target[shape.faces])


def body_labels(shape: Topology) -> tuple[int, NDArray[np.int32]]:
    """Number of connected bodies, and the body of each face (m,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    faces, size = shape.faces, len(shape.vertices)
    rows = np.concatenate([faces[:, 0], faces[:, 1]])
    columns = np.concatenate([faces[:, 1], faces[:, 2]])
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    used, of_face = np.unique(labels[faces[:, 0]], return_inverse=True)
    return len(used), of_face.astype(np.int32)


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
