"""Whether a packing is what was asked: from the problem alone, sharing no code with the search."""

import numpy as np
import shapely

from broker.scheduling.errors import Infeasible
from broker.scheduling.rectangles.problem import RESOLUTION_MM, Bins, Floats, Rectangles

TOLERANCE_MM = 1.01 * RESOLUTION_MM
"""A size, the spacing and the bin's side are each up to half a nanometre off the grid."""


def check(problem: Rectangles, bins: Bins) -> None:
    """Every piece placed once, within its bin, and apart from the others.

    Raises
    ------
    Infeasible
        Naming what is wrong.
    """
    faults = tuple(_miscounted(problem, bins)) or tuple(_misplaced(problem, bins))
    if faults:
        raise Infeasible(faults)


def _miscounted(problem: Rectangles, bins: Bins) -> list[str]:
    if not len(bins.item) == len(bins.bin) == len(bins.x) == len(bins.y) == len(bins.turned):
        return ["the result's arrays differ in length"]
    if len(bins.item) and not 0 <= bins.item.min() <= bins.item.max() < len(problem.quantity):
        return ["a kind that isn't there"]
    placed = np.bincount(bins.item, minlength=len(problem.quantity))
    wanted = problem.quantity.copy()
    wanted[bins.left_out] = 0
    faults = [f"kind {k}: {placed[k]} pieces of {wanted[k]}" for k in np.flatnonzero(placed != wanted)]
    if not np.array_equal(np.unique(bins.bin), np.arange(bins.number)):
        faults.append(f"bins aren't 0 to {bins.number - 1}")
    if len(bins.turned) and bins.turned.any() and not problem.rotate:
        faults.append("turned pieces where none may be")
    low, high = np.sort(problem.size, axis=1).T if problem.rotate else problem.size.T
    room = np.sort(problem.bin) if problem.rotate else np.array(problem.bin)
    fits = (low <= room[0] - TOLERANCE_MM) & (high <= room[1] - TOLERANCE_MM)
    return faults + [f"kind {k} fits a bin and was left out" for k in bins.left_out if fits[k]]


def _misplaced(problem: Rectangles, bins: Bins) -> list[str]:
    size = problem.size[bins.item]
    size = np.where(bins.turned[:, None], size[:, ::-1], size)
    low = np.stack([bins.x, bins.y], axis=1)
    outside = ((low < 0.0) | (low + size > np.array(problem.bin) + TOLERANCE_MM)).any(axis=1)
    faults = [f"piece {row} lies off bin {bins.bin[row]}" for row in np.flatnonzero(outside)]
    order = np.argsort(bins.bin, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(bins.bin, minlength=bins.number))[:-1]):
        pairs = _too_close(low[rows], size[rows], problem.spacing)
        faults += [f"pieces {rows[i]} and {rows[j]} are too close" for i, j in pairs]
    return faults


def _too_close(low: Floats, size: Floats, spacing: float) -> list[tuple[int, int]]:
    high = low + size + spacing
    boxes = np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    first, second = shapely.STRtree(boxes).query(boxes)
    both = first < second
    first, second = first[both], second[both]
    apart = np.maximum(low[second] - high[first], low[first] - high[second]).max(axis=1)
    close = apart < -TOLERANCE_MM
    return list(zip(first[close].tolist(), second[close].tolist(), strict=True))
