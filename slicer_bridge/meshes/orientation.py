"""Stable ways to lay a mesh on the bed: its own, and flat sides of its convex hull that carry its centre of mass.

Which comes first is a matter of cost. Of each way is added up, less is better:

- 3 × overhang area ÷ area of the part: support is printed, torn off, and leaves marks;
- ¼ × height ÷ diagonal of the part: every layer takes time;
- ½ × contact area ÷ area of the part, taken off: it holds on to the bed;
- 1/50 for every time that it is higher than four times its narrower side: it sways;
- 1/10 off for the file's own way: whoever drew it had reasons, such as where the layers bear load.

The weights are rules of thumb, chosen on fourteen open-hardware parts so that the order is what their makers print.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.facts import Orientation, Rotation
from slicer_bridge.meshes import loops
from slicer_bridge.meshes.hull import carries, hull_of, turn_down
from slicer_bridge.meshes.mesh import Topology
from slicer_bridge.meshes.shadow import convex, outline_of

ALTERNATIVES = 6
OVERHANG_DEG = 45.0
"""Facets that lean out further than this from the vertical need support (rule of thumb for FDM)."""
_CONTACT_MM = 0.05
_FLAT = 0.999
_MIN_CONTACT_SHARE = 0.02
"""Of the ground it covers; less contact than this is no way to stand."""
_SIDES = 48
_OVERHANG, _HEIGHT, _CONTACT, _SWAY, _SLENDER, _OWN = 3.0, 0.25, 0.5, 0.02, 4.0, 0.1
_CHUNK = 1 << 16

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lying:
    """A mesh turned by `turn` (3, 3), then moved by less `low` (3,); mm."""

    turn: Matrix
    low: Matrix
    size: Matrix
    overhang_mm2: float
    contact_mm2: float
    ground_mm2: float
    """Of the convex hull of its shadow."""

    @property
    def stands(self) -> bool:
        return self.contact_mm2 >= _MIN_CONTACT_SHARE * self.ground_mm2 and self.contact_mm2 > 0


def orientations(shape: Topology, area_mm2: float, centre: Matrix) -> tuple[Orientation, ...]:
    """Best first, the file's own way among them. `centre`: of mass, (3,) mm."""
    hull = hull_of(shape.vertices, _SIDES)
    turns = [np.eye(3)]
    points = shape.vertices
    if hull is not None:
        turns += [turn_down(side) for side in hull.sides if side.normal[2] > -0.9998 and carries(side, centre)]
        points = hull.points
    own, *others = _lay(shape, points, turns)
    ways = [own, *sorted((way for way in others if way.stands), key=lambda way: _cost(way, area_mm2))[:ALTERNATIVES]]
    # What has no flat contact stays for whoever wants it, behind all that stand.
    ways.sort(key=lambda way: (not way.stands, _cost(way, area_mm2) - (_OWN if way is own else 0.0)))
    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(lambda way: _orientation(shape, way), ways))


def _cost(way: Lying, area_mm2: float) -> float:
    width, depth, height = (float(value) for value in way.size)
    diagonal = float(np.linalg.norm(way.size)) or 1.0
    area = area_mm2 or 1.0
    sways = max(0.0, height / (min(width, depth) or 1.0) - _SLENDER)
    surface = (_OVERHANG * way.overhang_mm2 - _CONTACT * way.contact_mm2) / area
    return surface + _HEIGHT * height / diagonal + _SWAY * min(sways, 1e3)


def _lay(shape: Topology, points: Matrix, turns: list[Matrix]) -> list[Lying]:
    """`points` (h, 3) are those of the convex hull, or more."""
    turned = [points @ turn.T for turn in turns]
    low = np.array([one.min(axis=0) for one in turned])
    high = np.array([one.max(axis=0) for one in turned])
    down = -np.array([turn[2] for turn in turns])
    areas = _beds(shape, down, -low[:, 2])
    ground = [convex(one[:, :2]).area for one in turned]
    return [
        Lying(turn, low[way], high[way] - low[way], float(areas[way, 0]), float(areas[way, 1]), ground[way])
        for way, turn in enumerate(turns)
    ]


def _beds(shape: Topology, down: Matrix, floor: Matrix) -> Matrix:
    """Area that hangs and area that rests on the bed, (t, 2) mm², for directions down (t, 3) with their floors (t,)."""
    steep = float(np.sin(np.radians(OVERHANG_DEG))) + 1e-3
    if loops.worth(len(shape.faces)):
        from slicer_bridge.meshes import kernels

        return kernels.beds(shape.vertices, shape.faces, down, floor, _CONTACT_MM, _FLAT, steep)
    out = np.zeros((len(down), 2))
    for at in range(0, len(shape.faces), _CHUNK):
        facets = shape.vertices[shape.faces[at : at + _CHUNK]]
        cross = np.cross(facets[:, 1] - facets[:, 0], facets[:, 2] - facets[:, 0])
        length = np.linalg.norm(cross, axis=1)
        for way, (to, level) in enumerate(zip(down, floor, strict=True)):
            lean = cross @ to
            rests = (lean > _FLAT * length) & ((facets @ to).min(axis=1) > level - _CONTACT_MM)
            hangs = (lean > steep * length) & ~rests
            out[way] += [length[hangs].sum() / 2, length[rests].sum() / 2]
    return out


def _orientation(shape: Topology, way: Lying) -> Orientation:
    width, depth, height = (float(value) for value in way.size)
    return Orientation(
        rotation=_as_rotation(way.turn),
        size_mm=(width, depth, height),
        outline=outline_of(shape, way.turn, way.low, way.size),
        overhang_mm2=way.overhang_mm2,
        contact_mm2=way.contact_mm2,
    )


def _as_rotation(turn: Matrix) -> Rotation:
    a, b, c, d, e, f, g, h, i = (float(value) for value in turn.reshape(-1))
    return (a, b, c, d, e, f, g, h, i)
