"""Lower bounds: no packing uses fewer bins.

Dual feasible functions u of [0, 1]: wherever Σ x <= 1, Σ u(x) <= 1. Pieces measured u(width) × v(depth) then fill no
more than a bin's worth of area (Fekete and Schepers 2004, doi:10.1007/s001860300311; the bounds of Martello and Vigo
1998, doi:10.1287/mnsc.44.3.388, are of this kind). Where pieces may be turned, each counts the less of its two ways.
"""

import math

import numpy as np

from broker.scheduling.rectangles.grid import Pieces
from broker.scheduling.rectangles.problem import Floats, Ints

MOST_THRESHOLDS = 40
"""Thresholds tried of each function and side."""
MOST_WORK = 50_000_000
"""Products summed in all; of many kinds fewer thresholds are tried."""
MOST_LENGTHS = 20_000
"""Lengths that thresholds are drawn from."""
STEPS = (1, 2, 3, 4, 5, 6)
SLACK = 1e-6
"""Bins that rounding of the sums may be worth."""


def bins_needed(pieces: Pieces) -> int:
    if not len(pieces.width):
        return 0
    sizes, counts = np.unique(np.stack([pieces.width, pieces.depth]), axis=1, return_counts=True)
    most = min(MOST_THRESHOLDS, math.isqrt(MOST_WORK // len(counts)) // 4)
    across = _measured(sizes[0], pieces.bin_width, most, sizes[1] if pieces.rotate else None)
    along = _measured(sizes[1], pieces.bin_depth, most, sizes[0] if pieces.rotate else None)
    if pieces.rotate:
        total = np.array([np.minimum(*_both_ways(pieces, sizes, u, along)) @ counts for u in across])
    else:
        total = (across[:, 0] * counts) @ along[:, 0].T
    return math.ceil(float(total.max()) - SLACK)


def _both_ways(pieces: Pieces, sizes: Ints, u: Floats, along: Floats) -> tuple[Floats, Floats]:
    """[functions, k] what each kind counts lying and turned; inf the way it doesn't fit."""
    lies = (sizes[0] <= pieces.bin_width) & (sizes[1] <= pieces.bin_depth)
    turns = (sizes[1] <= pieces.bin_width) & (sizes[0] <= pieces.bin_depth)
    return np.where(lies, u[0] * along[:, 0], np.inf), np.where(turns, u[1] * along[:, 1], np.inf)


def _measured(length: Ints, bin_length: int, most: int, other: Ints | None) -> Floats:
    """[functions, ways, k] every function of the pieces' lengths along this side, lying and turned."""
    ways = np.stack([length] if other is None else [length, other])
    return np.stack(functions(np.minimum(ways, bin_length), bin_length, most))


def functions(x: Ints, whole: int, most: int) -> list[Floats]:
    found = [x / whole]
    for least in _thresholds(x, whole, most):
        found += [_trimmed(x, whole, least), _counted(x, whole, least)]
    return found + [_stepped(x, whole, step) for step in STEPS]


def _thresholds(x: Ints, whole: int, most: int) -> list[int]:
    """Lengths up to half the bin's where the functions change, evenly drawn."""
    drawn = x.ravel()[:: 1 + x.size // MOST_LENGTHS]
    changes = np.unique(np.concatenate([drawn, whole - drawn]))
    changes = changes[(changes > 0) & (2 * changes <= whole)]
    if len(changes) > most:
        changes = changes[np.linspace(0, len(changes) - 1, most).astype(np.int64)] if most else changes[:0]
    return [int(change) for change in changes]


def _trimmed(x: Ints, whole: int, least: int) -> Floats:
    """Nothing below `least`, and all of the bin where no more than that is left beside the piece."""
    value = np.where(x < least, 0.0, x / whole)
    value[x > whole - least] = 1.0
    return value


def _counted(x: Ints, whole: int, least: int) -> Floats:
    """Pieces of `least` that fit in it, or for more than half the bin that don't fit beside it."""
    fit = whole // least
    value = np.where(2 * x > whole, 2 * (fit - (whole - x) // least), 2 * (x // least))
    value[2 * x == whole] = fit
    counted: Floats = value / (2.0 * fit)
    return counted


def _stepped(x: Ints, whole: int, step: int) -> Floats:
    """Rounded to a multiple of 1/step."""
    steps, rest = np.divmod((step + 1) * x, whole)
    return np.where(rest == 0, x / whole, steps / step)
