"""What is wrong with a mesh's surface, and where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.facts import Hole
from slicer_bridge.meshes.edges import components, edges_of, pairs_of
from slicer_bridge.meshes.mesh import Topology
from slicer_bridge.meshes.welding import Corners, weld, weld_points

HOLES = 12
"""So many holes are told with their places; the others are counted."""
GRID_MM = 1e-4
"""CAD and slicers weld corners that are about so close."""
_TURNED_EDGES = 100_000
"""With more of them a mesh has no inside to speak of."""

_RIM_EDGES = 500_000
"""With more open edges than this it is no surface with holes."""

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Defects:
    """Of a surface, each with a place where it is so."""

    open_edges: int
    holes: int
    """0 if there are too many open edges to tell."""
    longest: tuple[Hole, ...]
    crowded_edges: int
    """Of three facets or more."""
    touching: bool
    """Each of those runs up as often as down: bodies merely touch there."""
    crowded_at: Place | None
    duplicate_facets: int
    duplicate_at: Place | None
    turned_facets: int
    turned_at: Place | None


def defects_of(shape: Topology) -> Defects:
    odd = shape.edges.odd
    crowded = odd[odd[:, 2] > 2]
    return Defects(
        int((odd[:, 2] == 1).sum()),
        *_holes(shape),
        len(crowded),
        bool((crowded[:, 2] == 2 * crowded[:, 3]).all()),
        _middle(shape, crowded[0, :2]) if len(crowded) else None,
        *_duplicate_facets(shape),
        *_turned_facets(shape),
    )


@dataclass(frozen=True, slots=True)
class Needles:
    """What becomes of a mesh when its corners are welded on a grid of `GRID_MM`."""

    facets: int
    """That lose a side."""
    edges: int
    """That then don't join exactly two facets, counting the collapsed ones."""
    exact_edges: int
    """That don't as it stands."""


def _holes(shape: Topology) -> tuple[int, tuple[Hole, ...]]:
    """How many there are, and the longest of them."""
    rim = shape.edges.odd[shape.edges.odd[:, 2] == 1, :2]
    if not 0 < len(rim) <= _RIM_EDGES:
        return 0, ()
    corners, ends = np.unique(rim, return_inverse=True)
    ends = ends.reshape(-1, 2)
    label = components(ends[:, 0], ends[:, 1], len(corners))
    found = int(label.max()) + 1
    of = label[ends[:, 0]]
    edges = np.bincount(of, minlength=found)
    lengths = np.linalg.norm(shape.vertices[rim[:, 1]] - shape.vertices[rim[:, 0]], axis=1)
    length = np.bincount(of, weights=lengths, minlength=found)
    count = np.bincount(label, minlength=found)
    middle = [np.bincount(label, weights=shape.vertices[corners, axis]) / count for axis in range(3)]
    longest = np.argsort(-length, kind="stable")[:HOLES].tolist()
    return found, tuple(
        Hole((float(middle[0][n]), float(middle[1][n]), float(middle[2][n])), int(edges[n]), float(length[n]))
        for n in longest
    )


def _duplicate_facets(shape: Topology) -> tuple[int, Place | None]:
    """Facets on the same three corners as another beyond the first, and where one is."""
    crowded = shape.edges.odd[shape.edges.odd[:, 2] > 2, :2]
    if not len(crowded):
        return 0, None
    at = np.zeros(len(shape.vertices), np.bool_)
    at[crowded] = True
    near = np.sort(shape.faces[at[shape.faces].all(axis=1)], axis=1)
    if not len(near):
        return 0, None
    each, count = np.unique(near, axis=0, return_counts=True)
    double = count > 1
    if not double.any():
        return 0, None
    return int((count[double] - 1).sum()), _middle(shape, each[double][0])


def _turned_facets(shape: Topology) -> tuple[int, Place | None]:
    if shape.edges.turned > _TURNED_EDGES:
        return shape.edges.turned, None
    wrong = np.flatnonzero(turned_patches(shape))
    return len(wrong), _middle(shape, shape.faces[wrong[0]]) if len(wrong) else None


def turned_patches(shape: Topology) -> NDArray[np.bool_]:
    """Facets (m,) that disagree with most of their body on which side is out.

    Facets that agree with their neighbours make patches; patches of a body are coloured by turns across the edges
    where they disagree, and the colour with fewer facets is the wrong one.
    """
    edges = shape.edges
    if not edges.turned:
        return np.zeros(len(shape.faces), np.bool_)
    one, other, agree = pairs_of(edges)
    patch = components(one[agree], other[agree], len(shape.faces))
    return np.isin(patch, _fewer(patch[one[~agree]], patch[other[~agree]], np.bincount(patch)))


def _fewer(one: NDArray[np.int32], other: NDArray[np.int32], size: NDArray[np.int64]) -> list[int]:
    """Patches of the colour that has fewer facets, of each group of patches that disagree across an edge."""
    neighbours: dict[int, set[int]] = {}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    colour: dict[int, bool] = {}
    wrong: list[int] = []
    for start in neighbours:
        if start in colour:
            continue
        colour[start], group = True, [start]
        for patch in group:  # grows as it goes
            for beside in neighbours[patch] - colour.keys():
                colour[beside] = not colour[patch]
                group.append(beside)
        sides = [[patch for patch in group if colour[patch] is side] for side in (True, False)]
        wrong += min(sides, key=lambda side: sum(int(size[patch]) for patch in side))
    return wrong


def needles(facets: Corners, scale: float) -> Needles:
    """Of facets (n, 3, 3) times `scale`, in mm, as they stand in the file.

    Welded on the grid, facets that are thinner than it collapse, and take the edges of others along.
    """
    vertices, faces = weld(facets)
    exact = edges_of(faces, len(vertices)).odd
    # Text may hold more digits than float32. Cell numbers are whole and below 2**24, exact in float32, up to 1.6 m.
    every = facets.dtype == np.float64
    cells, place = weld_points(np.round((facets.reshape(-1, 3) if every else vertices) * (scale / GRID_MM)))
    gridded = place.reshape(-1, 3) if every else place[faces]
    lost = (gridded[:, 0] == gridded[:, 1]) | (gridded[:, 1] == gridded[:, 2]) | (gridded[:, 2] == gridded[:, 0])
    odd = edges_of(gridded, len(cells)).odd
    return Needles(int(lost.sum()), _between_corners(odd), _between_corners(exact))


def _between_corners(odd: NDArray[np.int64]) -> int:
    """Without those of collapsed facets that begin and end at one corner."""
    return int((odd[:, 0] != odd[:, 1]).sum())


def _middle(shape: Topology, corners: NDArray[np.int64]) -> Place:
    x, y, z = shape.vertices[corners].mean(axis=0).tolist()
    return (x, y, z)
