"""Parts on as few equal plates as can be found."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.construct import first_fit
from broker.scheduling.nesting.eliminate import eliminate
from broker.scheduling.nesting.layout import Layout, empty_layout
from broker.scheduling.nesting.nest import Nest, check_exactly, nest_of
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.rivals import rival_plates
from broker.scheduling.nesting.ways import Ways, ways
from broker.scheduling.shapes import Shape
from broker.scheduling.stopping import Stop

MOST_AT_ONCE = 600
"""Pieces that are searched over together; of more, plates are repeated."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Plates that hold all that fits any."""

    nests: tuple[Nest, ...]
    refused: dict[int, int]
    """Number by shape of what fits no plate at all."""
    bound: int
    """Nothing lies on fewer plates."""


def packed(nester: Nester, bed: Bed, pieces: dict[int, int], stop: Stop, seed: int = 1) -> Packed:
    """`pieces` (number by shape) on plates like `bed`; the better, the later `stop` comes."""
    variants = {shape: nester.variants(bed, shape) for shape, number in pieces.items() if number}
    refused = {shape: pieces[shape] for shape, some in variants.items() if not some}
    wanted = {shape: number for shape, number in sorted(pieces.items()) if number and shape not in refused}
    if not wanted:
        return Packed((), refused, 0)
    shapes = nester.shapes
    laid, cell_mm = ways(
        [[pose.outline for pose in shapes[s].poses] for s in wanted], [variants[s] for s in wanted], bed
    )
    times = max(1, sum(wanted.values()) // MOST_AT_ONCE)
    flat = [variant for shape in wanted for variant in variants[shape]]
    nests: list[Nest] = []
    for repeated, numbers in (
        (times, [n // times for n in wanted.values()]),
        (1, [n % times for n in wanted.values()]),
    ):
        if any(numbers):
            found = _searched(laid, numbers, bound_of(shapes, bed, dict(zip(wanted, numbers, strict=True))), stop, seed)
            for plate in _nests(found, flat, cell_mm):
                check_exactly(shapes, plate, bed)
                nests += [plate] * repeated
    return Packed(tuple(nests), refused, bound_of(shapes, bed, wanted))


def _searched(laid: Ways, numbers: list[int], bound: int, stop: Stop, seed: int) -> Layout:
    kind = np.repeat(np.arange(len(numbers)), numbers).astype(np.int64)
    layout = empty_layout(laid, kind, len(kind), seed)
    order = np.argsort(-laid.size[kind], kind="stable").astype(np.int64)
    full = np.zeros((len(kind), len(numbers)), dtype=np.bool_)
    plates = first_fit(laid, layout, order, full, 0)
    least = max(bound, rival_plates(laid, np.array(numbers, dtype=np.int64)))
    eliminate(laid, layout, plates, least, stop, seed)
    return layout


def _nests(layout: Layout, flat: list[Variant], cell_mm: float) -> Iterator[Nest]:
    place = layout.place
    for plate in range(int(place[:, 0].max()) + 1):
        rows = place[place[:, 0] == plate].tolist()
        yield nest_of([(flat[variant], column * cell_mm, row * cell_mm) for _, variant, row, column in rows])


def bound_of(shapes: tuple[Shape, ...], bed: Bed, wanted: dict[int, int]) -> int:
    """Least plates by area: parts grown by half the spacing never overlap on a plate grown by as much."""
    half = bed.spacing_mm / 2
    usable = shapely.box(-half, -half, bed.width_mm + half, bed.depth_mm + half).area
    usable -= shapely.union_all([shapely.Polygon(zone) for zone in bed.forbidden]).area
    area = 0.0
    for shape, number in wanted.items():
        # Widened with chords, which lie within the true region.
        area += number * min(shapely.Polygon(pose.outline).buffer(half).area for pose in shapes[shape].poses)
    return max(1, int(np.ceil(area / usable - 1e-9))) if usable > 0 else 1
