"""Parts laid out on one bed, and the exact check that every nest must pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from broker.scheduling.errors import NestingFault
from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.ways import EXACT_MM
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Shape

Spot = tuple[Variant, float, float]
"""A variant, and where its low corner lies from the bed's usable corner, mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Nest:
    """Parts laid out: `shape[k]`, `pose[k]`, and `at[k, 3]` rows of x, y, angle_deg, from the bed's usable corner."""

    shape: tuple[int, ...]
    pose: tuple[int, ...]
    at: Floats
    used_mm: tuple[float, float]
    """Extent of what is placed, from the usable corner."""


def nest_of(spots: Sequence[Spot]) -> Nest:
    at = np.zeros((len(spots), 3))
    used = (0.0, 0.0)
    for number, (variant, x, y) in enumerate(spots):
        at[number] = x - variant.low_mm[0], y - variant.low_mm[1], variant.angle_deg
        used = max(used[0], x + variant.size_mm[0]), max(used[1], y + variant.size_mm[1])
    variants = [variant for variant, _, _ in spots]
    return Nest(tuple(v.shape for v in variants), tuple(v.pose for v in variants), at, used)


def check_exactly(shapes: Sequence[Shape], nest: Nest, bed: Bed) -> None:
    """Measure with the outlines themselves.

    Raises
    ------
    NestingFault
        A part lies off the bed, in a forbidden zone, or closer to another than the spacing.
    """
    polygons = np.array(
        [
            shapely.Polygon(turned(shapes[shape].poses[pose].outline, angle) + np.array([x, y]))
            for shape, pose, (x, y, angle) in zip(nest.shape, nest.pose, nest.at.tolist(), strict=True)
        ],
        dtype=object,
    )
    if not len(polygons):
        return
    bounds = shapely.total_bounds(polygons)
    if bounds[:2].min() < -EXACT_MM or bounds[2] > bed.width_mm + EXACT_MM or bounds[3] > bed.depth_mm + EXACT_MM:
        raise NestingFault(f"a part lies off the bed: {bounds.tolist()}")
    for zone in bed.forbidden:
        if shapely.area(shapely.intersection(polygons, shapely.Polygon(zone))).max() > EXACT_MM * bed.width_mm:
            raise NestingFault("a part lies in a forbidden zone")
    left, right = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=bed.spacing_mm + EXACT_MM)
    pairs = left < right
    gaps = shapely.distance(polygons[left[pairs]], polygons[right[pairs]])
    touching = shapely.area(shapely.intersection(polygons[left[pairs]], polygons[right[pairs]]))
    if (gaps < bed.spacing_mm - EXACT_MM).any() or (touching > EXACT_MM * bed.width_mm).any():
        raise NestingFault(f"parts lie {gaps.min():.4f} mm apart, must be {bed.spacing_mm:g} mm")
