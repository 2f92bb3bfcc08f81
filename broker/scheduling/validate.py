"""The problem's own rules: types, shapes, ranges, outlines, reasons."""

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.scheduling.errors import BadOutline, NotFinite, OutOfRange, UnreasonedExclusion, WrongArray
from broker.scheduling.problem import Pose, Problem, Shape

MAX_SECONDS = 1e10
"""Some 300 years: sums of so many seconds still resolve a microsecond."""
MAX_PIECES = 10**9
MAX_MM = 1e5
CORNER_MM = 1e-3
"""How far from the origin an outline's low corner may lie, as rounding."""
OUTLINE_VERTICES = 20_000


def check_problem(problem: Problem) -> None:
    """Raise the `ProblemError` that names what is wrong, or return."""
    lines, machines = _lengths(problem)
    _check_shapes(problem.shapes)
    workshops = len(problem.ship_s)
    _index("line_shape", problem.line_shape, lines, 0, len(problem.shapes) - 1)
    _index("line_quantity", problem.line_quantity, lines, 0, MAX_PIECES)
    _index("line_family", problem.line_family, lines, 0, MAX_PIECES)
    _index("machine_workshop", problem.machine_workshop, machines, 0, workshops - 1)
    _index("machine_family", problem.machine_family, machines, -1, MAX_PIECES)
    if problem.line_order is not None:
        _index("line_order", problem.line_order, lines, 0, MAX_PIECES)
    _amount("line_release_s", problem.line_release_s, (lines,), MAX_SECONDS)
    _amount("line_due_s", problem.line_due_s, (lines,), MAX_SECONDS, low=-MAX_SECONDS, infinite=True)
    _amount("line_weight", problem.line_weight, (lines,), MAX_SECONDS, low=np.finfo(np.float64).tiny)
    _amount("machine_usable_mm", problem.machine_usable_mm, (machines, 4), MAX_MM, low=-MAX_MM)
    _amount("machine_height_mm", problem.machine_height_mm, (machines,), MAX_MM)
    _amount("machine_spacing_mm", problem.machine_spacing_mm, (machines,), MAX_MM)
    _amount("machine_ready_s", problem.machine_ready_s, (machines,), MAX_SECONDS, infinite=True)
    for name, array in (
        ("plate_s", problem.plate_s),
        ("change_s", problem.change_s),
        ("clear_s", problem.clear_s),
        ("machine_cost_per_s", problem.machine_cost_per_s),
    ):
        _amount(name, array, (machines,), MAX_SECONDS)
    _amount("ship_s", problem.ship_s, (workshops,), MAX_SECONDS)
    _amount("ship_cost", problem.ship_cost, (workshops,), MAX_SECONDS)
    _check_usable(problem.machine_usable_mm)
    _check_pieces(problem, lines, machines)


def _lengths(problem: Problem) -> tuple[int, int]:
    for name, array in (("line_quantity", problem.line_quantity), ("machine_ready_s", problem.machine_ready_s)):
        if array.ndim != 1:
            raise WrongArray(name, f"has {array.ndim} dimensions, needs 1")
    return len(problem.line_quantity), len(problem.machine_ready_s)


def _index(name: str, array: NDArray[np.int64], length: int, low: int, high: int) -> None:
    if array.dtype != np.int64 or array.shape != (length,):
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs int64 of shape ({length},)")
    wrong = np.flatnonzero((array < low) | (array > high))
    if wrong.size:
        raise OutOfRange(name, f"[{wrong[0]}] is {array[wrong[0]]}, must lie in {low} to {high}")


def _amount(
    name: str,
    array: NDArray[np.float64],
    shape: tuple[int, ...],
    high: float,
    *,
    low: float = 0.0,
    infinite: bool = False,
) -> None:
    if array.dtype != np.float64 or array.shape != shape:
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs float64 of shape {shape}")
    allowed = np.isfinite(array) | (np.isposinf(array) if infinite else False)
    if not allowed.all():
        place = np.argwhere(~allowed)[0].tolist()
        raise NotFinite(name, f"{place} is {array[tuple(place)]}")
    wrong = (array < low) | (np.isfinite(array) & (array > high))
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise OutOfRange(name, f"{place} is {array[tuple(place)]:g}, must lie in {low:g} to {high:g}")


def _check_usable(usable: NDArray[np.float64]) -> None:
    empty = np.flatnonzero((usable[:, 2] <= usable[:, 0]) | (usable[:, 3] <= usable[:, 1]))
    if empty.size:
        raise OutOfRange("machine_usable_mm", f"[{empty[0]}] is {usable[empty[0]].tolist()}: no area")


def _check_pieces(problem: Problem, lines: int, machines: int) -> None:
    _amount("piece_s", problem.piece_s, (lines, machines), MAX_SECONDS, infinite=True)
    if len(problem.exclusion) != lines or any(len(row) != machines for row in problem.exclusion):
        raise WrongArray("exclusion", f"needs {lines} rows of {machines} reasons")
    for line, row in enumerate(problem.exclusion):
        for machine, reason in enumerate(row):
            if bool(reason) != bool(np.isposinf(problem.piece_s[line, machine])):
                seconds = problem.piece_s[line, machine]
                raise UnreasonedExclusion("exclusion", f"[{line}][{machine}] is {reason!r}, piece_s is {seconds:g}")


def _check_shapes(shapes: tuple[Shape, ...]) -> None:
    for number, shape in enumerate(shapes):
        check_shape(f"shapes[{number}]", shape)


def check_shape(name: str, shape: Shape) -> None:
    """Raise the `ProblemError` that names what is wrong with a part's poses, or return."""
    if not shape.poses:
        raise BadOutline(name, "has no pose")
    for number, pose in enumerate(shape.poses):
        _check_pose(f"{name}.poses[{number}]", pose)


def _check_pose(name: str, pose: Pose) -> None:
    outline = pose.outline
    if outline.dtype != np.float64 or outline.ndim != 2 or outline.shape[1] != 2:
        raise WrongArray(name, f"outline is {outline.dtype} of shape {outline.shape}, needs float64 of shape (k, 2)")
    if not 3 <= len(outline) <= OUTLINE_VERTICES:
        raise BadOutline(name, f"has {len(outline)} corners, needs 3 to {OUTLINE_VERTICES}")
    if not np.isfinite(outline).all():
        raise NotFinite(name, "outline holds NaN or an infinity")
    if not np.isfinite(pose.height_mm):
        raise NotFinite(name, f"height is {pose.height_mm}")
    if not 0 < pose.height_mm <= MAX_MM:
        raise OutOfRange(name, f"height is {pose.height_mm:g} mm, must lie in 0 to {MAX_MM:g}")
    if np.abs(outline.min(axis=0)).max() > CORNER_MM:
        raise BadOutline(name, f"low corner is at {outline.min(axis=0).tolist()}, must be at the origin")
    if outline.max() > MAX_MM:
        raise OutOfRange(name, f"reaches {outline.max():g} mm, must stay within {MAX_MM:g}")
    polygon = shapely.Polygon(outline)
    if not polygon.is_valid or polygon.area <= 0:
        raise BadOutline(name, f"is no simple polygon: {shapely.is_valid_reason(polygon)}, area {polygon.area:g} mm²")
