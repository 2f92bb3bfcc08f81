"""Which closed bodies of a mesh are solid, which are the walls of voids in others, and which are inside out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes.edges import pairs_of
from slicer_bridge.meshes.mesh import Facets, Integrals, Topology

_MOST_WORK = 50_000_000
"""Facets looked at to see what lies in what; beyond it boxes alone decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Shells:
    """Of each body; all arrays (b,)."""

    closed: NDArray[np.bool_]
    inverted: NDArray[np.bool_]
    """Closed, looks inwards, and lies in no other body."""
    owner: NDArray[np.int64]
    """The body whose void this is the wall of; -1 if it isn't."""


def shells(shape: Topology, per_body: Integrals) -> Shells:
    closed = closed_bodies(shape)
    owner = np.full(len(closed), -1, np.int64)
    negative = np.flatnonzero(closed & (per_body.volume_mm3 < 0))
    positive = np.flatnonzero(closed & (per_body.volume_mm3 > 0))
    by_size = positive[np.argsort(per_body.volume_mm3[positive], kind="stable")]
    work = 0
    for body in negative.tolist() if len(by_size) else ():
        inside = (per_body.low[by_size] <= per_body.low[body]).all(axis=1)
        inside &= (per_body.high[by_size] >= per_body.high[body]).all(axis=1)
        for around in by_size[inside].tolist():
            of = shape.edges.body == around
            work += len(of)
            point = shape.vertices[shape.faces[np.argmax(shape.edges.body == body), 0]]
            if work > _MOST_WORK or winding(shape.vertices[shape.faces[of]], point) > 0.5:
                owner[body] = around
                break
    inverted = np.zeros(len(closed), np.bool_)
    inverted[negative] = owner[negative] < 0
    return Shells(closed, inverted, owner)


def closed_bodies(shape: Topology) -> NDArray[np.bool_]:
    """(b,): every edge runs up as often as down. A body that shares a corner with an open one may count as open."""
    edges = shape.edges
    closed = np.ones(edges.bodies, np.bool_)
    loose = np.zeros(len(shape.vertices), np.bool_)
    loose[edges.odd[edges.odd[:, 2] != 2 * edges.odd[:, 3], :2]] = True
    if loose.any():
        closed[edges.body[loose[shape.faces].any(axis=1)]] = False
    if edges.turned:
        one, _, agree = pairs_of(edges)
        closed[edges.body[one[~agree]]] = False
    return closed


def winding(facets: Facets, point: NDArray[np.float64]) -> float:
    """How often facets (n, 3, 3) go round `point` (3,): 1 inside of a solid, 0 outside.

    Van Oosterom and Strackee, The solid angle of a plane triangle, IEEE Trans. Biomed. Eng. 30 (1983) 125.
    """
    a, b, c = np.moveaxis(facets - point, 1, 0)
    la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
    over = np.einsum("ij,ij->i", a, np.cross(b, c))
    under = la * lb * lc
    for one, other, length in ((a, b, lc), (b, c, la), (c, a, lb)):
        under += np.einsum("ij,ij->i", one, other) * length
    return float(np.arctan2(over, under).sum() / (2 * np.pi))
