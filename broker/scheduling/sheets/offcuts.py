"""What of a cut sheet goes back to stock: full strips first, as a saw takes them off, then inner rectangles.

A strip leaves a smaller rectangle with the parts in it, of which strips are taken again; the largest comes first.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from broker.scheduling.sheets.problem import Cutting, Floats
from broker.scheduling.sheets.rectangles import Box, largest_rectangle

MOST_INNER = 3
"""Rectangles from between parts: more pieces nobody finds again."""
NEARLY_MM2 = 1e-3


def offcuts(sheet: BaseGeometry, parts: NDArray[np.object_], cutting: Cutting) -> Floats:
    """[R, 4] x0, y0, x1, y1, in the order in which they are cut off. `parts` are polygons where they lie."""
    rest = Box(*(float(value) for value in sheet.bounds))
    found: list[Box] = []
    if not len(parts):
        return np.zeros((0, 4))
    if rest.area - sheet.area <= NEARLY_MM2:
        x0, y0, x1, y1 = shapely.total_bounds(parts).tolist()
        gap = cutting.spacing_mm
        found, rest = _strips(rest, Box(x0 - gap, y0 - gap, x1 + gap, y1 + gap), cutting)
    found += _inner(shapely.intersection(sheet, rest.polygon), parts, cutting)
    return np.array([(box.x0, box.y0, box.x1, box.y1) for box in found], dtype=np.float64).reshape(-1, 4)


def _strips(rest: Box, held: Box, cutting: Cutting) -> tuple[list[Box], Box]:
    """Strips off the four sides of `rest` that keep clear of `held`, and what then is left of it."""
    found: list[Box] = []
    while True:
        strips = [
            Box(rest.x0, held.y1, rest.x1, rest.y1),
            Box(held.x1, rest.y0, rest.x1, rest.y1),
            Box(rest.x0, rest.y0, rest.x1, held.y0),
            Box(rest.x0, rest.y0, held.x0, rest.y1),
        ]
        side = max(range(4), key=lambda k: strips[k].area if strips[k].holds(cutting.least_mm) else 0.0)
        if not _worth_it(strips[side], cutting):
            return found, rest
        found.append(strips[side])
        rest = _without(rest, held, side, cutting.kerf_mm)


def _worth_it(strip: Box, cutting: Cutting) -> bool:
    return strip.x1 > strip.x0 and strip.y1 > strip.y0 and strip.holds(cutting.least_mm)


def _without(rest: Box, held: Box, side: int, kerf_mm: float) -> Box:
    match side:
        case 0:
            return Box(rest.x0, rest.y0, rest.x1, held.y1 - kerf_mm)
        case 1:
            return Box(rest.x0, rest.y0, held.x1 - kerf_mm, rest.y1)
        case 2:
            return Box(rest.x0, held.y0 + kerf_mm, rest.x1, rest.y1)
        case _:
            return Box(held.x0 + kerf_mm, rest.y0, rest.x1, rest.y1)


def _inner(rest: BaseGeometry, parts: NDArray[np.object_], cutting: Cutting) -> list[Box]:
    least = cutting.least_mm[0] * cutting.least_mm[1]
    if rest.area - float(shapely.area(parts).sum()) < least:
        return []
    free = shapely.difference(rest, shapely.union_all(shapely.buffer(parts, cutting.spacing_mm, join_style="mitre")))
    found: list[Box] = []
    while len(found) < MOST_INNER and (box := largest_rectangle(free, cutting.least_mm)):
        found.append(box)
        free = shapely.difference(free, shapely.buffer(box.polygon, cutting.kerf_mm, join_style="mitre"))
    return found
