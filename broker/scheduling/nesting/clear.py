"""The largest rectangle of a bed that its forbidden zones leave clear."""

from dataclasses import replace

import numpy as np

from broker.scheduling.nesting.bed import Bed, Zone

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in mm."""


def clear_part(bed: Bed) -> tuple[Bed, tuple[float, float]] | None:
    """A bed without zones, and where its low corner lies on this one, mm; None where the zones leave nothing."""
    free: set[Box] = {(0.0, 0.0, bed.width_mm, bed.depth_mm)}
    for zone in bed.forbidden:
        free = {part for one in free for part in _beside(one, zone)}
    if not free:
        return None
    x0, y0, x1, y1 = max(sorted(free), key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    return replace(bed, width_mm=x1 - x0, depth_mm=y1 - y0, forbidden=()), (x0, y0)


def _beside(free: Box, zone: Zone) -> list[Box]:
    """What is left, below, right and above of a zone."""
    x0, y0, x1, y1 = free
    (low_x, low_y), (high_x, high_y) = np.min(zone, axis=0).tolist(), np.max(zone, axis=0).tolist()
    if low_x >= x1 or high_x <= x0 or low_y >= y1 or high_y <= y0:
        return [free]
    parts = [(x0, y0, low_x, y1), (x0, y0, x1, low_y), (high_x, y0, x1, y1), (x0, high_y, x1, y1)]
    return [part for part in parts if part[0] < part[2] and part[1] < part[3]]
