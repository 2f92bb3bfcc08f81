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
from broker.scheduling.nesting.rectangular import rectangular_nests
from broker.scheduling.nesting.rivals import rival_plates
from broker.scheduling.nesting.ways import Ways, ways
from broker.scheduling.shapes import Shape
from broker.scheduling.stopping import Stop

MOST_AT_ONCE = 600
"""Pieces that are searched over together; of more, plates are repeated."""
MOST_WAYS = 120
"""Of all types together: the time to compare them grows with the square."""


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
    variants = {shape: nester.variants(bed, shape) for shape, number in sorted(pieces.items()) if number}
    refused = {shape: pieces[shape] for shape, some in variants.items() if not some}
    wanted = {shape: pieces[shape] for shape in variants if shape not in refused}
    if not wanted:
        return Packed((), refused, 0)
    nests = rectangular_nests(nester.shapes, wanted, bed, nester.angles_deg, stop, seed)
    if nests is None:
        few = fewer_ways([variants[shape] for shape in wanted])
        nests = _true_to_shape(nester.shapes, wanted, few, bed, stop, seed)
    for nest in dict.fromkeys(nests):
        check_exactly(nester.shapes, nest, bed)
    return Packed(tuple(nests), refused, bound_of(nester.shapes, bed, wanted))


def fewer_ways(variants: list[tuple[Variant, ...]]) -> list[tuple[Variant, ...]]:
    """Of each type at most so many that their pairs can be looked at: first those whose boxes are smallest."""
    most = max(1, MOST_WAYS // len(variants))
    return [tuple(sorted(some, key=lambda way: round(way.size_mm[0] * way.size_mm[1], 3))[:most]) for some in variants]


def _true_to_shape(
    shapes: tuple[Shape, ...],
    wanted: dict[int, int],
    variants: list[tuple[Variant, ...]],
    bed: Bed,
    stop: Stop,
    seed: int,
) -> list[Nest]:
    laid, cell_mm = ways([[pose.outline for pose in shapes[shape].poses] for shape in wanted], variants, bed)
    flat = [variant for some in variants for variant in some]
    times = max(1, sum(wanted.values()) // MOST_AT_ONCE)
    nests: list[Nest] = []
    for repeated, share in ((times, [n // times for n in wanted.values()]), (1, [n % times for n in wanted.values()])):
        if any(share):
            bound = bound_of(shapes, bed, dict(zip(wanted, share, strict=True)))
            nests += [*_nests(_searched(laid, share, bound, stop, seed), flat, cell_mm)] * repeated
    return nests


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
