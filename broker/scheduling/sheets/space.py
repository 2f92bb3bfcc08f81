"""Where on a sheet parts may lie."""

import shapely
from shapely.geometry.base import BaseGeometry

from broker.scheduling.sheets.problem import Cutting, Problem


def usable(problem: Problem, stock: int) -> BaseGeometry:
    """Inside the margin, off the clamps: no more than is true where a corner would be round."""
    cutting = problem.cutting
    sheet = shapely.buffer(shapely.Polygon(problem.stock.outlines[stock]), -cutting.margin_mm, join_style="mitre")
    clamps = [_wide(shapely.Polygon(clamp), cutting) for clamp in problem.stock.clamps[stock]]
    return shapely.difference(sheet, shapely.union_all(clamps)) if clamps else sheet


def _wide(clamp: shapely.Polygon, cutting: Cutting) -> BaseGeometry:
    return shapely.buffer(clamp, cutting.clamp_gap_mm, join_style="mitre")
