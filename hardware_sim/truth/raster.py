"""Toolpaths and outlines as cells of a grid.

Cells are `CELL_MM` wide; arrays are indexed [row, column], row 0 at the grid's smallest y.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

CELL_MM = 0.25
CHUNK_SAMPLES = 4_000_000

Cells = NDArray[np.intp]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Origin in mm, and its size in cells."""

    x: float
    y: float
    columns: int
    rows: int

    @staticmethod
    def around(x0: float, y0: float, x1: float, y1: float, margin_cells: int = 3) -> "Grid":
        """The grid that covers this box, and a margin."""
        margin = margin_cells * CELL_MM
        columns = int(np.ceil((x1 - x0 + 2 * margin) / CELL_MM)) + 1
        rows = int(np.ceil((y1 - y0 + 2 * margin) / CELL_MM)) + 1
        return Grid(x0 - margin, y0 - margin, columns, rows)

    def centres(self, window: tuple[slice, slice]) -> tuple[Floats, Floats]:
        """Coordinates of the cells' centres in this window, mm, each (rows, columns)."""
        ys = self.y + (np.arange(window[0].start, window[0].stop) + 0.5) * CELL_MM
        xs = self.x + (np.arange(window[1].start, window[1].stop) + 0.5) * CELL_MM
        grid_x, grid_y = np.meshgrid(xs, ys)
        return grid_x, grid_y

    def inside(self, outline: Polygon | MultiPolygon) -> tuple[tuple[slice, slice], Mask]:
        """The window that the outline spans, and which of its cells' centres lie inside."""
        x0, y0, x1, y1 = outline.bounds
        left, right = int((x0 - self.x) / CELL_MM), int((x1 - self.x) / CELL_MM) + 2
        low, high = int((y0 - self.y) / CELL_MM), int((y1 - self.y) / CELL_MM) + 2
        rows = slice(max(0, low), min(self.rows, max(high, 0)))
        columns = slice(max(0, left), min(self.columns, max(right, 0)))
        window = (rows, columns)
        xs, ys = self.centres(window)
        shapely.prepare(outline)
        return window, np.asarray(shapely.contains_xy(outline, xs, ys), dtype=np.bool_).reshape(xs.shape)


def owners(grid: Grid, outlines: Sequence[Polygon], grow_mm: float) -> NDArray[np.int32]:
    """Which outline each cell belongs to, 1 for the first, 0 for none; of several, the smallest outline's.

    Outlines are grown by `grow_mm` first. Shape (rows, columns).
    """
    owner = np.zeros((grid.rows, grid.columns), dtype=np.int32)
    for index in sorted(range(len(outlines)), key=lambda i: -outlines[i].area):
        window, mask = grid.inside(outlines[index].buffer(grow_mm))
        owner[window][mask] = index + 1
    return owner


def samples(begin: Floats, end: Floats) -> Iterator[tuple[Cells, Floats]]:
    """Points along straight moves, at most one cell apart, in chunks.

    begin, end: (n, k), mm. Yields (m,) index of the move and (m, k) points, the ends of each move among them.
    """
    length = np.linalg.norm((end - begin)[:, :2], axis=1)
    counts = np.ceil(length / CELL_MM).astype(np.intp) + 2
    start = 0
    totals = np.cumsum(counts)
    while start < len(counts):
        base = totals[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(totals, base + CHUNK_SAMPLES, side="right")))
        number = counts[start:stop]
        move = np.repeat(np.arange(start, stop), number)
        first = np.repeat(np.cumsum(number) - number, number)
        share = (np.arange(len(move)) - first) / np.repeat(number - 1, number)
        yield move, begin[move] + (end[move] - begin[move]) * share[:, None]
        start = stop


def cross(mask: Mask) -> Mask:
    """Grown by one cell to four sides."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown
