"""Where on a sheet parts may lie."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from broker.scheduling.sheets.problem import Cutting, Problem
from broker.scheduling.sheets.rectangles import Box, largest_rectangle

MOST_BOXES = 8
"""In which an odd region is used; what is left after them is small."""
NEARLY_MM2 = 1e-3


def usable(problem: Problem, stock: int) -> BaseGeometry:
    """Inside the margin, off the clamps: no more than is true where a corner would be round."""
    cutting = problem.cutting
    sheet = shapely.buffer(shapely.Polygon(problem.stock.outlines[stock]), -cutting.margin_mm, join_style="mitre")
    clamps = [_wide(shapely.Polygon(clamp), cutting) for clamp in problem.stock.clamps[stock]]
    return shapely.difference(sheet, shapely.union_all(clamps)) if clamps else sheet


def boxes_within(free: BaseGeometry, least_mm: float, apart_mm: float) -> tuple[Box, ...]:
    """Rectangles within a region, largest first, `apart_mm` from each other, sides of `least_mm` or more."""
    if free.is_empty:
        return ()
    bounds = Box(*(float(value) for value in free.bounds))
    if bounds.area - free.area <= NEARLY_MM2:
        return (bounds,)
    found: list[Box] = []
    while len(found) < MOST_BOXES and (box := largest_rectangle(free, (least_mm, least_mm))):
        found.append(box)
        free = shapely.difference(free, shapely.buffer(box.polygon, apart_mm, join_style="mitre"))
    return tuple(found)


def shortest_width(outline: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Less than any strip that the outline lies in: its area over its hull's longest way across."""
    hull = shapely.MultiPoint(outline).convex_hull
    x0, y0, x1, y1 = hull.bounds
    return float(hull.area / np.hypot(x1 - x0, y1 - y0))


def _wide(clamp: shapely.Polygon, cutting: Cutting) -> BaseGeometry:
    return shapely.buffer(clamp, cutting.clamp_gap_mm, join_style="mitre")
