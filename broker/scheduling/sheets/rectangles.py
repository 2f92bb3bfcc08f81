"""The largest rectangle along the axes within a region: found on a grid, then pushed out to what it meets."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from broker.scheduling.compiled import compiled

CELLS_ALONG = 200
CELLS_IN_LEAST = 4
"""Of the shorter side that is asked for: a coarser grid would miss what just fits."""
INSET_MM = 1e-6
"""What touches a side from along it doesn't stand in its way."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle along the axes, mm."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def area(self) -> float:
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    @property
    def polygon(self) -> shapely.Polygon:
        return shapely.box(self.x0, self.y0, self.x1, self.y1)

    def holds(self, least_mm: tuple[float, float]) -> bool:
        """Both sides are no smaller than `least_mm`, shorter first."""
        short, long = sorted((self.x1 - self.x0, self.y1 - self.y0))
        return short >= least_mm[0] and long >= least_mm[1]


def largest_rectangle(free: BaseGeometry, least_mm: tuple[float, float]) -> Box | None:
    """The largest within `free` with sides of `least_mm` (shorter, longer) or more, to the grid; None if there is none.

    The rectangle under a histogram, row by row (a classic; see Morgan 1994), finds it in the grid exactly.
    """
    if free.is_empty or free.area < least_mm[0] * least_mm[1]:
        return None
    bounds = Box(*(float(value) for value in free.bounds))
    along = max(bounds.x1 - bounds.x0, bounds.y1 - bounds.y0)
    cell = max(min(along / CELLS_ALONG, least_mm[0] / CELLS_IN_LEAST), along / (2 * CELLS_ALONG))
    grid = _grid(free, bounds, cell)
    # A rectangle of the region's loses a cell on each side to the grid.
    short, long = (max(1, int(side / cell) - 2) for side in least_mm)
    row, column, rows, columns = _largest(grid, short, long)
    if not rows:
        return None
    x, y = bounds.x0 + column * cell, bounds.y0 + row * cell
    pushed = _pushed(Box(x, y, x + columns * cell, y + rows * cell), free, bounds)
    return pushed if pushed.holds(least_mm) else None


def _grid(free: BaseGeometry, bounds: Box, cell: float) -> NDArray[np.uint8]:
    """[rows, columns] 1 where a cell lies within the region."""
    inner = shapely.buffer(free, -cell * np.sqrt(0.5), join_style="mitre")
    columns = np.arange(int((bounds.x1 - bounds.x0) / cell)) + 0.5
    rows = np.arange(int((bounds.y1 - bounds.y0) / cell)) + 0.5
    x, y = np.meshgrid(bounds.x0 + columns * cell, bounds.y0 + rows * cell)
    shapely.prepare(inner)
    return np.ascontiguousarray(shapely.contains_xy(inner, x, y), dtype=np.uint8)


def _pushed(box: Box, free: BaseGeometry, bounds: Box) -> Box:
    """With each side moved out until it meets what isn't free."""
    taken = shapely.difference(bounds.polygon, free)
    x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
    x1 = _met(taken, Box(x1, y0 + INSET_MM, bounds.x1, y1 - INSET_MM), 0, bounds.x1)
    x0 = _met(taken, Box(bounds.x0, y0 + INSET_MM, x0, y1 - INSET_MM), 2, bounds.x0)
    y1 = _met(taken, Box(x0 + INSET_MM, y1, x1 - INSET_MM, bounds.y1), 1, bounds.y1)
    y0 = _met(taken, Box(x0 + INSET_MM, bounds.y0, x1 - INSET_MM, y0), 3, bounds.y0)
    return Box(x0, y0, x1, y1)


def _met(taken: BaseGeometry, ahead: Box, side: int, end: float) -> float:
    """The bound `side` of what is taken of the way ahead; `end` where nothing is."""
    if ahead.x1 <= ahead.x0 or ahead.y1 <= ahead.y0:
        return end if ahead.x1 == ahead.x0 or ahead.y1 == ahead.y0 else (ahead.x0, ahead.y0, ahead.x1, ahead.y1)[side]
    found = shapely.intersection(taken, ahead.polygon)
    return end if found.is_empty else float(found.bounds[side])


@compiled
def _largest(free: NDArray[np.uint8], short: int, long: int) -> tuple[int, int, int, int]:
    """Row, column, rows, columns of the largest free rectangle with sides of `short` and `long` cells or more."""
    rows, columns = free.shape
    height = np.zeros(columns + 1, np.int64)
    stack = np.zeros(columns + 1, np.int64)
    best, found = 0, (0, 0, 0, 0)
    for row in range(rows):
        for column in range(columns):
            height[column] = height[column] + 1 if free[row, column] else 0
        depth = 0
        for column in range(columns + 1):
            while depth and height[stack[depth - 1]] >= height[column]:
                tall = height[stack[depth - 1]]
                depth -= 1
                left = stack[depth - 1] + 1 if depth else 0
                wide = column - left
                if tall * wide > best and min(tall, wide) >= short and max(tall, wide) >= long:
                    best, found = tall * wide, (row - tall + 1, left, tall, wide)
            stack[depth] = column
            depth += 1
    return found
