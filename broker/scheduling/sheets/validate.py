"""The problem's own rules: types, shapes, ranges, outlines."""

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.scheduling.errors import BadOutline, NotFinite, OutOfRange, WrongArray
from broker.scheduling.sheets.problem import GRAIN_ALONG_Y, NO_GRAIN, Cutting, Floats, Problem

MAX_MM = 1e5
MAX_PIECES = 10**9
MAX_MONEY = 1e12
CORNERS = 20_000


def check_problem(problem: Problem) -> None:
    """Raise the `ProblemError` that names what is wrong, or return."""
    lots, stock = problem.lots, problem.stock
    number, kinds = len(lots.outlines), len(stock.outlines)
    _ints("lots.quantity", lots.quantity, number, MAX_PIECES)
    _ints("lots.material", lots.material, number, MAX_PIECES)
    if lots.grained.dtype != np.bool_ or lots.grained.shape != (number,):
        raise WrongArray(
            "lots.grained", f"is {lots.grained.dtype} of shape {lots.grained.shape}, needs bool ({number},)"
        )
    _floats("lots.worth", lots.worth, number, float(np.finfo(np.float64).tiny))
    _ints("stock.number", stock.number, kinds, MAX_PIECES)
    _ints("stock.material", stock.material, kinds, MAX_PIECES)
    _ints("stock.grain", stock.grain, kinds, GRAIN_ALONG_Y)
    _floats("stock.price", stock.price, kinds, 0.0)
    if len(stock.clamps) != kinds:
        raise WrongArray("stock.clamps", f"has {len(stock.clamps)} rows, needs {kinds}")
    for row, outline in enumerate(lots.outlines):
        _outline(f"lots.outlines[{row}]", outline)
    for row, outline in enumerate(stock.outlines):
        _outline(f"stock.outlines[{row}]", outline)
        for place, clamp in enumerate(stock.clamps[row]):
            _outline(f"stock.clamps[{row}][{place}]", clamp)
    _cutting(problem.cutting)


def _cutting(cutting: Cutting) -> None:
    lengths = (cutting.kerf_mm, cutting.gap_mm, cutting.margin_mm, cutting.clamp_gap_mm)
    for name, value in zip(("kerf_mm", "gap_mm", "margin_mm", "clamp_gap_mm"), lengths, strict=True):
        _length(f"cutting.{name}", value)
    for side in cutting.least_mm:
        _length("cutting.least_mm", side)
    if not 0 < cutting.least_mm[0] <= cutting.least_mm[1]:
        raise OutOfRange("cutting.least_mm", f"is {cutting.least_mm}, needs the shorter side first, more than 0")
    if not 0 <= cutting.kept_value <= 1:
        raise OutOfRange("cutting.kept_value", f"is {cutting.kept_value}, must lie in 0 to 1")


def _length(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise NotFinite(name, f"is {value}")
    if not 0 <= value <= MAX_MM:
        raise OutOfRange(name, f"is {value}, must lie in 0 to {MAX_MM:g} mm")


def _ints(name: str, array: NDArray[np.int64], length: int, high: int) -> None:
    if array.dtype != np.int64 or array.shape != (length,):
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs int64 of shape ({length},)")
    wrong = np.flatnonzero((array < NO_GRAIN) | (array > high))
    if wrong.size:
        raise OutOfRange(name, f"[{wrong[0]}] is {array[wrong[0]]}, must lie in 0 to {high}")


def _floats(name: str, array: Floats, length: int, low: float) -> None:
    if array.dtype != np.float64 or array.shape != (length,):
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs float64 of shape ({length},)")
    if not np.isfinite(array).all():
        raise NotFinite(name, f"[{np.flatnonzero(~np.isfinite(array))[0]}] isn't finite")
    wrong = np.flatnonzero((array < low) | (array > MAX_MONEY))
    if wrong.size:
        raise OutOfRange(name, f"[{wrong[0]}] is {array[wrong[0]]:g}, must lie in {low:g} to {MAX_MONEY:g}")


def _outline(name: str, outline: Floats) -> None:
    if outline.dtype != np.float64 or outline.ndim != 2 or outline.shape[1] != 2:
        raise WrongArray(name, f"is {outline.dtype} of shape {outline.shape}, needs float64 of shape (k, 2)")
    if not 3 <= len(outline) <= CORNERS:
        raise BadOutline(name, f"has {len(outline)} corners, needs 3 to {CORNERS}")
    if not np.isfinite(outline).all():
        raise NotFinite(name, "has a corner that isn't finite")
    if np.abs(outline).max() > MAX_MM:
        raise OutOfRange(name, f"has a corner beyond {MAX_MM:g} mm")
    polygon = shapely.Polygon(outline)
    if not polygon.is_valid or polygon.area <= 0:
        raise BadOutline(name, shapely.is_valid_reason(polygon) if not polygon.is_valid else "has no area")
