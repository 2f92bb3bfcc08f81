"""How facets hang together: their edges, those that don't join two facets, and the bodies that the others make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes import loops

Ints = NDArray[np.int64]
_FACET = np.int64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Undirected edges of faces (m, 3).

    `start` (k + 1,) and `packed` (3m,) hold the half-edges, sorted by their low end, then their high end: those of
    vertex v are packed[start[v]:start[v + 1]], each high end * 2**33 + 2**32 if the facet runs upwards + facet.
    """

    start: Ints
    packed: Ints
    odd: Ints
    """Edges that don't join exactly two facets, (e, 4): low end, high end, facets, how many of them run upwards."""
    turned: int
    """Edges of two facets that run through them in the same direction: neighbours disagree on the outside."""
    body: NDArray[np.int32]
    """Of each facet (m,); facets that share an edge are of one body. Numbered by first facet."""
    bodies: int


def edges_of(faces: Ints, vertices: int) -> Edges:
    if loops.worth(len(faces)):
        from slicer_bridge.meshes import kernels

        start, packed = kernels.half_edges(faces, vertices)
        odd, turned, body, bodies = kernels.joined(start, packed, len(faces))
        return Edges(start, packed, odd, turned, body, bodies)
    start, packed, low = _half_edges(faces, vertices)
    return _joined(start, packed, low, len(faces))


def pairs_of(edges: Edges) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Facets that share an edge of two, and whether they run through it in opposite directions; all (p,)."""
    low = np.repeat(np.arange(len(edges.start) - 1), np.diff(edges.start))
    high, up, facet = edges.packed >> 33, (edges.packed >> 32) & 1, edges.packed & _FACET
    first = _firsts(low, high)
    pair = first[np.diff(np.append(first, len(low))) == 2]
    return facet[pair], facet[pair + 1], up[pair] != up[pair + 1]


def _firsts(low: Ints, high: Ints) -> Ints:
    """Where each edge begins among sorted half-edges."""
    return np.flatnonzero(np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])]))


def _half_edges(faces: Ints, vertices: int) -> tuple[Ints, Ints, Ints]:
    begin, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    facet = np.repeat(np.arange(len(faces), dtype=np.int64), 3)
    packed = (high << 33) | ((begin < end).astype(np.int64) << 32) | facet
    order = np.lexsort((packed, low))
    start = np.concatenate([[0], np.cumsum(np.bincount(low, minlength=vertices))]).astype(np.int64)
    return start, packed[order], low[order]


def _joined(start: Ints, packed: Ints, low: Ints, faces: int) -> Edges:
    if not faces:
        return Edges(start, packed, np.empty((0, 4), np.int64), 0, np.empty(0, np.int32), 0)
    high = packed >> 33
    first = _firsts(low, high)
    count = np.diff(np.append(first, len(packed)))
    up = np.add.reduceat((packed >> 32) & 1, first)
    odd = count != 2
    columns = np.stack([low[first], high[first], count, up], axis=1)[odd]
    facet = packed & _FACET
    inner = np.ones(len(packed), np.bool_)
    inner[first] = False
    body = components(facet[np.flatnonzero(inner) - 1], facet[inner], faces)
    return Edges(start, packed, columns, int(((up != 1) & ~odd).sum()), body, int(body.max()) + 1)


def components(one: Ints, other: Ints, count: int) -> NDArray[np.int32]:
    """Components of the graph of `count` nodes with edges one–other, numbered by first node.

    Each node points to the least of its component as far as known; pointers are halved until nothing moves.
    """
    parent = np.arange(count, dtype=np.int64)
    while True:
        a, b = parent[one], parent[other]
        apart = a != b
        if not apart.any():
            break
        np.minimum.at(parent, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while True:
            shorter = parent[parent]
            if np.array_equal(shorter, parent):
                break
            parent = shorter
    _, label = np.unique(parent, return_inverse=True)
    return label.astype(np.int32)
