"""One part in straight rows: its boxes side by side, some rows in one direction and the rest in another.

First fit on a grid (`firstfit`) interlocks parts; straight rows win where parts are nearly rectangles, and lie exactly.
"""

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.nest import Spot
from broker.scheduling.nesting.ways import EXACT_MM


def in_rows(bed: Bed, first: Variant, second: Variant, most: int) -> list[Spot]:
    """Rows of `first`, then rows of `second`, in the shares that hold most; `most` pieces at most."""
    width, depth, gap = bed.width_mm, bed.depth_mm, bed.spacing_mm
    rows = _fitting(depth, first.size_mm[1], gap)
    counts = []
    for k in range(rows + 1):
        rest = depth - k * (first.size_mm[1] + gap)
        others = _fitting(rest, second.size_mm[1], gap) * _fitting(width, second.size_mm[0], gap)
        counts.append((k * _fitting(width, first.size_mm[0], gap) + others, k))
    _, k = max(counts)
    y = k * (first.size_mm[1] + gap)
    spots = _rows(first, width, y - gap, gap, 0.0, most)
    return spots + _rows(second, width, depth - y, gap, y, most - len(spots))


def in_columns(bed: Bed, first: Variant, second: Variant, most: int) -> list[Spot]:
    """As `in_rows`, with columns for rows."""
    bed = Bed(bed.depth_mm, bed.width_mm, bed.height_mm, bed.spacing_mm)
    mirrored = {_mirrored(variant): variant for variant in (first, second)}
    spots = in_rows(bed, _mirrored(first), _mirrored(second), most)
    return [(mirrored[variant], y, x) for variant, x, y in spots]


def _fitting(length: float, part: float, gap: float) -> int:
    """Parts side by side within a length."""
    return max(0, int((length + gap + EXACT_MM) / (part + gap)))


def _rows(variant: Variant, width: float, depth: float, gap: float, from_y: float, most: int) -> list[Spot]:
    across, along = _fitting(width, variant.size_mm[0], gap), _fitting(depth, variant.size_mm[1], gap)
    if not across:
        return []
    pitch_x, pitch_y = variant.size_mm[0] + gap, variant.size_mm[1] + gap
    places = (divmod(k, across) for k in range(min(across * along, most)))
    return [(variant, column * pitch_x, from_y + row * pitch_y) for row, column in places]


def _mirrored(variant: Variant) -> Variant:
    """With width and depth exchanged: it only stands for the variant while rows are laid out."""
    return Variant(variant.shape, variant.pose, variant.angle_deg, variant.low_mm, variant.size_mm[::-1])
