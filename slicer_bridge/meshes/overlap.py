"""Bodies that overlap or touch, counted once: the volume and the surface of their union, by manifold3d."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes.edges import components
from slicer_bridge.meshes.mesh import Integrals, Topology, topology
from slicer_bridge.meshes.shells import Shells

if TYPE_CHECKING:
    import manifold3d

MOST_BODIES = 5_000
MOST_UNITED = 1_000
"""Bodies whose boxes meet; uniting more takes longer than a stranger's file is given."""
MOST_FACETS = 3_000_000
_ROWS = 500
_SLACK = 1e-6
"""Share of the volume that is taken for rounding."""


@dataclass(frozen=True, slots=True)
class Union:
    """What adding up the bodies counts too much."""

    bodies: int = 0
    """That overlap or touch others."""
    volume_mm3: float = 0.0
    area_mm2: float = 0.0
    place: tuple[float, float, float] | None = None
    """Middle of the first overlap's box."""
    untested: int = 0
    """Bodies whose boxes overlap, of which it isn't known."""


def union_of(shape: Topology, per_body: Integrals, shells: Shells) -> Union:
    """Of the closed bodies that aren't inside out or the walls of voids."""
    solid = np.flatnonzero(shells.closed & ~shells.inverted & (shells.owner < 0))
    crowded = _crowded(shape, solid)
    if len(solid) > MOST_BODIES:
        return Union(untested=len(solid))
    one, other = _meeting(per_body.low[solid], per_body.high[solid])
    if not len(one) and not crowded.any():
        return Union()
    label = components(one, other, len(solid))
    groups = [solid[label == group] for group in np.unique(np.concatenate([label[one], label[crowded]]))]
    chosen = np.concatenate(groups)
    if len(chosen) > MOST_UNITED or int(np.isin(shape.edges.body, chosen).sum()) > MOST_FACETS:
        return Union(untested=len(chosen))
    bodies = _Bodies(shape, per_body, shells)
    found = [_united(bodies, group) for group in groups]
    real = [one for one in found if one.bodies]
    return Union(
        sum(one.bodies for one in real),
        sum(one.volume_mm3 for one in real),
        sum(one.area_mm2 for one in real),
        real[0].place if real else None,
        sum(one.untested for one in found),
    )


def _meeting(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of boxes (b, 3) that overlap or touch."""
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for at in range(0, len(low), _ROWS):
        meet = (low[at : at + _ROWS, None] <= high[None]).all(axis=2) & (high[at : at + _ROWS, None] >= low[None]).all(
            axis=2
        )
        rows, columns = np.nonzero(meet)
        rows = rows + at
        first.append(rows[rows < columns])
        second.append(columns[rows < columns])
    return np.concatenate(first), np.concatenate(second)


def _crowded(shape: Topology, solid: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the solid bodies have edges of four facets or more: they touch themselves."""
    odd = shape.edges.odd
    if not len(odd):
        return np.zeros(len(solid), np.bool_)
    at = np.zeros(len(shape.vertices), np.bool_)
    at[odd[:, :2]] = True
    return np.isin(solid, shape.edges.body[at[shape.faces].any(axis=1)])


class _Bodies:
    """The faces of each body, found by one sort."""

    def __init__(self, shape: Topology, per_body: Integrals, shells: Shells) -> None:
        self.per_body = per_body
        self._shape = shape
        self._order = np.argsort(shape.edges.body, kind="stable")
        self._begin = np.searchsorted(shape.edges.body[self._order], np.arange(shape.edges.bodies + 1))
        self._voids: dict[int, list[int]] = {}
        for void in np.flatnonzero(shells.owner >= 0).tolist():
            self._voids.setdefault(int(shells.owner[void]), []).append(void)

    def with_voids(self, body: int) -> list[int]:
        return [body, *self._voids.get(body, ())]

    def manifold(self, bodies: list[int]) -> "manifold3d.Manifold":
        import manifold3d

        faces = self._shape.faces[
            np.concatenate([self._order[self._begin[one] : self._begin[one + 1]] for one in bodies])
        ]
        used, index = np.unique(faces, return_inverse=True)
        corners = index.reshape(-1, 3).astype(np.uint64)
        return manifold3d.Manifold(manifold3d.Mesh64(vert_properties=self._shape.vertices[used], tri_verts=corners))


def united(shape: Topology, per_body: Integrals, shells: Shells) -> Topology:
    """All closed bodies as one mesh without overlaps; for meshes in which `union_of` found some."""
    import manifold3d

    bodies = _Bodies(shape, per_body, shells)
    solid = np.flatnonzero(shells.closed & ~shells.inverted & (shells.owner < 0))
    parts = [bodies.manifold(bodies.with_voids(body)) for body in solid.tolist()]
    pieces = [piece for part in parts for piece in _pieces(part)]
    mesh = manifold3d.Manifold.batch_boolean(pieces, manifold3d.OpType.Add).to_mesh64()
    faces = np.asarray(mesh.tri_verts, dtype=np.int64)
    return topology(np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3][faces])


def _pieces(made: "manifold3d.Manifold") -> "list[manifold3d.Manifold]":
    """Bodies that merely share an edge, apart; one with its voids stays whole."""
    pieces = made.decompose()
    return pieces if all(piece.volume() > 0 for piece in pieces) else [made]


def _united(bodies: _Bodies, group: NDArray[np.int64]) -> Union:
    import manifold3d

    parts: list[manifold3d.Manifold] = []
    volume = area = 0.0
    for body in group.tolist():
        own = bodies.with_voids(body)
        volume += float(bodies.per_body.volume_mm3[own].sum())
        area += float(bodies.per_body.area_mm2[own].sum())
        made = bodies.manifold(own)
        if made.status() != manifold3d.Error.NoError:
            return Union(untested=len(group))
        parts += _pieces(made)
    whole = manifold3d.Manifold.batch_boolean(parts, manifold3d.OpType.Add)
    saved, hidden = volume - whole.volume(), area - whole.surface_area()
    if saved <= _SLACK * volume and hidden <= _SLACK * area:
        return Union()
    return Union(len(parts), saved if saved > _SLACK * volume else 0.0, hidden, _place(parts))


def _place(parts: "list[manifold3d.Manifold]") -> tuple[float, float, float] | None:
    """Middle of the box of the first two parts' overlap."""
    for at, one in enumerate(parts):
        for other in parts[at + 1 : at + 50]:
            common = one ^ other
            if not common.is_empty():
                x, y, z, to_x, to_y, to_z = common.bounding_box()
                return ((x + to_x) / 2, (y + to_y) / 2, (z + to_z) / 2)
    return None
