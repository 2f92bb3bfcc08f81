"""Free space of bins as maximal rectangles (Lai and Chan 1997; Jylänki 2010), in compiled loops."""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.rectangles.problem import Ints

MOST_FREE = 400
"""Rectangles kept of a bin. What is cut off beyond is lost as room, never doubly used."""
BEST_SHORT_SIDE, BEST_LONG_SIDE, BEST_AREA, LOWEST, NEAREST = range(5)
RULES = 5
NOWHERE = np.inf
_TIE = 1e-3
"""Weight of a rule's second measure, of lengths as shares of the bin's."""


class Space(NamedTuple):
    """Free rectangles of several bins at work."""

    free: Ints
    """[bins, MOST_FREE, 4] x0, y0, x1, y1; none holds another."""
    number: Ints
    """[bins]"""
    cut: Ints
    """[MOST_FREE, 4] scratch."""
    least: Ints
    """[2] width and depth below which a free rectangle is of no use."""


class Spot(NamedTuple):
    score: float
    """The less the better; NOWHERE: there is none."""
    x: int
    y: int
    turned: bool


def space(bins: int) -> Space:
    return Space(
        np.zeros((bins, MOST_FREE, 4), dtype=np.int64),
        np.zeros(bins, dtype=np.int64),
        np.zeros((MOST_FREE, 4), dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


@compiled
def empty(room: Space, slot: int, width: int, depth: int) -> None:
    _set(room.free[slot], 0, 0, 0, width, depth)
    room.number[slot] = 1


@compiled
def occupy(room: Space, slot: int, x0: int, y0: int, x1: int, y1: int) -> None:
    """Take a box out of the bin's free rectangles."""
    free, cut = room.free[slot], room.cut
    kept = cuts = 0
    for k in range(room.number[slot]):
        a0, b0, a1, b1 = free[k, 0], free[k, 1], free[k, 2], free[k, 3]
        if x0 >= a1 or x1 <= a0 or y0 >= b1 or y1 <= b0:
            _set(free, kept, a0, b0, a1, b1)
            kept += 1
            continue
        cuts = _sliver(room, cuts, a0, b0, x0, b1)
        cuts = _sliver(room, cuts, x1, b0, a1, b1)
        cuts = _sliver(room, cuts, a0, b0, a1, y0)
        cuts = _sliver(room, cuts, a0, y1, a1, b1)
    number = kept
    for k in range(cuts):
        if number < MOST_FREE and not _held(cut, k, cuts, free, kept):
            _set(free, number, cut[k, 0], cut[k, 1], cut[k, 2], cut[k, 3])
            number += 1
    room.number[slot] = number


@inlined
def _set(boxes: Ints, k: int, x0: int, y0: int, x1: int, y1: int) -> None:
    boxes[k, 0], boxes[k, 1], boxes[k, 2], boxes[k, 3] = x0, y0, x1, y1


@compiled
def _sliver(room: Space, cuts: int, x0: int, y0: int, x1: int, y1: int) -> int:
    if x1 - x0 < room.least[0] or y1 - y0 < room.least[1] or x1 <= x0 or y1 <= y0 or cuts == MOST_FREE:
        return cuts
    _set(room.cut, cuts, x0, y0, x1, y1)
    return cuts + 1


@compiled
def _held(cut: Ints, k: int, cuts: int, free: Ints, kept: int) -> bool:
    """Whether a sliver lies in what was kept or in another sliver, of equal ones in the first."""
    x0, y0, x1, y1 = cut[k, 0], cut[k, 1], cut[k, 2], cut[k, 3]
    for j in range(kept):
        if free[j, 0] <= x0 and free[j, 1] <= y0 and free[j, 2] >= x1 and free[j, 3] >= y1:
            return True
    for j in range(cuts):
        if j != k and cut[j, 0] <= x0 and cut[j, 1] <= y0 and cut[j, 2] >= x1 and cut[j, 3] >= y1:
            same = cut[j, 0] == x0 and cut[j, 1] == y0 and cut[j, 2] == x1 and cut[j, 3] == y1
            if not same or j < k:
                return True
    return False


@compiled
def spot(room: Space, slot: int, width: int, depth: int, rotate: bool, rule: int, unit: float) -> Spot:
    """Best low corner of a free rectangle for a piece; `unit` is one nanometre as a share of the bin."""
    best, x, y, turned = NOWHERE, 0, 0, False
    for turn in range(2 if rotate and width != depth else 1):
        w, d = (depth, width) if turn else (width, depth)
        for k in range(room.number[slot]):
            x0, y0 = room.free[slot, k, 0], room.free[slot, k, 1]
            over, above = room.free[slot, k, 2] - x0 - w, room.free[slot, k, 3] - y0 - d
            if over < 0 or above < 0:
                continue
            score = _score(rule, x0 * unit, y0 * unit, over * unit, above * unit, w * unit, d * unit)
            if score < best:
                best, x, y, turned = score, x0, y0, turn == 1
    return Spot(best, x, y, turned)


@compiled
def _score(rule: int, x: float, y: float, over: float, above: float, width: float, depth: float) -> float:
    if rule == BEST_SHORT_SIDE:
        return min(over, above) + _TIE * max(over, above)
    if rule == BEST_LONG_SIDE:
        return max(over, above) + _TIE * min(over, above)
    if rule == BEST_AREA:
        return (over + width) * (above + depth) - width * depth + _TIE * min(over, above)
    if rule == LOWEST:
        return y + depth + _TIE * x
    return x + y + _TIE * min(over, above)
