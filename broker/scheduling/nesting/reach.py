"""How deep one part lies in another, for every offset on a grid: compiled.

The no-fit region of two parts is the Minkowski sum of one, widened by the spacing, and the other's reflection (Art
1966); it is summed from convex pieces and filled row by row. What lies strictly inside clashes; its depth is the least
number of cells, along rows, columns or diagonals, to where it doesn't.
"""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled, inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

TOUCHING_MM = 1e-6
"""Parts whose regions overlap by less just touch: rounding."""
DEEPEST = 255


@compiled
def fill_windows(
    pairs: Ints,
    fat: Floats,
    fat_start: Ints,
    fat_first: Ints,
    thin: Floats,
    thin_start: Ints,
    thin_first: Ints,
    window: Ints,
    pool: Bytes,
    cell_mm: float,
) -> None:
    """Depths of each of `pairs[p, 2]` (fixed, moved) into `pool`, and mirrored where the two are exchanged.

    `fat[k, 2]`, `thin[k, 2]`: corners of convex pieces, counter-clockwise, mm, from the low corner of their variant;
    piece q has corners `start[q]` to `start[q + 1]`, variant v has pieces `first[v]` to `first[v + 1]`.
    `window[v, u]` = first row, first column, rows, columns, place in `pool`, and whether each side of it is the
    region's own end (low row, high row, low column, high column) or the end of what the bed allows.
    """
    sums = np.empty((1024, 2))
    for p in range(len(pairs)):
        fixed, moved = pairs[p, 0], pairs[p, 1]
        here = window[fixed, moved]
        rows, columns = here[2], here[3]
        if rows <= 0 or columns <= 0:
            continue
        mask = pool[here[4] : here[4] + rows * columns].reshape((rows, columns))
        mask[:] = 0
        for q in range(fat_first[fixed], fat_first[fixed + 1]):
            one = fat[fat_start[q] : fat_start[q + 1]]
            for r in range(thin_first[moved], thin_first[moved + 1]):
                other = thin[thin_start[r] : thin_start[r + 1]]
                corners = _sum(one, other, sums)
                _fill(sums[:corners], mask, here[0], here[1], cell_mm)
        _deepen(mask, here[5], here[6], here[7], here[8])
        back = window[moved, fixed]
        if fixed != moved and back[2] > 0:
            mirrored = pool[back[4] : back[4] + rows * columns].reshape((rows, columns))
            mirrored[:] = mask[::-1, ::-1]


@inlined
def _sum(one: Floats, other: Floats, sums: Floats) -> int:
    """Minkowski sum of a convex polygon and another's reflection, into `sums`; how many corners it has."""
    n, m = len(one), len(other)
    i = _lowest(one, 1.0)
    j = _lowest(other, -1.0)
    taken_i = taken_j = count = 0
    while taken_i < n or taken_j < m:
        sums[count, 0] = one[i, 0] - other[j, 0]
        sums[count, 1] = one[i, 1] - other[j, 1]
        count += 1
        next_i, next_j = (i + 1) % n, (j + 1) % m
        cross = (one[next_i, 0] - one[i, 0]) * (other[j, 1] - other[next_j, 1])
        cross -= (one[next_i, 1] - one[i, 1]) * (other[j, 0] - other[next_j, 0])
        step_i = taken_i < n and (cross >= 0 or taken_j >= m)
        step_j = taken_j < m and (cross <= 0 or taken_i >= n)
        if step_i:
            i, taken_i = next_i, taken_i + 1
        if step_j:
            j, taken_j = next_j, taken_j + 1
    return count


@inlined
def _lowest(corners: Floats, sign: float) -> int:
    """The corner with the least sign × y, the least sign × x among those."""
    best = 0
    for k in range(1, len(corners)):
        y, least = sign * corners[k, 1], sign * corners[best, 1]
        if y < least or (y == least and sign * corners[k, 0] < sign * corners[best, 0]):
            best = k
    return best


@inlined
def _fill(corners: Floats, mask: Bytes, first_row: int, first_column: int, cell_mm: float) -> None:
    """Set what lies strictly inside a convex polygon to the deepest."""
    rows, columns = mask.shape
    low, high = corners[:, 1].min() + TOUCHING_MM, corners[:, 1].max() - TOUCHING_MM
    top = max(0, int(np.ceil(low / cell_mm)) - first_row)
    bottom = min(rows, int(np.floor(high / cell_mm)) - first_row + 1)
    n = len(corners)
    for row in range(top, bottom):
        y = (row + first_row) * cell_mm
        left, right = np.inf, -np.inf
        for k in range(n):
            x1, y1 = corners[k, 0], corners[k, 1]
            other = k + 1 if k + 1 < n else 0
            x2, y2 = corners[other, 0], corners[other, 1]
            if min(y1, y2) <= y <= max(y1, y2) and y1 != y2:
                x = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
                left, right = min(left, x), max(right, x)
        if left > right:
            continue
        start = max(0, int(np.ceil((left + TOUCHING_MM) / cell_mm)) - first_column)
        end = min(columns, int(np.floor((right - TOUCHING_MM) / cell_mm)) - first_column + 1)
        if start < end:
            mask[row, start:end] = DEEPEST


@inlined
def _deepen(mask: Bytes, low_row: int, high_row: int, low_column: int, high_column: int) -> None:
    """Make what is set into distances to the nearest zero; beyond a side that is the region's own end lie zeros."""
    _sweep(mask, low_row, low_column)
    _sweep(mask[::-1, ::-1], high_row, high_column)


@inlined
def _sweep(mask: Bytes, row_ends: int, column_ends: int) -> None:
    """Each cell at most one deeper than its neighbours before it."""
    rows, columns = mask.shape
    for r in range(rows):
        for c in range(columns):
            if mask[r, c]:
                least = min(DEEPEST - 1, int(mask[r, c]) - 1)
                if r > 0:
                    for k in range(max(0, c - 1), min(columns, c + 2)):
                        least = min(least, int(mask[r - 1, k]))
                if c > 0:
                    least = min(least, int(mask[r, c - 1]))
                if (r == 0 and row_ends) or (c == 0 and column_ends):
                    least = 0
                mask[r, c] = least + 1
