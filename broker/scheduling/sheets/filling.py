"""First fit on one sheet, compiled: large parts first, each however its far edge lies lowest.

Of the part at hand stands a map of the places that are still free, for each way to lay it. What is laid strikes its
no-fit region out of the maps, so that the next place is the next free cell.
"""

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.nesting.reach import Bytes, Ints
from broker.scheduling.nesting.ways import Ways

FAR = 1 << 40


@compiled
def fill(ways: Ways, kinds: Ints, numbers: Ints, most: Ints, by_columns: bool, place: Ints) -> int:
    """Lay `numbers[k]` pieces of each of `kinds[k]` as long as there is room; how many lie in the end.

    `place[n, 4]` gets k, variant, row and column of each; none reaches beyond `most[2]` rows and columns.
    """
    count = 0
    for k in range(len(kinds)):
        first, last = ways.first[kinds[k]], ways.first[kinds[k] + 1]
        size, start = _sizes(ways, first, last, most)
        free = np.ones(start[last - first], np.uint8)
        for v in range(first, last):
            _open(ways, v, size[v - first], free[start[v - first] : start[v - first + 1]])
            for n in range(count):
                _strike(ways, place[n], v, size[v - first], free[start[v - first] : start[v - first + 1]])
        at = np.zeros(last - first, np.int64)
        for _ in range(numbers[k]):
            found = _lowest(ways, first, size, start, free, at, by_columns)
            if found < 0:
                break
            rows, columns = size[found, 0], size[found, 1]
            row = at[found] % rows if by_columns else at[found] // columns
            column = at[found] // rows if by_columns else at[found] % columns
            place[count, 0], place[count, 1] = k, first + found
            place[count, 2], place[count, 3] = row, column
            for v in range(first, last):
                _strike(ways, place[count], v, size[v - first], free[start[v - first] : start[v - first + 1]])
            count += 1
    return count


@inlined
def _sizes(ways: Ways, first: int, last: int, most: Ints) -> tuple[Ints, Ints]:
    """Rows and columns of each variant's map, and where it starts in one array."""
    size = np.zeros((last - first, 2), np.int64)
    start = np.zeros(last - first + 1, np.int64)
    for v in range(first, last):
        for side in range(2):
            size[v - first, side] = max(0, min(ways.places[v, side], most[side] - ways.far[v, side] + 1))
        start[v - first + 1] = start[v - first] + size[v - first, 0] * size[v - first, 1]
    return size, start


@inlined
def _open(ways: Ways, variant: int, size: Ints, free: Bytes) -> None:
    """Without what forbidden zones bar."""
    source = ways.blocked_from[variant]
    if source < 0:
        return
    for row in range(size[0]):
        for column in range(size[1]):
            if ways.blocked[source + row * ways.places[variant, 1] + column]:
                free[row * size[1] + column] = 0


@inlined
def _strike(ways: Ways, laid: Ints, variant: int, size: Ints, free: Bytes) -> None:
    here = ways.window[laid[1], variant]
    top, left = laid[2] + here[0], laid[3] + here[1]
    start, end = max(left, 0), min(left + here[3], size[1])
    if start >= end:
        return
    for row in range(max(top, 0), min(top + here[2], size[0])):
        source = here[4] + (row - top) * here[3] - left
        depths = ways.pool[source + start : source + end]
        target = free[row * size[1] + start : row * size[1] + end]
        # Without a branch: many cells at once.
        for k in range(len(depths)):
            target[k] &= np.uint8(depths[k] == 0)


@inlined
def _lowest(ways: Ways, first: int, size: Ints, start: Ints, free: Bytes, at: Ints, by_columns: bool) -> int:
    """The way whose next free place has the lowest far edge, and then lies furthest along; -1: there is none."""
    best, best_edge, best_minor = -1, FAR, FAR
    for v in range(len(size)):
        rows, columns = size[v, 0], size[v, 1]
        # Places only ever go: the search starts where it stopped.
        while at[v] < rows * columns and not free[start[v] + _cell(at[v], rows, columns, by_columns)]:
            at[v] += 1
        if at[v] == rows * columns:
            continue
        major, minor = (
            at[v] // rows if by_columns else at[v] // columns,
            at[v] % rows if by_columns else at[v] % columns,
        )
        edge = major + ways.far[first + v, 1 if by_columns else 0]
        if edge < best_edge or (edge == best_edge and minor < best_minor):
            best, best_edge, best_minor = v, edge, minor
    return best


@inlined
def _cell(place: int, rows: int, columns: int, by_columns: bool) -> int:
    return (place % rows) * columns + place // rows if by_columns else place
