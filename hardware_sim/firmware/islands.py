"""Which separate islands stand on the bed, told from the deposits of the first layer, and losing one of them."""

from array import array
from dataclasses import dataclass
from math import ceil, hypot

CELL_MM = 0.5
MIN_SIDE_MM = 2.5
MIN_FILL = 0.15
"""Narrower islands are purge lines; emptier ones are skirts around the parts."""


@dataclass(frozen=True, slots=True)
class LostIsland:
    """The neighbourhood of one island: every place that is nearer to it than to any other."""

    columns: int
    rows: int
    lost: bytes
    """1 per lost cell, row by row from y = 0."""

    def covers(self, x: float, y: float) -> bool:
        column, row = int(x / CELL_MM), int(y / CELL_MM)
        inside = 0 <= column < self.columns and 0 <= row < self.rows
        return inside and self.lost[row * self.columns + column] == 1


def lose_island(first_layer: "array[float]", bed_mm: tuple[float, float], wanted: int) -> LostIsland | None:
    """The island number `wanted` (modulo their number) of these rows (x0 y0 x1 y1 z e); None if there is none."""
    # Imported here: a machine without this fault needs neither, and starts in a third of the time.
    import numpy as np
    from scipy import ndimage

    columns, rows = ceil(bed_mm[0] / CELL_MM) + 1, ceil(bed_mm[1] / CELL_MM) + 1
    grid = np.zeros((rows, columns), dtype=np.bool_)
    for start in range(0, len(first_layer), 6):
        x0, y0, x1, y1 = first_layer[start : start + 4]
        steps = max(1, ceil(hypot(x1 - x0, y1 - y0) / (CELL_MM / 2)))
        xs = np.linspace(x0, x1, steps + 1) / CELL_MM
        ys = np.linspace(y0, y1, steps + 1) / CELL_MM
        grid[np.clip(ys.astype(np.intp), 0, rows - 1), np.clip(xs.astype(np.intp), 0, columns - 1)] = True
    labels, _ = ndimage.label(grid, structure=np.ones((3, 3)))
    parts = []
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        height, width = (side.stop - side.start for side in window)
        filled = float((labels[window] == number).mean())
        if min(height, width) * CELL_MM >= MIN_SIDE_MM and filled >= MIN_FILL:
            parts.append(number)
    if not parts:
        return None
    standing = np.where(np.isin(labels, parts), labels, 0)
    nearest = ndimage.distance_transform_edt(standing == 0, return_distances=False, return_indices=True)
    owner = standing[tuple(nearest)]
    lost = owner == parts[wanted % len(parts)]
    return LostIsland(columns, rows, lost.astype(np.uint8).tobytes())
