"""Where all parts are rectangles along the axes, they are packed as such: exactly, and without a grid."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.rectangles.problem import Bins, Rectangles
from broker.scheduling.rectangles.solve import pack
from broker.scheduling.shapes import Floats, Shape
from broker.scheduling.stopping import Stop

RECTANGLE = 1e-9
"""Share of its box that a rectangle's outline may lack, as rounding."""
QUARTER_DEG = 90.0


def rectangular_nests(
    shapes: Sequence[Shape],
    wanted: Mapping[int, int],
    bed: Bed,
    angles_deg: tuple[float, ...] | None,
    stop: Stop,
    seed: int,
) -> list[Nest] | None:
    """All that is wanted (number by shape); None where something isn't a rectangle, or fits only at a slant."""
    turns = _quarter_turns(angles_deg)
    kinds = list(wanted)
    sizes = [_size(shapes[shape]) for shape in kinds]
    if bed.forbidden or turns is None or any(size is None for size in sizes):
        return None
    size = np.array(sizes, dtype=np.float64)
    quantity = np.array(list(wanted.values()), dtype=np.int64)
    problem = Rectangles(size, quantity, (bed.width_mm, bed.depth_mm), bed.spacing_mm, turns)
    bins = pack(problem, stop, seed)
    return None if len(bins.left_out) else [_nest(bins, number, kinds, size) for number in range(bins.number)]


def _quarter_turns(angles_deg: tuple[float, ...] | None) -> bool | None:
    """Whether rectangles may be turned; None where they lie neither straight nor as they like."""
    if angles_deg is None or {angle % 180.0 for angle in angles_deg} == {0.0, QUARTER_DEG}:
        return True
    return False if 0.0 in angles_deg else None


def _size(shape: Shape) -> Floats | None:
    """[2] width and depth of a rectangle that lies along the axes in its only pose."""
    outline = shape.poses[0].outline
    size: Floats = np.ptp(outline, axis=0)
    whole = shapely.Polygon(outline).area >= (1 - RECTANGLE) * size.prod()
    return size if whole and len(shape.poses) == 1 else None


def _nest(bins: Bins, number: int, kinds: list[int], size: Floats) -> Nest:
    here = np.flatnonzero(bins.bin == number)
    item, turned = bins.item[here], bins.turned[here]
    at = np.stack([bins.x[here], bins.y[here], np.where(turned, QUARTER_DEG, 0.0)], axis=1)
    laid = np.where(turned[:, None], size[item][:, ::-1], size[item])
    used = (at[:, :2] + laid).max(axis=0)
    # A quarter turn about the low corner takes the part to the other side of it.
    at[:, 0] += np.where(turned, size[item, 1], 0.0)
    shapes = tuple(kinds[kind] for kind in item.tolist())
    return Nest(shapes, (0,) * len(shapes), at, (float(used[0]), float(used[1])))
