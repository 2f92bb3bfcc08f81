"""One plate fewer, again and again: the lightest plate's pieces must find room on the others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from broker.scheduling.nesting.guided import Progress, guide, no_progress, relocate
from broker.scheduling.nesting.layout import Layout, copied, put_back, settle
from broker.scheduling.nesting.reach import Ints
from broker.scheduling.nesting.ways import Ways
from broker.scheduling.stopping import Stop

MAPS = 500
"""Maps of places between two looks at the clock: about 20 ms."""
OTHERS = 4
PATIENCE = 500
"""Passes without less overlap before two large pieces change places."""
SEARCHES = 2
"""Searches side by side, each with numbers of its own."""


@dataclass(slots=True)
class _Search:
    layout: Layout
    progress: Progress
    dice: np.random.Generator


def eliminate(ways: Ways, layout: Layout, plates: int, least: int, stop: Stop, seed: int) -> int:
    """Lay the pieces of a sound `layout` on fewer plates, as long as `stop` lets it; how many they then take.

    `least` plates are never undercut. The layout is sound whenever this returns.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(1 + SEARCHES * plates).tolist())
    with ThreadPoolExecutor(SEARCHES) as pool:
        while plates > max(least, 1):
            found = _one_fewer(ways, layout, plates, stop, seeds, pool)
            if found is None:
                break
            put_back(layout, found)
            plates -= 1
    return plates


def _one_fewer(
    ways: Ways, layout: Layout, plates: int, stop: Stop, seeds: Iterator[int], pool: ThreadPoolExecutor
) -> Ints | None:
    """Places on a plate fewer, without any overlap; None where `stop` came first."""
    searches = [_emptied(ways, layout, plates, rank, next(seeds)) for rank in range(SEARCHES)]
    while not stop():
        done = list(pool.map(lambda search: _go_on(ways, search, plates - 1), searches))
        for search, free in zip(searches, done, strict=True):
            if free:
                return search.layout.place
    return None


def _go_on(ways: Ways, search: _Search, plates: int) -> bool:
    if guide(ways, search.layout, search.progress, plates, OTHERS, MAPS):
        return True
    if search.progress.stale[0] > PATIENCE:
        _disrupt(ways, search)
    return False


def _emptied(ways: Ways, layout: Layout, plates: int, rank: int, seed: int) -> _Search:
    """The lightest plate's pieces (or the second lightest's) laid on the others, overlapping as little as they can."""
    layout = copied(layout, seed)
    weight = ways.size.astype(np.float64)[layout.kind] ** 4
    load = np.bincount(layout.place[:, 0], weight, minlength=plates)
    emptied = int(np.argsort(load, kind="stable")[min(rank, plates - 1)])
    place = layout.place.copy()
    ejected = np.flatnonzero(place[:, 0] == emptied)
    place[place[:, 0] == plates - 1, 0] = emptied
    place[ejected, 0] = plates - 1
    put_back(layout, place)
    layout.load[plates - 1] = 0
    layout.place[ejected, 0] = -1
    for piece in ejected[np.argsort(-weight[ejected], kind="stable")].tolist():
        relocate(ways, layout, piece, plates - 1, plates - 1)
    return _Search(layout, no_progress(layout), np.random.default_rng(seed))


def _disrupt(ways: Ways, search: _Search) -> None:
    """Back to the least overlap found; two large pieces change places, and all weights are as at the start."""
    layout, progress = search.layout, search.progress
    put_back(layout, progress.best)
    size = ways.size[layout.kind]
    large = np.flatnonzero(size >= np.median(size))
    one, other = search.dice.choice(large, 2, replace=len(large) < 2).tolist()
    to_one, to_other = layout.place[one].copy(), layout.place[other].copy()
    for piece, (plate, _, row, column) in ((one, to_other.tolist()), (other, to_one.tolist())):
        variant = int(ways.first[layout.kind[piece]])
        rows, columns = ways.places[variant].tolist()
        settle(layout, piece, plate, variant, min(row, rows - 1), min(column, columns - 1))
    layout.heavy[:] = size[:, None] * size[None, :]
    progress.queued[:] = 0
    progress.stale[0] = 0
