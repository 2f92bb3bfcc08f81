"""First packings: bin after bin, each takes of the pieces, in one order, all that still go in.

It is what first fit does, piece after piece over all bins, with one bin's free space in memory.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.rectangles.grid import Pieces
from broker.scheduling.rectangles.layout import Layout, unlaid
from broker.scheduling.rectangles.problem import Ints
from broker.scheduling.rectangles.space import NOWHERE, RULES, Space, empty, occupy, space, spot
from broker.scheduling.stopping import Stop

WORK = 2_000_000
"""Free rectangles looked at between two questions whether to stop: some milliseconds."""
MOST_REFUSED = 2000
"""Kinds in a row that a bin has no room for, after which it is closed."""


class _Draft(NamedTuple):
    order: Ints
    """[k] runs of equal pieces that aren't all laid yet; the first `progress[0]` count."""
    next: Ints
    """[k] next piece of a run."""
    end: Ints
    """[k] one past its last."""
    progress: Ints
    """[2] runs left, bins used."""


def constructed(pieces: Pieces, enough: int, stop: Stop) -> Layout:
    """The best of all orders and rules, or the first with `enough` bins; cut short, at least rows of pieces."""
    best = in_rows(pieces)
    runs = _runs(pieces)
    for order in _orders(pieces, runs[:-1]):
        for rule in range(RULES):
            found = first_fit(pieces, runs, order, rule, stop)
            if found is None:
                return best
            best = min(best, found, key=Layout.bins)
            if best.bins() <= enough:
                return best
    return best


def in_rows(pieces: Pieces, rank: Ints | None = None) -> Layout:
    """Pieces by rising rank, then by falling depth, in rows (Coffman, Garey, Johnson and Tarjan 1980)."""
    layout = unlaid(len(pieces.width))
    must = (pieces.width > pieces.bin_width) | (pieces.depth > pieces.bin_depth)
    layout.turned[:] = must
    depth = np.where(must, pieces.width, pieces.depth)
    order = np.lexsort([-depth] if rank is None else [-depth, rank])
    _lay_rows(pieces, order, layout)
    return layout


@compiled
def _lay_rows(pieces: Pieces, order: Ints, layout: Layout) -> None:
    at = x = y = above = 0
    for piece in order:
        w, d = pieces.width[piece], pieces.depth[piece]
        if layout.turned[piece]:
            w, d = d, w
        if x + w > pieces.bin_width:
            x, y = 0, above
        if y + d > pieces.bin_depth:
            at, x, y, above = at + 1, 0, 0, 0
        above = max(above, y + d)
        layout.bin[piece], layout.x[piece], layout.y[piece] = at, x, y
        x += w


def _runs(pieces: Pieces) -> Ints:
    """[k + 1] where each run of equal pieces begins, and the end."""
    changes = np.flatnonzero((np.diff(pieces.width) != 0) | (np.diff(pieces.depth) != 0)) + 1
    return np.concatenate([[0], changes, [len(pieces.width)]]).astype(np.int64)


def _orders(pieces: Pieces, first: Ints) -> Iterator[Ints]:
    """Largest first, by several measures of size."""
    width = pieces.width[first] / pieces.bin_width
    depth = pieces.depth[first] / pieces.bin_depth
    longer, shorter = np.maximum(width, depth), np.minimum(width, depth)
    for size in (width * depth, longer + 1e-3 * shorter, width + depth, depth + 1e-3 * width, width + 1e-3 * depth):
        yield np.argsort(-size, kind="stable")


def first_fit(pieces: Pieces, runs: Ints, order: Ints, rule: int, stop: Stop) -> Layout | None:
    """None: stopped before the last piece lay."""
    layout = unlaid(len(pieces.width))
    draft = _Draft(order.copy(), runs[:-1].copy(), runs[1:], np.array([len(order), 0]))
    room = space(1)
    room.least[:] = least_sides(pieces)
    while not _fill_bins(pieces, room, draft, layout, rule, WORK):
        if stop():
            return None
    return layout


def least_sides(pieces: Pieces) -> tuple[int, int]:
    width, depth = int(pieces.width.min()), int(pieces.depth.min())
    return (min(width, depth), min(width, depth)) if pieces.rotate else (width, depth)


@compiled
def _fill_bins(pieces: Pieces, room: Space, draft: _Draft, layout: Layout, rule: int, work: int) -> bool:
    """Whether all are laid; else go on with the next bins."""
    unit = 1.0 / max(pieces.bin_width, pieces.bin_depth)
    slot = len(room.number) - 1  # numba takes a plain 0 for a type of its own, and would compile everything twice
    while draft.progress[0] > 0:
        if work < 0:
            return False
        empty(room, slot, pieces.bin_width, pieces.bin_depth)
        work -= draft.progress[0]
        kept = refused = 0
        for k in range(draft.progress[0]):
            run = draft.order[k]
            if refused < MOST_REFUSED:
                laid = draft.next[run]
                work -= _lay_run(pieces, room, draft, layout, run, rule, unit)
                refused = refused + 1 if draft.next[run] == laid else 0
            if draft.next[run] < draft.end[run]:
                draft.order[kept] = run
                kept += 1
        draft.progress[0] = kept
        draft.progress[1] += 1
    return True


@compiled
def _lay_run(pieces: Pieces, room: Space, draft: _Draft, layout: Layout, run: int, rule: int, unit: float) -> int:
    """As many of a run's pieces as the bin has room for; free rectangles looked at."""
    looked, slot = 1, len(room.number) - 1
    while draft.next[run] < draft.end[run]:
        piece = draft.next[run]
        looked += room.number[0]
        found = spot(room, slot, pieces.width[piece], pieces.depth[piece], pieces.rotate, rule, unit)
        if found.score == NOWHERE:
            break
        lay(pieces, room, layout, piece, slot, found.x, found.y, found.turned)
        layout.bin[piece] = draft.progress[1]
        draft.next[run] += 1
    return looked


@compiled
def lay(pieces: Pieces, room: Space, layout: Layout, piece: int, slot: int, x: int, y: int, turned: bool) -> None:
    w, d = pieces.width[piece], pieces.depth[piece]
    if turned:
        w, d = d, w
    occupy(room, slot, x, y, x + w, y + d)
    layout.x[piece], layout.y[piece], layout.turned[piece] = x, y, turned
