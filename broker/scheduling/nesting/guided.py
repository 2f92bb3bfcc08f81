"""Pieces on a given number of plates: guided local search on overlaps, compiled.

All pieces lie on the plates from the start, overlapping. What overlaps moves, one piece at a time, to where the
weighted depth of its overlaps is least, on any plate; overlaps that stay grow heavier. Guided local search for bin
packing is from Faroe, Pisinger and Zachariasen (2003, doi:10.1287/ijoc.15.3.267.16080), for irregular nests from
Egeblad, Nielsen and Odgaard (2007, doi:10.1016/j.ejor.2005.11.063), on grids from Umetani and Murakami (2022); weights
grow and fade as in sparrow (Gardeyn, Vanden Berghe and Wauters 2025).
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.nesting.layout import Layout, below, depth, lightest, settle
from broker.scheduling.nesting.reach import Floats, Ints
from broker.scheduling.nesting.ways import Ways

LEAST_GROWTH, MOST_GROWTH, FADING = 1.2, 2.0, 0.95
HEAVIEST = 1e12
NOWHERE = 1e300


class Progress(NamedTuple):
    """Where a guided search stands; arrays are changed in place."""

    queue: Ints
    """[n] pieces to look at in this pass."""
    queued: Ints
    """[2] pieces in the queue, and how many of them are done."""
    over: Floats
    """[n] overlap of each piece at the last pass."""
    stale: Ints
    """[1] passes since the least overlap was found."""
    least: Floats
    """[1] the least overlap found; inf: none yet."""
    best: Ints
    """[n, 4] the places that have it."""


def no_progress(layout: Layout) -> Progress:
    n = len(layout.kind)
    return Progress(
        np.zeros(n, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
        np.zeros(n),
        np.zeros(1, dtype=np.int64),
        np.full(1, np.inf),
        layout.place.copy(),
    )


@compiled
def guide(ways: Ways, layout: Layout, progress: Progress, plates: int, others: int, maps: int) -> bool:
    """Go on for about so many maps of places; True once nothing overlaps.

    A piece is looked at on its own plate and on `others` others.
    """
    while maps > 0:
        if progress.queued[1] >= progress.queued[0]:
            if _survey(ways, layout, progress, plates) == 0:
                return True
            _reweigh(ways, layout, progress)
            _enqueue(layout, progress)
        piece = progress.queue[progress.queued[1]]
        progress.queued[1] += 1
        maps -= 1
        if not _free(ways, layout, piece):
            maps -= relocate(ways, layout, piece, plates, others)
    return False


@compiled
def relocate(ways: Ways, layout: Layout, piece: int, plates: int, others: int) -> int:
    """Move a piece to the lightest place on its own plate and on some others; how many maps that took."""
    kind = layout.kind[piece]
    best, best_plate, best_variant, best_row, best_column = NOWHERE, -1, 0, 0, 0
    maps = 0
    own = layout.place[piece, 0]
    start = below(layout.state, plates)
    variants = ways.first[kind + 1] - ways.first[kind]
    for k in range(-1, min(others, plates)):
        plate = own if k < 0 else (start + k) % plates
        if plate < 0 or (k >= 0 and plate == own):
            continue
        turn = below(layout.state, variants)
        for v in range(variants):
            variant = ways.first[kind] + (turn + v) % variants
            backwards = below(layout.state, 2) == 1
            weight, row, column = lightest(ways, layout, piece, plate, variant, backwards)
            maps += 1
            if weight < best:
                best, best_plate, best_variant, best_row, best_column = weight, plate, variant, row, column
            if best == 0:
                break
        if best == 0:
            break
    settle(layout, piece, best_plate, best_variant, best_row, best_column)
    return maps


@inlined
def _free(ways: Ways, layout: Layout, piece: int) -> bool:
    plate = layout.place[piece, 0]
    for m in range(layout.load[plate]):
        j = layout.on[plate, m]
        if j != piece and depth(ways, layout, j, piece):
            return False
    return True


@inlined
def _survey(ways: Ways, layout: Layout, progress: Progress, plates: int) -> float:
    """Total depth × size of the overlaps; what each piece has of it goes to `over`, the least to `best`."""
    size, kind = ways.size, layout.kind
    progress.over[:] = 0.0
    total = 0.0
    for plate in range(plates):
        for m in range(layout.load[plate]):
            i = layout.on[plate, m]
            for k in range(m):
                j = layout.on[plate, k]
                much = float(depth(ways, layout, i, j) * size[kind[i]] * size[kind[j]])
                progress.over[i] += much
                progress.over[j] += much
                total += much
    progress.stale[0] += 1
    if total < progress.least[0]:
        progress.least[0], progress.stale[0] = total, 0
        progress.best[:] = layout.place
    return total


@inlined
def _reweigh(ways: Ways, layout: Layout, progress: Progress) -> None:
    """Pairs that overlap grow heavier, the deepest most; all others fade."""
    size, kind, heavy = ways.size, layout.kind, layout.heavy
    worst = max(progress.over.max(), 1e-9)
    for i in range(len(kind)):
        for j in range(i):
            least = size[kind[i]] * size[kind[j]]
            found = 0
            if progress.over[i] > 0 and progress.over[j] > 0 and layout.place[i, 0] == layout.place[j, 0]:
                found = depth(ways, layout, i, j)
            if found:
                growth = LEAST_GROWTH + (MOST_GROWTH - LEAST_GROWTH) * min(1.0, found * least / worst)
                heavy[i, j] = np.float32(min(HEAVIEST, heavy[i, j] * growth))
            else:
                heavy[i, j] = max(least, heavy[i, j] * np.float32(FADING))
            heavy[j, i] = heavy[i, j]


@inlined
def _enqueue(layout: Layout, progress: Progress) -> None:
    queue = progress.queue
    queued = 0
    for piece in range(len(queue)):
        if progress.over[piece] > 0:
            queue[queued] = piece
            queued += 1
    for k in range(queued - 1, 0, -1):
        other = below(layout.state, k + 1)
        queue[k], queue[other] = queue[other], queue[k]
    progress.queued[0], progress.queued[1] = queued, 0
