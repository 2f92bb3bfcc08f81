"""Whether a plan of builds is what was asked: from the problem alone, sharing no code with the search."""

import numpy as np
import shapely

from broker.scheduling.builds.problem import Boxes, Builds
from broker.scheduling.errors import Infeasible
from broker.scheduling.rectangles.problem import RESOLUTION_MM, Floats

TOLERANCE_MM = 1.01 * RESOLUTION_MM


def check(problem: Boxes, builds: Builds) -> None:
    """Every part placed once, within its build, and apart from the others.

    Raises
    ------
    Infeasible
        Naming what is wrong.
    """
    faults = tuple(_miscounted(problem, builds)) or tuple(_misplaced(problem, builds))
    if faults:
        raise Infeasible(faults)


def _miscounted(problem: Boxes, builds: Builds) -> list[str]:
    placed = np.bincount(builds.item, minlength=len(problem.quantity))
    wanted = problem.quantity.copy()
    wanted[builds.left_out] = 0
    if not np.array_equal(placed, wanted):
        return [f"kind {k}: {placed[k]} parts of {wanted[k]}" for k in np.flatnonzero(placed != wanted)]
    faults = []
    if not np.array_equal(np.unique(builds.build), np.arange(builds.number)):
        faults.append(f"builds aren't 0 to {builds.number - 1}")
    if not np.array_equal(problem.kind[builds.pose], builds.item):
        faults.append("a pose of another kind")
    if builds.turned.any() and not problem.rotate:
        faults.append("turned parts where none may be")
    return faults


def _misplaced(problem: Boxes, builds: Builds) -> list[str]:
    size = problem.pose[builds.pose]
    size = np.where(builds.turned[:, None], size[:, [1, 0, 2]], size)
    high = builds.at + size
    outside = ((builds.at < 0.0) | (high > np.array(problem.volume) + TOLERANCE_MM)).any(axis=1)
    faults = [f"part {row} lies outside build {builds.build[row]}" for row in np.flatnonzero(outside)]
    height = 0.0
    for build in range(builds.number):
        rows = np.flatnonzero(builds.build == build)
        height += float(high[rows, 2].max())
        pairs = _too_close(problem, builds.at[rows], size[rows])
        faults += [f"parts {rows[i]} and {rows[j]} are too close" for i, j in pairs]
    if abs(height - builds.height) > TOLERANCE_MM * (1 + builds.number):
        faults.append(f"builds are {height:g} mm high, not {builds.height:g}")
    return faults


def _too_close(problem: Boxes, low: Floats, size: Floats) -> list[tuple[int, int]]:
    high = low + size + np.array([problem.spacing, problem.spacing, problem.spacing_z])
    floors = np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    first, second = shapely.STRtree(floors).query(floors)
    first, second = first[first < second], second[first < second]
    apart = np.maximum(low[second] - high[first], low[first] - high[second]).max(axis=1)
    close = apart < -TOLERANCE_MM
    return list(zip(first[close].tolist(), second[close].tolist(), strict=True))
